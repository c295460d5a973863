/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How the kernel gave a device away: what maps memory for it, and what a claim to it is shown by.
 * Closing gives the share in it back, after the device's own descriptor was closed.
 */
sealed interface KernelAccess extends DmaSpace, AutoCloseable permits GroupAccess, CdevAccess {
    /** The descriptor of the group that it was opened by. */
    Optional<Fd> group();

    /** The number of that group. */
    OptionalInt groupNumber();

    /** Whether this process has that group open. */
    boolean hasOpen(int otherGroup);

    @Override
    void close();
}
