/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The bytes: linux/vfio.h, PCI config space and capabilities, vfio-user frames, the host side's
 * lines. Layouts and constants only: nothing here opens, sends or decides anything.
 *
 * <p>Names are the headers' own. A number keeps its name ({@code VFIO_DEVICE_FEATURE} in {@link
 * io.vfio4j.uapi.Vfio}), a structure becomes a record of the same words ({@code struct
 * vfio_region_info} is {@link io.vfio4j.uapi.VfioRegionInfo}) that reads itself from memory and
 * writes itself back. A u8, u16, u32 or s32 is an {@code int}, a u64 a {@code long}: what C has
 * unsigned may look negative. An array of unstated length at a structure's end is no part of its
 * record; it starts at {@code LAYOUT.size()}.
 *
 * <p>What a peer sends is checked for staying inside the memory that was given, and for nothing
 * else: a caller that received a message into a larger buffer compares lengths first.
 *
 * <p>Everything is immutable or without state and safe for any thread, except {@link
 * io.vfio4j.uapi.HostLineDecoder}. References such as "spec B3" are to the low-power specification.
 */
@NullMarked
package io.vfio4j.uapi;

import org.jspecify.annotations.NullMarked;
