/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceInfo;
import io.vfio4j.uapi.VfioDeviceIoeventfd;
import io.vfio4j.uapi.VfioFeature;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A device of this machine, by the kernel's vfio-pci: each method is the system calls of one kind
 * of request.
 *
 * <p>Threads: calls go to the kernel as they come, which has its own order for them. Close does not
 * wait for them: the descriptor lives until the last of them is back.
 */
final class KernelDevice implements VfioDevice {
    private final Target target;
    private final KernelHandle handle;
    private final KernelAccess access;
    private final KernelRegions regions;
    private final KernelIrqs irqs;
    private final KernelDma dma;
    private final KernelHotReset hotReset;
    private final FeatureRequests features;
    private final AtomicBoolean closed = new AtomicBoolean();

    private KernelDevice(Target target, KernelHandle handle, KernelAccess access) {
        this.target = target;
        this.handle = handle;
        this.access = access;
        DeviceInfo info = info(handle);
        regions = KernelRegions.of(handle, info.regions());
        irqs = new KernelIrqs(handle, info.irqs());
        dma = new KernelDma(handle, access);
        hotReset = new KernelHotReset(handle, access);
        features = new FeatureRequests(new KernelFeatures(handle));
        // Now that it is awake: later the question itself could wake it.
        boolean _ =
                features.supports(VfioFeature.LOW_POWER_ENTRY)
                        && features.supports(VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP)
                        && features.supports(VfioFeature.LOW_POWER_EXIT);
    }

    static KernelDevice open(PciAddress address, OpenOptions options) {
        return open(SysfsPci.of(address), KernelFiles.DEFAULT, options);
    }

    /** Opens, where sysfs and the device files may be elsewhere. */
    static KernelDevice open(SysfsPci sysfs, KernelFiles files, OpenOptions options) {
        int group = Preconditions.require(sysfs);
        return switch (options.kernelInterface()) {
            case GROUP -> openByGroup(sysfs, files, group, options);
            case CDEV -> openByCdev(sysfs, files, group, options);
            case AUTOMATIC ->
                    prefersCdev(sysfs, files, group, options)
                            ? openByCdev(sysfs, files, group, options)
                            : openByGroup(sysfs, files, group, options);
        };
    }

    private static boolean prefersCdev(
            SysfsPci sysfs, KernelFiles files, int group, OpenOptions options) {
        // The kernel opens a group's devices by one of the ways only, until all are closed.
        if (GroupAccess.isOpen(files, group)) {
            return false;
        }
        if (CdevAccess.isOpen(files, group)) {
            return true;
        }
        if (options.vfToken().isPresent() && KernelFiles.usable(files.group(group))) {
            // Older kernels take none with a character device, and 6.12 does not ask for it there.
            return false;
        }
        return KernelFiles.usable(files.iommufd())
                && sysfs.vfioDevice().map(files::device).filter(KernelFiles::usable).isPresent();
    }

    private static KernelDevice openByGroup(
            SysfsPci sysfs, KernelFiles files, int group, OpenOptions options) {
        GroupAccess access = GroupAccess.open(files, sysfs, group);
        try {
            return open(sysfs, access.openDevice(sysfs, options.vfToken()), access);
        } catch (RuntimeException refused) {
            access.close();
            throw refused;
        }
    }

    private static KernelDevice openByCdev(
            SysfsPci sysfs, KernelFiles files, int group, OpenOptions options) {
        if (sysfs.vfioDevice().isEmpty()) {
            throw Preconditions.noCdev(sysfs);
        }
        CdevAccess access = CdevAccess.open(files, sysfs, group);
        try {
            return open(sysfs, access.openDevice(files, sysfs, options.vfToken()), access);
        } catch (RuntimeException refused) {
            access.close();
            throw refused;
        }
    }

    private static KernelDevice open(SysfsPci sysfs, Fd fd, KernelAccess access) {
        KernelHandle handle = new KernelHandle(fd, sysfs);
        try {
            return new KernelDevice(new Target.Pci(sysfs.address()), handle, access);
        } catch (RuntimeException refused) {
            handle.close();
            throw refused;
        }
    }

    @Override
    public Target target() {
        return target;
    }

