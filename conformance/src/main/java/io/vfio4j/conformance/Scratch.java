/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.Optional;

/**
 * A register of four bytes that shows what was written to it, and does nothing else.
 *
 * @param spot where it is
 * @param inverted whether it reads the complement
 */
record Scratch(Spot spot, boolean inverted) {
    /** The one of a device, if one is known. */
    static Optional<Scratch> of(int vendor, int device, boolean inKernel) {
        if (vendor == 0x1234 && device == 0x11e8) {
            // The liveness check. Of ours, the memory of BAR2 would do as well.
            return Optional.of(new Scratch(new Spot(0, 0x04), true));
        }
        if (vendor == 0x8086 && (device == 0x10d3 || device == 0x10c9)) {
            // The first receive address: plain storage while receiving is off.
            return Optional.of(new Scratch(new Spot(0, 0x5400), false));
        }
        if (vendor == 0x1b36 && device == 0x0010) {
            // The admin queue's attributes: plain storage while the controller is disabled.
            return Optional.of(new Scratch(new Spot(0, 0x24), false));
        }
        return Optional.empty();
    }

    /** What is read after a value was written. */
    int shown(int written) {
        return inverted ? ~written : written;
    }
}
