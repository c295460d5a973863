/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.PciRegs;

/**
 * The configuration space of a function: what its registers read, which bits can be written, and
 * who is told when the written bits mean something. Which bit is of which kind {@link ConfigBits}
 * knows.
 *
 * <p>Writes are cut at dwords, as the kernel cuts them (spec B6). A write that reaches PMCSR's low
 * byte asks for the power state in its low two bits. PMCSR is not kept here but asked of {@link
 * Owner}, since only the power rules know it.
 */
final class ConfigSpace implements Region {

    /** Who acts on what is written. */
    interface Owner {
        /**
         * COMMAND changed in MEM, MASTER or INTX_DISABLE. One call at a time, the last with the
         * value that stays.
         */
        void commandWritten(int command);

        /**
         * PMCSR was written.
         *
         * @param value as written, in place
         * @param bytes which bytes of it: bit 0 the low one, bit 1 the high one
         */
        void pmcsrWritten(int value, int bytes);

        /** What PMCSR reads, with the state as the client set it. */
        int pmcsr();

        /** Whether INTx is asserted: STATUS.INTERRUPT. */
        boolean intxPending();

        /**
         * What the driver says of its messages was written. One call at a time, the last with the
         * values that stay.
         *
         * @param msi Message Control of MSI, 0 without it
         * @param msiMask the mask bits of MSI
         * @param msix Message Control of MSI-X, 0 without it
         */
        void messagesWritten(int msi, int msiMask, int msix);

        /** The pending bits of MSI. */
        int msiPending();

        /** The client wrote Initiate Function Level Reset. */
        void functionLevelReset();
    }

    private static final int PENDING = PciRegs.PCI_MSI_PENDING_64;

    /** The registers as the function itself has them, which can change every bit. */
    interface Registers {
        /** A register of up to 4 bytes. */
        int get(int register, int width);

        /** Takes its low {@code width} bytes. */
        void set(int register, int width, int value);
    }

    private final Owner owner;
    private final ConfigLayout layout;
    private final ConfigBits bits;
    private final byte[] bytes;
    private final Own own = new Own();

    // Two writers (client and host) must not tell the owner of what they wrote in the wrong order.
    private final Object telling = new Object();

    ConfigSpace(PciDescription description, Owner owner) {
        this.owner = owner;
        layout = new ConfigLayout(description);
        bits = layout.bits();
        bytes = bits.afterPowerOn();
    }

    @Override
    public long size() {
        return bytes.length;
    }

    /** COMMAND as it reads. */
    synchronized int command() {
        return word(PciRegs.PCI_COMMAND);
    }

    /**
     * What opening a device does to it: memory decoding is on, as after the kernel's
     * pci_enable_device, so that a client that never writes COMMAND can reach the BARs.
     */
    void enableDecoding() {
        synchronized (this) {
            bytes[PciRegs.PCI_COMMAND] |= (byte) PciRegs.PCI_COMMAND_MEMORY;
        }
        tellCommand();
    }

    /** Brings the registers to what a reset of the function makes of them. */
    void reset(ConfigReset what) {
        boolean messages = what == ConfigReset.SOFT || what == ConfigReset.FUNCTION_LEVEL;
        boolean command;
        synchronized (this) {
            int before = command();
            for (int at = 0; at < bytes.length; at++) {
                bytes[at] = bits.reset(at, bytes[at], what);
            }
            command = before != command();
        }
        if (command) {
            tellCommand();
        }
        // The others leave them as they are, and come within the power rules' turn, where nobody
        // may be waited for who waits for it.
        if (messages) {
            tellMessages();
        }
    }

    /**
     * Logs an error, with nobody reading or writing meanwhile.
     *
     * @return whether the client is to hear of it
     */
    synchronized boolean log(PciError error, boolean advisory, int[] header) {
        ErrorReporting log = new ErrorReporting(own, layout.express(), layout.errors());
        return advisory ? log.reportAdvisory(error, header) : log.report(error, header);
    }

    /** Within the lock. */
    private final class Own implements Registers {
        @Override
        public int get(int register, int width) {
            int value = 0;
            for (int i = 0; i < width; i++) {
                value |= (bytes[register + i] & 0xff) << (8 * i);
            }
            return value;
        }

        @Override
        public void set(int register, int width, int value) {
            for (int i = 0; i < width; i++) {
                bytes[register + i] = (byte) (value >> (8 * i));
            }
        }
    }

    private void tellCommand() {
        synchronized (telling) {
            owner.commandWritten(command());
        }
    }

    /** Nobody sends messages to a client that has gone: as after the kernel's pci_disable_msi. */
    void disableMessages() {
        synchronized (this) {
            if (layout.msi() != 0) {
                clear(layout.msi() + PciRegs.PCI_MSI_FLAGS, PciRegs.PCI_MSI_FLAGS_ENABLE);
                clear(layout.msi() + PciRegs.PCI_MSI_MASK_64, ~0);
            }
            if (layout.msix() != 0) {
                clear(
                        layout.msix() + PciRegs.PCI_MSIX_FLAGS,
                        PciRegs.PCI_MSIX_FLAGS_ENABLE | PciRegs.PCI_MSIX_FLAGS_MASKALL);
            }
        }
        tellMessages();
    }

    private void clear(int register, int bits) {
        own.set(register, 4, own.get(register, 4) & ~bits);
    }

