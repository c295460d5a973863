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

    /** Whether what is raised stays so over D3hot, even without No_Soft_Reset. */
    default boolean outlivesSoftReset() {
        return false;
    }

    /** The stimulus of a device, if one is known. */
    static Optional<Stimulus> of(int vendor, int device) {
        if (vendor == 0x1234 && device == 0x11e8) {
            return Optional.of(new Edu());
        }
        if (vendor == 0x8086 && device == 0x10d3) {
            return Optional.of(new E1000e());
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

    /** Intel's 82574 (e1000e): software sets a cause, which interrupts if its mask allows. */
    record E1000e() implements Stimulus {
        private static final int CAUSE_READ = 0xc0;
        private static final int CAUSE_SET = 0xc8;
        private static final int MASK_SET = 0xd0;
        private static final int MASK_CLEAR = 0xd8;

        /** Link status change: nothing else raises it while the test runs. */
        private static final int LINK_CHANGE = 1 << 2;

        /** QEMU's says that it forgets in D3hot, and does not. */
        @Override
        public boolean outlivesSoftReset() {
            return true;
        }

        @Override
        public void raise(VfioDevice device) {
            device.writeInt(0, MASK_SET, LINK_CHANGE);
            device.writeInt(0, CAUSE_SET, LINK_CHANGE);
        }

        @Override
        public void acknowledge(VfioDevice device) {
            int _ = device.readInt(0, CAUSE_READ);
            device.writeInt(0, MASK_CLEAR, -1);
            int _ = device.readInt(0, CAUSE_READ);
        }
    }
}
