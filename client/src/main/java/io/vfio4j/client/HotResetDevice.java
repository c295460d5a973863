/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.OptionalInt;

/**
 * A device that a hot reset of another one resets too.
 *
 * @param address where it sits
 * @param group its IOMMU group; empty where the kernel answers by ownership instead
 * @param owned whether this program may reset it: its group, or the device itself, is open here
 */
public record HotResetDevice(PciAddress address, OptionalInt group, boolean owned) {}
