/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioUser;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserDeviceInfo;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A device behind a vfio-user socket: each method is the frames of one kind of request. */
final class VfioUserDevice implements VfioDevice {
    private static final int PAYLOAD = Frames.PAYLOAD;

    /** More regions or interrupt indices than any device has. */
    private static final int MAX_INDICES = 1024;

    /** How many connections there have been. */
    private static final AtomicLong CONNECTIONS = new AtomicLong();

    private final Target target;
    private final long number = CONNECTIONS.incrementAndGet();
    private final VfioUserConnection connection;
    private final RegionRequests regions;
    private final IrqRequests irqs;
    private final DmaRequests dma;
    private final FeatureRequests features;
    private final boolean pmeAgreed;
    private final AtomicBoolean closed = new AtomicBoolean();

    // Belongs to the thread inside the connection, and to close after the connection's.
    private final Map<Integer, MappableRegion> mappable = new HashMap<>();

    private VfioUserDevice(
            Target target,
            VfioUserConnection connection,
            ServedWindows windows,
            VersionCapabilities server,
            OpenOptions options) {
        this.target = target;
        this.connection = connection;
        pmeAgreed = server.lowPower().pme();
        int maxTransfer = (int) Math.min(options.maxTransfer(), server.maxDataXferSize());
        regions = new RegionRequests(connection, windows, maxTransfer);
        irqs = new IrqRequests(connection, Math.min(server.maxMsgFds(), Frames.MAX_DESCRIPTORS));
        dma = new DmaRequests(connection, windows);
        features = new FeatureRequests(new VfioUserFeatures(connection));
    }

    static VfioUserDevice connect(Path socket, OpenOptions options) {
        Target target = new Target.VfioUser(socket);
        UnixStream socketStream = Handshake.connect(socket, options.answerTimeout());
        FrameStream stream =
                new FrameStream(target.toString(), socketStream, options.answerTimeout());
        ServedWindows windows = new ServedWindows();
        VfioUserConnection connection =
                new VfioUserConnection(stream, new DmaServer(stream, windows));
        try {
            VersionCapabilities server = Handshake.negotiate(connection, socket);
            return new VfioUserDevice(target, connection, windows, server, options);
        } catch (RuntimeException refused) {
            connection.close();
            throw refused;
        }
    }

    @Override
    public Target target() {
        return target;
    }

    @Override
    public Optional<Fd> descriptor() {
        return Optional.empty();
    }

    // What it is

    @Override
    public DeviceInfo info() {
        int size = VfioUserDeviceInfo.LAYOUT.size();
        connection.begin();
        try {
            new VfioUserDeviceInfo(size, 0, 0, 0).write(connection.out, PAYLOAD);
            int length = connection.call(VfioUserCommand.DEVICE_GET_INFO, size, size);
            Answers.require(connection, length, size, () -> "asking what " + target + " is");
            VfioUserDeviceInfo info = VfioUserDeviceInfo.read(connection.in, PAYLOAD);
            Answers.requireCount(connection, info.numRegions(), MAX_INDICES, "regions");
            Answers.requireCount(connection, info.numIrqs(), MAX_INDICES, "interrupt indices");
            int flags = info.flags();
            return new DeviceInfo(
                    (flags & Vfio.VFIO_DEVICE_FLAGS_PCI) != 0,
                    (flags & Vfio.VFIO_DEVICE_FLAGS_RESET) != 0,
                    flags,
                    info.numRegions(),
                    info.numIrqs());
        } finally {
            connection.end();
        }
    }

    @Override
    public RegionInfo region(int index) {
        connection.begin();
        try {
            return askRegion(index).info();
        } finally {
            connection.end();
        }
    }

    /** Keeps the descriptor that it has where the new one is of the same file. */
    private MappableRegion askRegion(int index) {
        MappableRegion region = RegionQuery.ask(connection, index);
        MappableRegion before = mappable.get(index);
        if (before != null && before.hasSameFile(region)) {
            region.close();
            region = new MappableRegion(region.info(), region.offset(), before.descriptor());
        } else if (before != null) {
            before.close();
        }
        mappable.put(index, region);
        return region;
    }

