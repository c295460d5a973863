/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.PciRegs;

import java.util.BitSet;
import java.util.Optional;

/**
 * The message-signalled interrupts of a function: MSI, MSI-X, and whether the function is in a
 * state to send any. A vector that is masked keeps its message in its pending bit and sends it when
 * it is unmasked.
 *
 * <p>One lock for all of it, held for a few tests and, if a message goes out, for the signal: so no
 * message is lost between a mask and its removal, and none leaves a function that has left D0. Any
 * thread; calls nobody.
 */
final class Messages {
    /** MSI's Multiple Message Enable, in Message Control. */
    private static final int ALLOCATED_SHIFT = 4;

    /** How far the function is from sending. */
    private enum Phase {
        /** In D0. */
        AWAKE,
        /** In D0, but what is mapped does not show it yet: messages wait. */
        WAKING,
        /** Not in D0: messages are dropped. */
        ASLEEP
    }

    private final MessageVectors msi;
    private final MessageVectors msix;

    /** The entries of the MSI-X table that the client has written, however it is done with now. */
    private final BitSet written;

    private Phase phase = Phase.AWAKE;

    Messages(int msiVectors, int msixVectors) {
        msi = new MessageVectors(msiVectors);
        msix = new MessageVectors(msixVectors);
        written = new BitSet(msixVectors);
        powerOn();
    }

    Vectors msi() {
        return new Setup(msi, false);
    }

    /** As the kernel's request_irq and free_irq do, setting a vector up unmasks its entry. */
    Vectors msix() {
        return new Setup(msix, true);
    }

    /**
     * Sends a message; the hot path.
     *
     * @return false if no such vector is in use, or the function is not in D0
     */
    synchronized boolean send(int vector) {
        if (phase == Phase.ASLEEP) {
            return false;
        }
        boolean now = phase == Phase.AWAKE;
        return msix.send(vector, now) || msi.send(vector, now);
    }

    /** What a message stood for is done with: its pending bit goes. */
    synchronized void withdraw(int vector) {
        msix.withdraw(vector);
        msi.withdraw(vector);
    }

    /** The function has left D0. */
    synchronized void leaveD0() {
        phase = Phase.ASLEEP;
    }

    /** The function is in D0 again; nothing changes if it never left. */
    synchronized void enterD0() {
        if (phase == Phase.ASLEEP) {
            phase = Phase.WAKING;
        }
    }

    /**
     * Whoever gets a message finds the function awake.
     *
     * @return false if it has left D0 again
     */
    synchronized boolean awake() {
        if (phase == Phase.WAKING) {
            phase = Phase.AWAKE;
        }
        flush();
        return phase == Phase.AWAKE;
    }

    /** What the driver wrote to its capabilities; see {@link ConfigSpace.Owner}. */
    synchronized void written(int msiControl, int msiMask, int msixControl) {
        int allocated = 1 << ((msiControl & PciRegs.PCI_MSI_FLAGS_QSIZE) >> ALLOCATED_SHIFT);
        boolean msiEnabled = (msiControl & PciRegs.PCI_MSI_FLAGS_ENABLE) != 0;
        // A client that has never enabled it in the capability has not allocated any there either.
        msi.control(msiEnabled, false, msiEnabled ? Math.min(allocated, msi.size()) : msi.size());
        for (int vector = 0; vector < msi.size(); vector++) {
            msi.mask(vector, (msiMask >> vector & 1) != 0);
        }
        msix.control(
                (msixControl & PciRegs.PCI_MSIX_FLAGS_ENABLE) != 0,
                (msixControl & PciRegs.PCI_MSIX_FLAGS_MASKALL) != 0,
                msix.size());
        flush();
    }

    /** The pending bits of MSI, as its capability shows them. */
    synchronized int msiPending() {
        return msi.pending(0);
    }

    /** 32 pending bits of MSI-X, as its pending bit array shows them. */
    synchronized int msixPending(int firstVector) {
        return msix.pending(firstVector);
    }

    /** The mask bit of an entry of the MSI-X table. */
    synchronized boolean msixMasked(int vector) {
        return msix.masked(vector);
    }

    /** The client wrote an entry of the MSI-X table: it does not leave the table to SET_IRQS. */
    synchronized void entryWritten(int vector) {
        written.set(vector);
    }

    /** The client has gone; the next may be of the other kind. */
    synchronized void forgetEntries() {
        written.clear();
    }

    /** The driver wrote that bit. */
    synchronized void maskMsix(int vector, boolean masked) {
        msix.mask(vector, masked);
        flush();
    }

    /** Nothing is pending; masks stay, as after a reset whose author restores them. */
    synchronized void withdrawAll() {
        msi.withdrawAll();
        msix.withdrawAll();
    }

    /**
     * As after power-on: nothing is pending, and every entry of MSI-X is masked. Not so one that
     * has an eventfd and that the client has never written: such a client knows SET_IRQS only,
     * would never take the mask back, and has not asked for it to be put there.
     */
    synchronized void powerOn() {
        withdrawAll();
        for (int vector = 0; vector < msix.size(); vector++) {
            msix.mask(vector, !msix.configured(vector) || written.get(vector));
        }
    }

    private void flush() {
        if (phase == Phase.AWAKE) {
            msix.flush();
            msi.flush();
        }
    }

    private final class Setup implements Vectors {
        private final MessageVectors vectors;
        private final boolean unmasks;

        Setup(MessageVectors vectors, boolean unmasks) {
            this.vectors = vectors;
            this.unmasks = unmasks;
        }

        @Override
        public int size() {
            return vectors.size();
        }

        @Override
        public void configure(int vector, Optional<EventFd> eventFd) {
            synchronized (Messages.this) {
                vectors.configure(vector, eventFd);
                if (unmasks) {
                    vectors.mask(vector, eventFd.isEmpty());
                }
                flush();
            }
        }

        @Override
        public void clear() {
            synchronized (Messages.this) {
                for (int vector = 0; vector < vectors.size(); vector++) {
                    configure(vector, Optional.empty());
                }
            }
        }

        @Override
        public boolean configured() {
            synchronized (Messages.this) {
                return vectors.configured();
            }
        }

        @Override
        public void loopback(int vector) {
            synchronized (Messages.this) {
                vectors.signal(vector);
            }
        }
    }
}
