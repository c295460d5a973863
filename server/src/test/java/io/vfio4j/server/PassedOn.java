/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.InterruptDescription;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.device.ServedAccess;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.device.ServedDma;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A device that is not emulated: what a server is told of it, the test says. */
final class PassedOn implements ServedDevice, ServedAccess, ServedDma {
    final Map<Integer, RegionDescription> regions = new ConcurrentHashMap<>();
    final Map<Integer, InterruptDescription> interrupts = new ConcurrentHashMap<>();
    final List<Consumer<HostEvent>> watchers = new CopyOnWriteArrayList<>();
    final AtomicInteger opens = new AtomicInteger();
    final AtomicInteger lastCloses = new AtomicInteger();
    final AtomicInteger accesses = new AtomicInteger();
    final AtomicInteger accessesOver = new AtomicInteger();
    final AtomicInteger asked = new AtomicInteger();
    volatile Optional<ServedClient> client = Optional.empty();
    volatile Optional<LinuxException> refusal = Optional.empty();
    volatile int flags = Vfio.VFIO_DEVICE_FLAGS_PCI;
    volatile boolean signalsPme;

    /** What a GET of a feature answers, behind argsz and flags. */
    volatile byte[] data = new byte[0];

    private void refuseIfTold() {
        refusal.ifPresent(why -> {
            throw why;
        });
    }

    @Override
    public void open(ServedClient newcomer) {
        refuseIfTold();
        client = Optional.of(newcomer);
        opens.incrementAndGet();
    }

    @Override
    public void lastClose() {
        client = Optional.empty();
        lastCloses.incrementAndGet();
    }

    @Override
    public ServedAccess access() {
        accesses.incrementAndGet();
        return this;
    }

    @Override
    public ServedDma dma() {
        return this;
    }

    @Override
    public boolean signalsPme() {
        return signalsPme;
    }

    @Override
    public HostReply host(HostRequest request) {
        return new HostReply.Ok(request.format());
    }

    @Override
    public Watch watch(Consumer<HostEvent> listener) {
        watchers.add(listener);
        return () -> watchers.remove(listener);
    }

    @Override
    public int flags() {
        asked.incrementAndGet();
        return flags;
    }

    @Override
    public RegionDescription region(int index) {
        asked.incrementAndGet();
        refuseIfTold();
        return regions.getOrDefault(index, RegionDescription.ofSize(0));
    }

    @Override
    public InterruptDescription interrupt(int index) {
        asked.incrementAndGet();
        return interrupts.getOrDefault(index, new InterruptDescription(0, 0));
    }

    @Override
    public int read(int region, long offset, int count, Memory target, long at) {
        asked.incrementAndGet();
        target.fill(at, count, (byte) 0x5a);
        return count;
    }

    @Override
    public int write(int region, long offset, int count, Memory source, long at) {
        asked.incrementAndGet();
        return count;
    }

    @Override
    public int setInterrupts(VfioIrqSet request, int available, byte[] booleans, List<Fd> fds) {
        asked.incrementAndGet();
        fds.forEach(Fd::close);
        return 0;
    }

    @Override
    public int reset() {
        asked.incrementAndGet();
        return -Errno.EINVAL.number();
    }

    @Override
    public int feature(Memory request, long at, int length, List<Fd> fds) {
        asked.incrementAndGet();
        fds.forEach(Fd::close);
        if ((request.getInt(at + 4) & WireClient.SET) != 0) {
            return 0;
        }
        int whole = 8 + data.length;
        request.putInt(at, whole);
        request.put(at + 8, data, 0, data.length);
        return whole;
    }

    @Override
    public int map(long iova, long size, long offset, int access, List<Fd> fds) {
        fds.forEach(Fd::close);
        return -Errno.ENOMEM.number();
    }

    @Override
    public int unmap(long iova, long size) {
        return -Errno.ENOENT.number();
    }

    @Override
    public void unmapAll() {}

    /** Of an access, or of the device: neither holds anything. */
    @Override
    public void close() {
        accessesOver.incrementAndGet();
    }
}
