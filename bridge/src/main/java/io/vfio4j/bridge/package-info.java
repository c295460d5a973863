/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A device whose registers are another device's: {@code client} behind, {@code server} in front,
 * {@code power} in between.
 */
@NullMarked
package io.vfio4j.bridge;

import org.jspecify.annotations.NullMarked;
