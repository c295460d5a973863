/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The bytes: linux/vfio.h, PCI config space and capabilities, vfio-user frames. Layouts and
 * constants only.
 */
@NullMarked
package io.vfio4j.uapi;

import org.jspecify.annotations.NullMarked;
