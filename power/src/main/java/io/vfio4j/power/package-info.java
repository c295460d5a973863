/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rules: runtime PM, PCI D-states and the low-power contract, as a pure function and a thin
 * executor.
 */
@NullMarked
package io.vfio4j.power;

import org.jspecify.annotations.NullMarked;
