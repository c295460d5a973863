/* SPDX-License-Identifier: Apache-2.0 */
/** vfio-user: frames in, calls on a device, frames out. */
@NullMarked
package io.vfio4j.server;

import org.jspecify.annotations.NullMarked;
