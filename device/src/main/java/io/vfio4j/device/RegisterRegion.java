/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;

/**
 * A BAR of registers: an access of any size and alignment becomes naturally aligned accesses of 1,
 * 2, 4 or 8 bytes, in ascending order.
 */
final class RegisterRegion implements Region {
    private final PciDevice device;
    private final int bar;
    private final long size;

    RegisterRegion(PciDevice device, BarDescription description) {
        this.device = device;
        this.bar = description.index();
        this.size = description.size();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        int todo = Region.clip(size, offset, count);
        int width;
        for (int done = 0; done < todo; done += width) {
            width = widthAt(offset + done, todo - done);
            long value = device.readRegister(bar, offset + done, width);
            Word.store(target, at + done, width, value);
        }
        return todo;
    }

    @Override
    public int write(long offset, int count, Memory source, long at) {
        int todo = Region.clip(size, offset, count);
        int width;
        for (int done = 0; done < todo; done += width) {
            width = widthAt(offset + done, todo - done);
            device.writeRegister(bar, offset + done, width, Word.load(source, at + done, width));
        }
        return todo;
    }

    private static int widthAt(long offset, int left) {
        int aligned = (int) Math.min(8, offset == 0 ? 8 : Long.lowestOneBit(offset));
        return Math.min(aligned, Integer.highestOneBit(Math.min(left, 8)));
    }
}
