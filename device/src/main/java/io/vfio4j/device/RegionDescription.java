/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;

import java.util.Optional;

/**
 * A region as GET_REGION_INFO tells of it.
 *
 * @param size bytes; 0 for a region that the function does not have
 * @param mappable the file that a client may map, from offset 0; it stays the device's
 */
public record RegionDescription(long size, Optional<Fd> mappable) {}
