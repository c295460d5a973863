/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

/**
 * One measurement of one server.
 *
 * @param name what was measured, such as {@code "read 4 B"}
 * @param target of whom: {@code "vfio-user:PATH"}, or {@link BenchReport#FLOOR}
 * @param bytes of data in one request
 * @param result what came of it
 */
public record BenchRow(String name, String target, int bytes, BenchResult result) {}
