/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/**
 * Addresses as a device sees them.
 *
 * @param iova the first
 * @param length how many bytes
 */
public record DmaRange(long iova, long length) {}
