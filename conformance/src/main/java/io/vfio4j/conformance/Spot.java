/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

/**
 * Four bytes of a region that may be read at any time.
 *
 * @param region its index
 * @param offset bytes from its start
 */
record Spot(int region, long offset) {}
