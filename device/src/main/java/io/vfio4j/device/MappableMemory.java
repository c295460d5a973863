/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.RevocableMemFd;
import io.vfio4j.power.MappingView;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.StampedLock;

/**
 * A BAR of memory that a client may map, and whose mapping must fault while the device sleeps, in
 * every process that has it (spec B4), or be blank: give all ones until the client itself stores
 * there, and keep its stores from the device.
 *
 * <p>The memory is a memfd. To revoke it, its contents are taken out and the file is cut to
 * nothing: the kernel then has no page behind anybody's mapping. To restore it, the contents are
 * written back from the start, each page appearing with its data. To blank it, the contents are
 * copied and ones written over them, so that no access ever faults; the file can be written as
 * before, but is thrown away at the next change. A store in the instant of that copy may be lost,
 * and so may one in the instant of a revocation for which the process has no descriptors to spare.
 * While it is not live the device and the client's messages work on the contents that were taken
 * out.
 *
 * <p>A client could cut the file itself, since it must be able to write it. An access then faults
 * here and is answered with EIO; the next restore makes the file whole.
 *
 * <p>The file is made when it is first needed, so that running out of descriptors when a client
 * goes costs the contents nothing.
 */
final class MappableMemory implements Region, BarMemory, AutoCloseable {
    private final String name;
    private final long size;
    private final StampedLock lock = new StampedLock();
    private final Memory contents;

    // What a client may map; the contents are in it while it is live, else in `contents`.
    private Optional<Shared> shared = Optional.empty();

    // What the file shows; nothing of these after a change that stopped half way.
    private Optional<MappingView> view = Optional.empty();

    // What the client's mappings are to show, as the power rules have it.
    private MappingView wanted = MappingView.REVOKED;

    private record Shared(RevocableMemFd file, Mapping mapping) implements AutoCloseable {
        static Shared create(String name, long size) {
            RevocableMemFd file = RevocableMemFd.create(name, size);
            try {
                return new Shared(file, Mapping.map(file.fd(), 0, size, true));
            } catch (RuntimeException refused) {
                file.close();
                throw refused;
            }
        }

        @Override
        public void close() {
            mapping.close();
            file.close();
        }
    }

    MappableMemory(String name, long size) {
        this.name = name;
        this.size = size;
        contents = Memory.allocate(size);
    }