    @Override
    public Optional<RegionFile> regionFile(int index) {
        connection.begin();
        try {
            return knownRegion(index).file();
        } finally {
            connection.end();
        }
    }

    private MappableRegion knownRegion(int index) {
        MappableRegion known = mappable.get(index);
        return known == null ? askRegion(index) : known;
    }

    @Override
    public IrqInfo irq(int index) {
        return irqs.info(index);
    }

    // Regions

    @Override
    public byte readByte(int region, long offset) {
        return regions.readByte(region, offset);
    }

    @Override
    public short readShort(int region, long offset) {
        return regions.readShort(region, offset);
    }

    @Override
    public int readInt(int region, long offset) {
        return regions.readInt(region, offset);
    }

    @Override
    public long readLong(int region, long offset) {
        return regions.readLong(region, offset);
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
        regions.writeByte(region, offset, value);
    }

    @Override
    public void writeShort(int region, long offset, short value) {
        regions.writeShort(region, offset, value);
    }

    @Override
    public void writeInt(int region, long offset, int value) {
        regions.writeInt(region, offset, value);
    }

    @Override
    public void writeLong(int region, long offset, long value) {
        regions.writeLong(region, offset, value);
    }

    @Override
    public void write(int region, long offset, Memory source, long sourceOffset, long length) {
        regions.write(region, offset, source, sourceOffset, length);
    }

    @Override
    public void write(int region, long offset, byte[] source, int sourceOffset, int length) {
        regions.write(region, offset, source, sourceOffset, length);
    }

    @Override
    public void postInt(int region, long offset, int value) {
        regions.postInt(region, offset, value);
    }

    @Override
    public void postLong(int region, long offset, long value) {
        regions.postLong(region, offset, value);
    }

    @Override
    public void post(int region, long offset, Memory source, long sourceOffset, long length) {
        regions.post(region, offset, source, sourceOffset, length);
    }

    @Override
    public MappedBar map(int region) {
        connection.begin();
        try {
            return knownRegion(region).map(target.toString());
        } finally {
            connection.end();
        }
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
        if (!pmeAgreed) {
            throw behindSocket(
                    "the server of %s has no interrupt for PME: read PME_Status of PMCSR instead");
        }
        int index = VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX;
        if (info().irqs() <= index || irq(index).count() == 0) {
            throw behindSocket("%s cannot signal PME");
        }
        irqs.enable(index, 0, List.of(event));
    }

    @Override
    public void addIoEventFd(IoEvent write, EventFd event) {
        throw behindSocket("the server of %s is the one to say which eventfds it wants");
    }

    @Override
    public void removeIoEventFd(IoEvent write) {
        throw behindSocket("the server of %s is the one to say which eventfds it wants");
    }

    private VfioException behindSocket(String why) {
        return new VfioException(Errno.EOPNOTSUPP, why.formatted(target));
    }

    // DMA

    /** The server has an address space for each of its clients. */
    @Override
    public String dmaDomain() {
        return "%s connection %d".formatted(target, number);
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
        connection.begin();
        try {
            int length = connection.call(VfioUserCommand.DEVICE_RESET, 0, 0);
            Answers.require(connection, length, 0, () -> "resetting " + target);
        } finally {
            connection.end();
        }
    }

    @Override
    public List<HotResetDevice> hotResetInfo() {
        throw behindSocket("%s is behind a socket, on no bus that could be reset");
    }

    @Override
    public void hotReset(List<VfioDevice> others) {
        throw behindSocket("%s is behind a socket, on no bus that could be reset");
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
            connection.close();
            mappable.values().forEach(MappableRegion::close);
            dma.join();
        }
    }

    @Override
    public String toString() {
        return target.toString();
    }
}