    @Override
    public Optional<Fd> descriptor() {
        return Optional.of(handle.fd());
    }

    // What it is

    @Override
    public DeviceInfo info() {
        return info(handle);
    }

    private static DeviceInfo info(KernelHandle handle) {
        int size = VfioDeviceInfo.LAYOUT.size();
        try (var block = handle.blocks().take(size)) {
            new VfioDeviceInfo(size, 0, 0, 0, 0).write(block.memory, 0);
            handle.require(
                    handle.call(Vfio.VFIO_DEVICE_GET_INFO, block.memory),
                    () -> "asking what %s is".formatted(handle.device()));
            VfioDeviceInfo info = VfioDeviceInfo.read(block.memory, 0);
            int flags = info.flags();
            return new DeviceInfo(
                    (flags & Vfio.VFIO_DEVICE_FLAGS_PCI) != 0,
                    (flags & Vfio.VFIO_DEVICE_FLAGS_RESET) != 0,
                    flags,
                    info.numRegions(),
                    info.numIrqs());
        }
    }

    @Override
    public RegionInfo region(int index) {
        return regions.region(index);
    }

    @Override
    public IrqInfo irq(int index) {
        return irqs.info(index);
    }

    // Regions

    @Override
    public byte readByte(int region, long offset) {
        return (byte) regions.readValue(region, offset, Byte.BYTES);
    }

    @Override
    public short readShort(int region, long offset) {
        return (short) regions.readValue(region, offset, Short.BYTES);
    }

    @Override
    public int readInt(int region, long offset) {
        return (int) regions.readValue(region, offset, Integer.BYTES);
    }

    @Override
    public long readLong(int region, long offset) {
        return regions.readValue(region, offset, Long.BYTES);
    }

    @Override
    public void read(
            int region, long offset, Memory destination, long destinationOffset, long length) {
        regions.read(region, offset, destination, destinationOffset, length);
    }

    @Override
    public void read(
            int region, long offset, byte[] destination, int destinationOffset, int length) {
        regions.read(region, offset, destination, destinationOffset, length);
    }

    @Override
    public void writeByte(int region, long offset, byte value) {
        regions.writeValue(region, offset, value, Byte.BYTES);
    }

    @Override
    public void writeShort(int region, long offset, short value) {
        regions.writeValue(region, offset, value, Short.BYTES);
    }

    @Override
    public void writeInt(int region, long offset, int value) {
        regions.writeValue(region, offset, value, Integer.BYTES);
    }

    @Override
    public void writeLong(int region, long offset, long value) {
        regions.writeValue(region, offset, value, Long.BYTES);
    }

    @Override
    public void write(int region, long offset, Memory source, long sourceOffset, long length) {
        regions.write(region, offset, source, sourceOffset, length);
    }

    @Override
    public void write(int region, long offset, byte[] source, int sourceOffset, int length) {
        regions.write(region, offset, source, sourceOffset, length);
    }

    // The kernel's writes are posted by the bus itself.

    @Override
    public void postInt(int region, long offset, int value) {
        writeInt(region, offset, value);
    }

    @Override
    public void postLong(int region, long offset, long value) {
        writeLong(region, offset, value);
    }

    @Override
    public void post(int region, long offset, Memory source, long sourceOffset, long length) {
        write(region, offset, source, sourceOffset, length);
    }

    @Override
    public MappedBar map(int region) {
        return regions.map(region);
    }

    @Override
    public Optional<RegionFile> regionFile(int index) {
        return regions.file(index);
    }

    // Interrupts

    @Override
    public void setInterrupts(RawInterrupts request) {
        irqs.set(request);
    }

    @Override
    public void enableInterrupts(int index, int start, List<EventFd> events) {
        irqs.enable(index, start, events);
    }

    @Override
    public void disableInterrupts(int index) {
        irqs.disable(index);
    }

    @Override
    public void disableInterrupts(int index, int start, int count) {
        irqs.disable(index, start, count);
    }

    @Override
    public void maskInterrupts(int index, int start, int count) {
        irqs.mask(index, start, count);
    }

    @Override
    public void unmaskInterrupts(int index, int start, int count) {
        irqs.unmask(index, start, count);
    }