    /**
     * The file to give to a client.
     *
     * @throws LinuxException EMFILE, ENFILE or ENOMEM if there can be none now
     */
    Fd file() {
        long stamp = lock.writeLock();
        try {
            if (shared.isEmpty()) {
                shared = Optional.of(filled());
                view = Optional.of(MappingView.LIVE);
            }
            settle();
            return shared.get().file().fd();
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /** A file that nobody else has yet. */
    private Shared filled() {
        Shared made = Shared.create(name, size);
        try {
            made.mapping().copyFrom(0, contents, 0, size);
            return made;
        } catch (MappingFaultException noMemory) {
            made.close();
            throw new LinuxException(Errno.ENOMEM, "memfd", name);
        }
    }

    /**
     * Lets every mapping of the file show this from now on. Does nothing if it does already.
     *
     * @throws LinuxException ENOSPC or ENOMEM if there is no memory for the file, which then
     *     faults; others if it cannot be read or cut. The contents are safe, and the next call
     *     tries again
     */
    void show(MappingView what) {
        long stamp = lock.writeLock();
        try {
            wanted = what;
            settle();
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /** Brings the file, if there is one, to what the power rules want. */
    private void settle() {
        if (shared.isEmpty() || shows(wanted)) {
            return;
        }
        switch (wanted) {
            case LIVE -> restore();
            case BLANK -> blank();
            case REVOKED -> revoke();
        }
        view = Optional.of(wanted);
    }

    private void restore() {
        view = Optional.empty();
        fill(contents);
    }

    private void blank() {
        try (Memory ones = Memory.allocate(size)) {
            ones.fill(0, size, (byte) 0xff);
            if (live()) {
                copyOut(mapping());
            }
            // From here on the contents are not in the file, however far this gets.
            view = Optional.empty();
            fill(ones);
        }
    }

    private void revoke() {
        RevocableMemFd file = shared.orElseThrow().file();
        if (live()) {
            file.revoke(contents);
        } else {
            view = Optional.empty();
            file.discard();
        }
    }

    private void copyOut(Mapping from) {
        try {
            from.copyTo(0, contents, 0, size);
        } catch (MappingFaultException cut) {
            // What the client has cut off is lost to it alone.
        }
    }

    /** A file that faults, or that the client has cut, is made whole; else nothing ever faults. */
    private void fill(Memory with) {
        RevocableMemFd file = shared.orElseThrow().file();
        if (!file.isRevoked()) {
            try {
                mapping().copyFrom(0, with, 0, size);
                return;
            } catch (MappingFaultException cut) {
                file.discard();
            }
        }
        file.restore(with);
    }

    private boolean live() {
        return shows(MappingView.LIVE);
    }

    /** Asked for every access, so it makes no object to compare with. */
    private boolean shows(MappingView what) {
        return view.isPresent() && view.get() == what;
    }

    /**
     * Leaves a client that is gone with nothing: its mappings of the old file fault for good, and
     * the next client gets a new file with the same contents.
     *
     * @throws LinuxException if the old file cannot be cut; it has nothing of the device's then but
     *     what it had, and the device nothing to do with it
     */
    void renew() {
        long stamp = lock.writeLock();
        try {
            shared.ifPresent(this::leave);
        } finally {
            shared.ifPresent(Shared::close);
            shared = Optional.empty();
            view = Optional.empty();
            lock.unlockWrite(stamp);
        }
    }

    private void leave(Shared old) {
        if (live()) {
            try {
                old.file().revoke(contents);
            } catch (LinuxException | IllegalStateException refused) {
                // Better that its last stores are lost than that it keeps the BAR.
                copyOut(old.mapping());
            }
        }
        old.file().discard();
    }

    @Override
    public long size() {
        return size;
    }

    /**
     * All of it can be mapped.
     *
     * @throws LinuxException as {@link #file}
     */
    @Override
    public RegionDescription description() {
        var all = List.of(new RegionDescription.Area(0, size));
        return new RegionDescription(
                size,
                true,
                true,
                Optional.of(new RegionDescription.Mappable(file(), 0, all, false)));
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        int todo = Region.clip(size, offset, count);
        if (todo < 0) {
            return todo;
        }
        long stamp = lock.readLock();
        try {
            if (live()) {
                mapping().copyTo(offset, target, at, todo);
            } else {
                target.copy(contents, offset, at, todo);
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
            if (live()) {
                mapping().copyFrom(offset, source, at, todo);
            } else {
                contents.copy(source, at, offset, todo);
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
        Word.requireAligned(offset, width);
        long stamp = lock.readLock();
        try {
            return live()
                    ? Word.load(mapping(), offset, width)
                    : Word.load(contents, offset, width);
        } catch (MappingFaultException cut) {
            return Word.ones(width);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    @Override
    public void store(long offset, int width, long value) {
        Word.requireAligned(offset, width);
        long stamp = lock.readLock();
        try {
            if (live()) {
                Word.store(mapping(), offset, width, value);
            } else {
                Word.store(contents, offset, width, value);
            }
        } catch (MappingFaultException cut) {
            // Dropped, as on a bus where nothing answers.
        } finally {
            lock.unlockRead(stamp);
        }
    }

    private Mapping mapping() {
        return shared.orElseThrow().mapping();
    }

    @Override
    public void close() {
        long stamp = lock.writeLock();
        try {
            shared.ifPresent(Shared::close);
            contents.close();
        } finally {
            lock.unlockWrite(stamp);
        }
    }
}
