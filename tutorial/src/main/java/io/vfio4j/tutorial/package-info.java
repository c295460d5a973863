/* SPDX-License-Identifier: Apache-2.0 */
/** The devices of docs/write-a-device.md, one for each step: a thermometer that grows. */
@NullMarked
package io.vfio4j.tutorial;

import org.jspecify.annotations.NullMarked;
