/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.util.Arrays;

/**
 * A serial EEPROM of the 24Cxx family. A write begins with the word address; its data stays within
 * a page, where it wraps around, and is there at the STOP without the time that a real cell takes.
 * A read goes on from where the last access ended, through the whole memory and around.
 */
final class Eeprom implements I2cTarget {
    private static final byte ERASED = (byte) 0xff;

    private final byte[] cells;
    private final int pageSize;
    private final int addressBytes;

    private int position;
    private int addressBytesToCome;

    // What the running write has brought: nothing is in the cells before the STOP.
    private final byte[] page;
    private final boolean[] loaded;

    private Eeprom(int size, int pageSize, int addressBytes) {
        cells = new byte[size];
        this.pageSize = pageSize;
        this.addressBytes = addressBytes;
        page = new byte[pageSize];
        loaded = new boolean[pageSize];
        Arrays.fill(cells, ERASED);
    }

    /** 256 bytes in pages of 8, addressed by one byte. */
    static Eeprom of24c02() {
        return new Eeprom(256, 8, 1);
    }

    /** 4 KiB in pages of 32, addressed by two bytes, the high one first. */
    static Eeprom of24c32() {
        return new Eeprom(4096, 32, 2);
    }

    @Override
    public boolean start(boolean reading) {
        // A write that a repeated START cuts off is not carried out.
        Arrays.fill(loaded, false);
        addressBytesToCome = reading ? 0 : addressBytes;
        return true;
    }

    @Override
    public boolean write(int value) {
        if (addressBytesToCome > 0) {
            addressBytesToCome--;
            position = (position << 8 | value) & cells.length - 1;
        } else {
            int within = position % pageSize;
            page[within] = (byte) value;
            loaded[within] = true;
            position = position - within + (within + 1) % pageSize;
        }
        return true;
    }

    @Override
    public int read() {
        int value = cells[position] & 0xff;
        position = (position + 1) % cells.length;
        return value;
    }

    @Override
    public void stop() {
        int start = position - position % pageSize;
        for (int i = 0; i < pageSize; i++) {
            if (loaded[i]) {
                cells[start + i] = page[i];
            }
        }
        Arrays.fill(loaded, false);
    }
}
