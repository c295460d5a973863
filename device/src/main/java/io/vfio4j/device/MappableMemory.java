/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.RevocableMemFd;

import java.util.concurrent.locks.StampedLock;

/**
 * A BAR of memory that a client may map, and whose mapping must fault while the device sleeps, in
 * every process that has it (spec B4).
 *
 * <p>The memory is a memfd. To revoke it, its contents are taken out and the file is cut to
 * nothing: the kernel then has no page behind anybody's mapping. To restore it, the contents are
 * written back from the start, each page appearing with its data. While it is revoked the device
 * and the client's messages work on the contents that were taken out.
 *
 * <p>A client could cut the file itself, since it must be able to write it. An access then faults
 * here and is answered with EIO; the next restore makes the file whole.
 */
final class MappableMemory implements Region, BarMemory, AutoCloseable {
    private final String name;
    private final long size;
    private final StampedLock lock = new StampedLock();
    private final Memory contents;
    private RevocableMemFd file;
    private Mapping mapping;
    private boolean revoked;

    MappableMemory(String name, long size) {
        this.name = name;
        this.size = size;
        contents = Memory.allocate(size);
        file = RevocableMemFd.create(name, size);
        mapping = Mapping.map(file.fd(), 0, size, true);
        // As the power rules have it at the start: memory decoding is off.
        file.revoke(contents);
        revoked = true;
    }

    /** The file to give to a client. */
    Fd file() {
        long stamp = lock.readLock();
        try {
            return file.fd();
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Makes every mapping of the file fault. Does nothing if they do already. */
    void revoke() {
        long stamp = lock.writeLock();
        try {
            if (!revoked) {
                file.revoke(contents);
                revoked = true;
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /** Makes the mappings work again, with the contents as they are now. */
    void restore() {
        long stamp = lock.writeLock();
        try {
            if (revoked) {
                file.restore(contents);
                revoked = false;
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /**
     * Leaves a client that is gone with nothing: its mappings of the old file fault for good, and
     * the contents move to a new file.
     */
    void renew() {
        long stamp = lock.writeLock();
        try {
            if (!revoked) {
                file.revoke(contents);
            }
            mapping.close();
            file.close();
            file = RevocableMemFd.create(name, size);
            mapping = Mapping.map(file.fd(), 0, size, true);
            // Filled only through restore, so that it is revoked for exactly as long as we are.
            file.revoke().close();
            if (!revoked) {
                file.restore(contents);
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        int todo = Region.clip(size, offset, count);
        if (todo < 0) {
            return todo;
        }
        long stamp = lock.readLock();
        try {
            if (revoked) {
                target.copy(contents, offset, at, todo);
            } else {
                mapping.copyTo(offset, target, at, todo);
            }
            return todo;
        } catch (MappingFaultException cut) {
            return EIO;
        } finally {
            lock.unlockRead(stamp);
        }
    }

    @Override
    public int write(long offset, int count, Memory source, long at) {
        int todo = Region.clip(size, offset, count);
        if (todo < 0) {
            return todo;
        }
        long stamp = lock.readLock();
        try {
            if (revoked) {
                contents.copy(source, at, offset, todo);
            } else {
                mapping.copyFrom(offset, source, at, todo);
            }
            return todo;
        } catch (MappingFaultException cut) {
            return EIO;
        } finally {
            lock.unlockRead(stamp);
        }
    }

    @Override
    public long load(long offset, int width) {
        long stamp = lock.readLock();
        try {
            if (revoked) {
                return RegisterRegion.loadFrom(contents, offset, width);
            }
            return switch (width) {
                case 1 -> mapping.getByte(offset) & 0xffL;
                case 2 -> mapping.getShort(offset) & 0xffffL;
                case 4 -> mapping.getInt(offset) & 0xffff_ffffL;
                case 8 -> mapping.getLong(offset);
                default -> throw new IllegalArgumentException("width " + width);
            };
        } catch (MappingFaultException cut) {
            // What a bus reads where nothing answers.
            return -1L >>> (64 - 8 * width);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    @Override
    public void store(long offset, int width, long value) {
        long stamp = lock.readLock();
        try {
            if (revoked) {
                RegisterRegion.storeTo(contents, offset, width, value);
                return;
            }
            switch (width) {
                case 1 -> mapping.putByte(offset, (byte) value);
                case 2 -> mapping.putShort(offset, (short) value);
                case 4 -> mapping.putInt(offset, (int) value);
                case 8 -> mapping.putLong(offset, value);
                default -> throw new IllegalArgumentException("width " + width);
            }
        } catch (MappingFaultException cut) {
            // Dropped, as on a bus where nothing answers.
        } finally {
            lock.unlockRead(stamp);
        }
    }

    @Override
    public void close() {
        long stamp = lock.writeLock();
        try {
            mapping.close();
            file.close();
            contents.close();
        } finally {
            lock.unlockWrite(stamp);
        }
    }
}
