/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.VfioDevice;

import java.util.Optional;

/**
 * How a device is made to interrupt by INTx, without a driver: differs by device, so each one that
 * is known has its own. All registers are in BAR0.
 */
sealed interface Stimulus {
    /** Has the device assert its line, until {@link #acknowledge}. */
    void raise(VfioDevice device);

    /** Has the device take its line down. */
    void acknowledge(VfioDevice device);

    /** The stimulus of a device, if one is known. */
    static Optional<Stimulus> of(int vendor, int device) {
        if (vendor == 0x1234 && device == 0x11e8) {
            return Optional.of(new Edu());
        }
        if (vendor == 0x8086 && device == 0x10d3) {
            return Optional.of(new IntelCause(0xc8, 0xd0, 0xd8, 0xc0));
        }
        if (vendor == 0x8086 && device == 0x10c9) {
            return Optional.of(new IntelCause(0x1504, 0x1508, 0x150c, 0x1500));
        }
        return Optional.empty();
    }

    /** QEMU's teaching device, and ours. */
    record Edu() implements Stimulus {
        private static final int RAISE = 0x60;
        private static final int ACKNOWLEDGE = 0x64;
        private static final int BIT = 1;

        @Override
        public void raise(VfioDevice device) {
            device.writeInt(0, RAISE, BIT);
        }

        @Override
        public void acknowledge(VfioDevice device) {
            device.writeInt(0, ACKNOWLEDGE, BIT);
        }
    }

    /**
     * Intel's network controllers, 82574 (e1000e) and 82576 (igb): a cause is set by software, and
     * interrupts if its mask allows.
     *
     * @param set interrupt cause set (ICS)
     * @param allow interrupt mask set (IMS)
     * @param forbid interrupt mask clear (IMC)
     * @param cause interrupt cause read (ICR), which clears it
     */
    record IntelCause(int set, int allow, int forbid, int cause) implements Stimulus {
        /** Link status change: nothing else raises it while the test runs. */
        private static final int LINK_CHANGE = 1 << 2;

        @Override
        public void raise(VfioDevice device) {
            device.writeInt(0, allow, LINK_CHANGE);
            device.writeInt(0, set, LINK_CHANGE);
        }

        @Override
        public void acknowledge(VfioDevice device) {
            int _ = device.readInt(0, cause);
            device.writeInt(0, forbid, -1);
            int _ = device.readInt(0, cause);
        }
    }
}