    @Override
    public void unmaskInterruptBy(int index, int vector, EventFd event) {
        irqs.unmaskBy(index, vector, event);
    }

    @Override
    public void triggerInterrupts(int index, int start, int count) {
        irqs.trigger(index, start, count);
    }

    @Override
    public void enablePme(EventFd event) {
        throw new VfioException(
                Errno.EOPNOTSUPP,
                ("PME of %s is heard by the kernel, and vfio-pci shows none of it: enter low power"
                                + " with a wakeup, which PME signals by waking the device")
                        .formatted(target()));
    }

    @Override
    public void addIoEventFd(IoEvent write, EventFd event) {
        ioEventFd(write, Optional.of(event.fd()), "having an eventfd write");
    }

    @Override
    public void removeIoEventFd(IoEvent write) {
        ioEventFd(write, Optional.empty(), "undoing that an eventfd writes");
    }

    private void ioEventFd(IoEvent write, Optional<Fd> event, String what) {
        int size = VfioDeviceIoeventfd.LAYOUT.size();
        try (var block = handle.blocks().take(size)) {
            new VfioDeviceIoeventfd(
                            size,
                            write.width(), // The flag of each width is the width.
                            regions.position(write.region(), write.offset(), write.width()),
                            write.value(),
                            event.map(Fd::number).orElse(-1))
                    .write(block.memory, 0);
            handle.require(
                    handle.call(Vfio.VFIO_DEVICE_IOEVENTFD, block.memory, event.stream().toList()),
                    () ->
                            "%s %d bytes at 0x%x of region %d of %s"
                                    .formatted(
                                            what,
                                            write.width(),
                                            write.offset(),
                                            write.region(),
                                            target));
        }
    }

    // DMA

    @Override
    public String dmaDomain() {
        return access.dmaDomain();
    }

    @Override
    public DmaWindow mapDma(long iova, DmaMemory memory, DmaDirection direction) {
        return dma.map(iova, memory, direction);
    }

    @Override
    public DmaWindow mapDma(long iova, Memory memory, DmaDirection direction) {
        return dma.map(iova, memory, direction);
    }

    @Override
    public DmaWindow adoptDma(DmaWindow window) {
        return dma.adopt(window);
    }

    // Reset, features, power

    @Override
    public void reset() {
        int result = handle.call(Vfio.VFIO_DEVICE_RESET);
        if (result < 0) {
            Errno errno = Errno.of(-result);
            String advice =
                    errno.equals(Errno.EINVAL) || errno.equals(Errno.ENOTTY)
                            ? ": the device has no reset of its own (see DeviceInfo.resettable): try hotReset"
                            : "";
            throw handle.failed(errno, "resetting " + target, advice);
        }
    }

    @Override
    public List<HotResetDevice> hotResetInfo() {
        return hotReset.info();
    }

    @Override
    public void hotReset(List<VfioDevice> others) {
        List<KernelAccess> accesses = new ArrayList<>();
        for (VfioDevice other : others) {
            if (!(other instanceof KernelDevice device)) {
                throw new IllegalArgumentException(
                        "%s is no device of this machine: it cannot be reset with %s"
                                .formatted(other, target));
            }
            accesses.add(device.access);
        }
        hotReset.reset(accesses);
    }

    @Override
    public boolean supports(VfioFeature feature) {
        return features.supports(feature);
    }

    @Override
    public byte[] getFeature(int feature, int size) {
        return features.get(feature, size);
    }

    @Override
    public void setFeature(int feature, byte[] payload) {
        features.set(feature, payload);
    }

    @Override
    public byte[] feature(int flags, byte[] payload, int size) {
        return features.request(flags, payload, size);
    }

    @Override
    public void feature(RawFeature request) {
        features.request(request);
    }

    @Override
    public void enterLowPower() {
        features.enterLowPower();
    }

    @Override
    public void enterLowPower(Wakeup wakeup) {
        features.enterLowPower(wakeup);
    }

    @Override
    public void exitLowPower() {
        features.exitLowPower();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            // The device first, which ends its DMA; last the group, which others may share.
            handle.close();
            try {
                dma.close();
            } finally {
                access.close();
            }
        }
    }

    @Override
    public String toString() {
        return target.toString();
    }
}
