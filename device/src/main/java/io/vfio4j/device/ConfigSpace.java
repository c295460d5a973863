/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.PciRegs;

import java.util.Arrays;

/**
 * The configuration space of a function: what its registers read, which bits can be written, and
 * who is told when the written bits mean something.
 *
 * <p>Writes are cut at dwords, as the kernel cuts them (spec B6). A write that starts exactly at
 * PMCSR asks for the power state in its low two bits; the state itself is not kept here but asked
 * of {@link Owner}, since only the power rules know it.
 */
final class ConfigSpace implements Region {

    /** Who acts on what is written. Called outside of any lock. */
    interface Owner {
        /** COMMAND changed in MEM, MASTER or INTX_DISABLE. */
        void commandWritten(int command);

        /** The low two bits of a write that starts at PMCSR. */
        void powerStateWritten(int state);

        /** What PMCSR[1:0] reads: the state as the client set it. */
        int clientPowerState();

        /** Whether INTx is asserted: STATUS.INTERRUPT. */
        boolean intxPending();

        /** Initiate Function Level Reset was written. */
        void functionLevelReset();
    }

    private final Owner owner;
    private final ConfigLayout layout;
    private final byte[] bytes;
    private final byte[] writable;

    ConfigSpace(PciDescription description, Owner owner) {
        this.owner = owner;
        layout = new ConfigLayout(description);
        bytes = layout.initial();
        writable = layout.writable();
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
        int command;
        synchronized (this) {
            command = word(PciRegs.PCI_COMMAND) | PciRegs.PCI_COMMAND_MEMORY;
            bytes[PciRegs.PCI_COMMAND] = (byte) command;
            bytes[PciRegs.PCI_COMMAND + 1] = (byte) (command >> 8);
        }
        owner.commandWritten(command);
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        if (outside(offset, count)) {
            return EFAULT;
        }
        byte[] copy = copy((int) offset, count, owner.clientPowerState());
        target.put(at, copy, 0, count);
        return count;
    }

    /**
     * Reads with a power state of the caller's choice in PMCSR: the host side sees the real one.
     *
     * @param offset within the space
     * @param count within the space
     * @param powerState 0..3
     * @return the bytes
     */
    byte[] copy(int offset, int count, int powerState) {
        boolean pending = owner.intxPending();
        byte[] copy;
        synchronized (this) {
            copy = Arrays.copyOfRange(bytes, offset, offset + count);
        }
        if (layout.pmcsr() >= offset && layout.pmcsr() < offset + count) {
            int low = layout.pmcsr() - offset;
            copy[low] = (byte) ((copy[low] & ~PciRegs.PCI_PM_CTRL_STATE_MASK) | powerState);
        }
        int status = PciRegs.PCI_STATUS - offset;
        if (pending && status >= 0 && status < count) {
            copy[status] |= (byte) PciRegs.PCI_STATUS_INTERRUPT;
        }
        return copy;
    }

    @Override
    public int write(long offset, int count, Memory source, long at) {
        if (outside(offset, count)) {
            return EFAULT;
        }
        byte[] data = new byte[count];
        source.get(at, data, 0, count);
        write((int) offset, data, true);
        return count;
    }

    /**
     * Writes, in chunks that do not cross a dword.
     *
     * @param offset within the space
     * @param data that fits in
     * @param client whether the client writes; the host's writes do not reach PowerState, which is
     *     the client's and the power rules'
     */
    void write(int offset, byte[] data, boolean client) {
        int chunk;
        for (int done = 0; done < data.length; done += chunk) {
            int register = offset + done;
            chunk = Math.min(4 - (register & 3), data.length - done);
            writeChunk(register, data, done, chunk, client);
        }
    }

    private void writeChunk(int register, byte[] data, int from, int length, boolean client) {
        int before;
        int after;
        boolean flr = false;
        synchronized (this) {
            before = word(PciRegs.PCI_COMMAND);
            for (int i = 0; i < length; i++) {
                int mask = writable[register + i];
                bytes[register + i] =
                        (byte) ((bytes[register + i] & ~mask) | (data[from + i] & mask));
            }
            after = word(PciRegs.PCI_COMMAND);
            int reset = layout.flrByte() - register;
            if (layout.flrByte() > 0 && reset >= 0 && reset < length) {
                flr = (data[from + reset] & layout.flrBit()) != 0;
            }
        }
        if (before != after) {
            owner.commandWritten(after);
        }
        if (client && register == layout.pmcsr() && layout.pmcsr() > 0) {
            owner.powerStateWritten(data[from] & PciRegs.PCI_PM_CTRL_STATE_MASK);
        }
        if (flr) {
            owner.functionLevelReset();
        }
    }

    private boolean outside(long offset, int count) {
        return offset < 0 || offset >= bytes.length || count > bytes.length - offset;
    }

    private int word(int register) {
        return (bytes[register] & 0xff) | (bytes[register + 1] & 0xff) << 8;
    }
}
