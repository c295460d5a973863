/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.PciRegs;

import java.util.Arrays;

/**
 * The BAR with the MSI-X table and the pending bit array (PCI Express base specification, 7.7.2). A
 * message goes to its vector's eventfd whatever the address and the data say: these are kept for
 * the driver to read back. Of vector control there is the mask bit; the pending bits cannot be
 * written, and the rest of the BAR reads 0.
 *
 * <p>The specification knows aligned accesses of 4 and 8 bytes only. An access of any other size or
 * alignment reaches the bytes that it names and no others, as byte enables would have it.
 */
final class MsixTable implements Region {
    private static final int WORDS_OF_ENTRY = PciRegs.PCI_MSIX_ENTRY_SIZE / Integer.BYTES;

    private final long size;
    private final int vectors;
    private final long pendingAt;
    private final Messages messages;

    // Vector control is not kept here, its word stays 0.
    private final int[] words;

    /**
     * A table.
     *
     * @param size of the BAR
     * @param vectors how many there are
     * @param pendingAt where in the BAR the pending bits start, behind the table
     * @param messages whose mask and pending bits these are
     */
    MsixTable(long size, int vectors, long pendingAt, Messages messages) {
        this.size = size;
        this.vectors = vectors;
        this.pendingAt = pendingAt;
        this.messages = messages;
        words = new int[vectors * WORDS_OF_ENTRY];
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public synchronized int read(long offset, int count, Memory target, long at) {
        int todo = Region.clip(size, offset, count);
        int here;
        for (int done = 0; done < todo; done += here) {
            long register = offset + done;
            here = inDword(register, todo - done);
            int value = dword(register & ~3) >> (8 * byteOf(register));
            for (int i = 0; i < here; i++) {
                target.putByte(at + done + i, (byte) (value >> (8 * i)));
            }
        }
        return todo;
    }

    @Override
    public synchronized int write(long offset, int count, Memory source, long at) {
        int todo = Region.clip(size, offset, count);
        int here;
        for (int done = 0; done < todo; done += here) {
            long register = offset + done;
            here = inDword(register, todo - done);
            int mask = 0;
            int value = 0;
            for (int i = 0; i < here; i++) {
                int shift = 8 * (byteOf(register) + i);
                mask |= 0xff << shift;
                value |= (source.getByte(at + done + i) & 0xff) << shift;
            }
            store(register & ~3, mask, value);
        }
        return todo;
    }

    private static int byteOf(long register) {
        return (int) (register & 3);
    }

    private static int inDword(long register, int left) {
        return Math.min(4 - byteOf(register), left);
    }

    private int dword(long register) {
        if (register < tableBytes()) {
            int word = (int) (register / Integer.BYTES);
            boolean masked = isControl(word) && messages.msixMasked(word / WORDS_OF_ENTRY);
            return masked ? PciRegs.PCI_MSIX_ENTRY_CTRL_MASKBIT : words[word];
        }
        long first = (register - pendingAt) * Byte.SIZE;
        return first >= 0 && first < vectors ? messages.msixPending((int) first) : 0;
    }

    private long tableBytes() {
        return (long) words.length * Integer.BYTES;
    }

    private void store(long register, int mask, int value) {
        if (register >= tableBytes()) {
            return;
        }
        int word = (int) (register / Integer.BYTES);
        messages.entryWritten(word / WORDS_OF_ENTRY);
        if (isControl(word)) {
            if ((mask & PciRegs.PCI_MSIX_ENTRY_CTRL_MASKBIT) != 0) {
                boolean masked = (value & PciRegs.PCI_MSIX_ENTRY_CTRL_MASKBIT) != 0;
                messages.maskMsix(word / WORDS_OF_ENTRY, masked);
            }
            return;
        }
        int merged = (words[word] & ~mask) | value;
        // A message is a dword, so the low two bits of its address are 0.
        words[word] = word % WORDS_OF_ENTRY == 0 ? merged & ~3 : merged;
    }

    private static boolean isControl(int word) {
        return word % WORDS_OF_ENTRY == PciRegs.PCI_MSIX_ENTRY_VECTOR_CTRL / Integer.BYTES;
    }

    /**
     * As after power-on: addresses and data are 0; masks and pending bits are the affair of {@link
     * Messages}.
     */
    synchronized void reset() {
        Arrays.fill(words, 0);
    }
}
