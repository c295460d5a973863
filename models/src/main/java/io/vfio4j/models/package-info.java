/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Devices that ship: edu to learn from, bench to measure servers with, i2c to be driven by Linux.
 */
@NullMarked
package io.vfio4j.models;

import org.jspecify.annotations.NullMarked;