    private void tellMessages() {
        synchronized (telling) {
            int msi;
            int msiMask;
            int msix;
            synchronized (this) {
                msi = layout.msi() == 0 ? 0 : word(layout.msi() + PciRegs.PCI_MSI_FLAGS);
                msiMask = layout.msi() == 0 ? 0 : dword(layout.msi() + PciRegs.PCI_MSI_MASK_64);
                msix = layout.msix() == 0 ? 0 : word(layout.msix() + PciRegs.PCI_MSIX_FLAGS);
            }
            owner.messagesWritten(msi, msiMask, msix);
        }
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        if (outside(offset, count)) {
            return EFAULT;
        }
        int from = (int) offset;
        int pmcsr = touchesPmcsr(from, count) ? owner.pmcsr() : 0;
        boolean pending = covers(from, count, PciRegs.PCI_STATUS) && owner.intxPending();
        int messages = touchesMsiPending(from, count) ? owner.msiPending() : 0;
        synchronized (this) {
            for (int i = 0; i < count; i++) {
                target.putByte(at + i, value(from + i, pmcsr, pending, messages));
            }
        }
        return count;
    }

    /**
     * Reads with a PMCSR of the caller's choice: the host side sees the real state.
     *
     * @param offset within the space
     * @param count within the space
     * @param pmcsr what it is to read
     * @return the bytes
     */
    byte[] copy(int offset, int count, int pmcsr) {
        boolean pending = owner.intxPending();
        int messages = owner.msiPending();
        byte[] copy = new byte[count];
        synchronized (this) {
            for (int i = 0; i < count; i++) {
                copy[i] = value(offset + i, pmcsr, pending, messages);
            }
        }
        return copy;
    }

    /** What a byte reads, with what is not kept here. */
    private byte value(int register, int pmcsr, boolean pending, int messages) {
        int kept = bytes[register];
        if (register == PciRegs.PCI_STATUS && pending) {
            return (byte) (kept | PciRegs.PCI_STATUS_INTERRUPT);
        }
        if (touchesPmcsr(register, 1)) {
            return (byte) (pmcsr >> (8 * (register - layout.pmcsr())));
        }
        if (touchesMsiPending(register, 1)) {
            return (byte) (messages >> (8 * (register - layout.msi() - PENDING)));
        }
        return (byte) kept;
    }

    private boolean touchesMsiPending(int from, int count) {
        return reaches(from, count, layout.msi(), PENDING, 4);
    }

    /** Message Control of either kind, or the mask bits of MSI. */
    private boolean touchesMessages(int from, int count) {
        return reaches(from, count, layout.msi(), PciRegs.PCI_MSI_FLAGS, 2)
                || reaches(from, count, layout.msi(), PciRegs.PCI_MSI_MASK_64, 4)
                || reaches(from, count, layout.msix(), PciRegs.PCI_MSIX_FLAGS, 2);
    }

    /** A capability at 0 is one that this function does not have. */
    private static boolean reaches(int from, int count, int capability, int offset, int length) {
        int register = capability + offset;
        return capability != 0 && from < register + length && register < from + count;
    }

    private boolean touchesPmcsr(int from, int count) {
        return covers(from, count, layout.pmcsr()) || covers(from - 1, count, layout.pmcsr());
    }

    /** A register at 0 is one that this function does not have. */
    private static boolean covers(int from, int count, int register) {
        return register > 0 && register >= from && register < from + count;
    }

    @Override
    public int write(long offset, int count, Memory source, long at) {
        if (outside(offset, count)) {
            return EFAULT;
        }
        write((int) offset, count, source, at, true);
        return count;
    }

    /**
     * The host's write. It does not reach PowerState, which is the client's and the power rules',
     * nor the function level reset, which the host has an attribute for that wakes the device.
     *
     * @param offset within the space
     * @param data that fits in
     */
    void writeFromHost(int offset, byte[] data) {
        try (Memory source = Memory.allocate(data.length)) {
            source.put(0, data, 0, data.length);
            write(offset, data.length, source, 0, false);
        }
    }

    /** In chunks that do not cross a dword. */
    private void write(int offset, int count, Memory source, long at, boolean client) {
        int chunk;
        for (int done = 0; done < count; done += chunk) {
            int register = offset + done;
            chunk = Math.min(4 - (register & 3), count - done);
            int data = 0;
            for (int i = 0; i < chunk; i++) {
                data |= (source.getByte(at + done + i) & 0xff) << (8 * i);
            }
            writeChunk(register, data, chunk, client);
        }
    }

    /** The data's low bytes come first. */
    private void writeChunk(int register, int data, int length, boolean client) {
        boolean command;
        synchronized (this) {
            int before = command();
            for (int i = 0; i < length; i++) {
                int at = register + i;
                bytes[at] = bits.write(at, bytes[at], data >> (8 * i));
            }
            command = before != command();
        }
        if (command) {
            tellCommand();
        }
        if (touchesMessages(register, length)) {
            tellMessages();
        }
        if (!client) {
            return;
        }
        if (touchesPmcsr(register, length)) {
            pmcsrWritten(register - layout.pmcsr(), data, length);
        }
        if (covers(register, length, layout.flrByte())
                && (data >> (8 * (layout.flrByte() - register)) & layout.flrBit()) != 0) {
            owner.functionLevelReset();
        }
    }

    /** PMCSR begins a dword, so a chunk begins at its low byte or behind it. */
    private void pmcsrWritten(int at, int data, int length) {
        int reached = (((1 << length) - 1) << at) & 3;
        owner.pmcsrWritten(data << (8 * at), reached);
    }

    private boolean outside(long offset, int count) {
        return offset < 0 || offset >= bytes.length || count > bytes.length - offset;
    }

    private int dword(int register) {
        return own.get(register, 4);
    }

    private int word(int register) {
        return own.get(register, 2);
    }
}
