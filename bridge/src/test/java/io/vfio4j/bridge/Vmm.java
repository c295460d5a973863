/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A VMM such as QEMU, which knows nothing of low power: it negotiates neither that it bears faults
 * nor PME, maps its guest's view of the BARs for DMA without a descriptor, and speaks in bytes, so
 * that it can say anything. It never waits for ever.
 */
final class Vmm implements AutoCloseable {
    static final int READ_WRITE = 3;
    private static final int ERROR = 0x20;
    private static final int REPLY = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String CAPABILITIES =
            "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576}}";

    private final UnixStream stream;
    private final Memory in = Memory.allocate(2 << 20);
    private final int pmcsr;
    private int nextId;

    /** A reply: 0 or an errno, what follows the header, and the descriptors. */
    @SuppressWarnings("ArrayRecordComponent")
    record Reply(int errno, byte[] payload, List<Fd> fds) {
        ByteBuffer buffer() {
            return ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        }

        /** Only the errno is wanted. */
        int done() {
            fds.forEach(Fd::close);
            return errno;
        }
    }

    Vmm(Path socket) {
        stream = UnixStream.connect(socket);
        try {
            int refusal =
                    call(
                                    VfioUserCommand.VERSION,
                                    out ->
                                            out.putShort((short) 0)
                                                    .putShort((short) 0)
                                                    .put(
                                                            CAPABILITIES.getBytes(
                                                                    StandardCharsets.US_ASCII))
                                                    .put((byte) 0))
                            .done();
            if (refusal != 0) {
                throw new Refused(refusal);
            }
            pmcsr = capability(PciRegs.PCI_CAP_ID_PM) + PciRegs.PCI_PM_CTRL;
        } catch (RuntimeException | Error refused) {
            close();
            throw refused;
        }
    }

    /** VERSION was refused. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        final int errno;

        Refused(int errno) {
            super("refused with errno " + errno);
            this.errno = errno;
        }
    }

    private int capability(int id) {
        int at = load(Bridged.CONFIG, PciRegs.PCI_CAPABILITY_LIST, 1);
        for (int i = 0; i < 48 && at != 0 && load(Bridged.CONFIG, at, 1) != id; i++) {
            at = load(Bridged.CONFIG, at + 1, 1);
        }
        return at;
    }

    // ---- frames ----

    Reply call(VfioUserCommand command, Consumer<ByteBuffer> payload, Fd... fds) {
        int id = send(command.number(), 0, payload, fds);
        return receive(id);
    }

    /** Says something, and hears nothing of it. */
    void post(VfioUserCommand command, Consumer<ByteBuffer> payload) {
        int _ = send(command.number(), 0x10, payload);
    }

    private int send(int command, int flags, Consumer<ByteBuffer> payload, Fd... fds) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        int id = ++nextId & 0x7fff;
        buffer.position(VfioUserHeader.SIZE);
        payload.accept(buffer);
        int size = buffer.position();
        buffer.putShort(0, (short) id)
                .putShort(2, (short) command)
                .putInt(4, size)
                .putInt(8, flags);
        try (Memory out = Memory.allocate(size)) {
            out.put(0, buffer.array(), 0, size);
            if (fds.length == 0) {
                stream.send(out, 0, size);
            } else {
                stream.send(out, 0, size, List.of(fds));
            }
        }
        return id;
    }

    private Reply receive(int id) {
        FdBag bag = new FdBag();
        fill(0, VfioUserHeader.SIZE, bag);
        int size = (int) VfioUserHeader.size(in, 0);
        fill(VfioUserHeader.SIZE, size, bag);
        if (VfioUserHeader.id(in, 0) != id || (VfioUserHeader.flags(in, 0) & 0xf) != REPLY) {
            throw new AssertionError("a reply to something else");
        }
        byte[] payload = new byte[size - VfioUserHeader.SIZE];
        in.get(VfioUserHeader.SIZE, payload, 0, payload.length);
        List<Fd> fds = new ArrayList<>();
        for (int i = 0; i < bag.count(); i++) {
            fds.add(bag.take(i));
        }
        boolean error = (VfioUserHeader.flags(in, 0) & ERROR) != 0;
        return new Reply(error ? VfioUserHeader.errno(in, 0) : 0, payload, fds);
    }

    private void fill(int from, int to, FdBag bag) {
        int held = from;
        while (held < to) {
            if (!stream.awaitReadable(PATIENCE)) {
                throw new AssertionError("no answer for " + PATIENCE);
            }
            int got = receive(held, to, bag);
            if (got == 0) {
                throw new AssertionError("the bridge hung up");
            }
            held += got;
        }
    }

    private int receive(int held, int to, FdBag bag) {
        try {
            return stream.receive(in, held, to - held, bag);
        } catch (LinuxException reset) {
            return 0;
        }
    }

    /** Whether the bridge has hung up. */
    boolean hungUpOn() {
        return stream.peerClosed();
    }

    // ---- regions ----

    private static Consumer<ByteBuffer> access(int region, long offset, int count) {
        return out -> out.putLong(offset).putInt(region).putInt(count);
    }

    /** The bytes, or an errno. */
    Reply read(int region, long offset, int count) {
        return call(VfioUserCommand.REGION_READ, access(region, offset, count));
    }

    /** 0, or an errno. */
    int write(int region, long offset, byte... data) {
        return call(
                        VfioUserCommand.REGION_WRITE,
                        access(region, offset, data.length).andThen(out -> out.put(data)))
                .done();
    }

    int load(int region, long offset, int width) {
        Reply reply = read(region, offset, width);
        if (reply.done() != 0) {
            throw new AssertionError("REGION_READ: errno " + reply.errno());
        }
        int value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | (reply.payload()[16 + i] & 0xff);
        }
        return value;
    }

    void store(int region, long offset, int width, int value) {
        int errno = write(region, offset, bytes(width, value));
        if (errno != 0) {
            throw new AssertionError("REGION_WRITE: errno " + errno);
        }
    }

    static byte[] bytes(int width, int value) {
        byte[] data = new byte[width];
        for (int i = 0; i < width; i++) {
            data[i] = (byte) (value >> (8 * i));
        }
        return data;
    }

    /** The file of a BAR that can be mapped; none if it cannot. */
    List<Fd> barFile(int bar) {
        return call(
                        VfioUserCommand.DEVICE_GET_REGION_INFO,
                        out -> out.putInt(64).putInt(0).putInt(bar).putInt(0).putLong(0).putLong(0))
                .fds();
    }

    // ---- what a guest and its VMM do ----

    int pmcsrOffset() {
        return pmcsr;
    }

    int pmcsr() {
        return load(Bridged.CONFIG, pmcsr, 2);
    }

    /** As Linux writes it: both bytes; 0 or an errno. */
    int power(int bits) {
        return write(Bridged.CONFIG, pmcsr, bytes(2, bits));
    }

    int d3hot() {
        return power(3);
    }

    int d0() {
        return power(0);
    }

    /** The guest's firmware gives a BAR its place. */
    void place(int bar, int address) {
        store(Bridged.CONFIG, PciRegs.PCI_BASE_ADDRESS_0 + 4L * bar, 4, address);
    }

    /** What a VMM does with whatever it has in its guest's memory, a BAR too: no descriptor. */
    int map(long iova, long size, int flags, Fd... fds) {
        return call(
                        VfioUserCommand.DMA_MAP,
                        out -> out.putInt(32).putInt(flags).putLong(0).putLong(iova).putLong(size),
                        fds)
                .done();
    }

    int unmap(long iova, long size) {
        return call(
                        VfioUserCommand.DMA_UNMAP,
                        out -> out.putInt(24).putInt(0).putLong(iova).putLong(size))
                .done();
    }

    int reset() {
        return call(VfioUserCommand.DEVICE_RESET, _ -> {}).done();
    }

    /** Any request that asks for nothing. */
    int info() {
        return call(
                        VfioUserCommand.DEVICE_GET_INFO,
                        out -> out.putInt(16).putInt(0).putInt(0).putInt(0))
                .done();
    }

    int interrupts(int flags, int index, int start, int count, byte[] data, Fd... fds) {
        return call(
                        VfioUserCommand.DEVICE_SET_IRQS,
                        out ->
                                out.putInt(20 + data.length)
                                        .putInt(flags)
                                        .putInt(index)
                                        .putInt(start)
                                        .putInt(count)
                                        .put(data),
                        fds)
                .done();
    }

    int feature(int argsz, int flags, byte[] data, Fd... fds) {
        return call(
                        VfioUserCommand.DEVICE_FEATURE,
                        out -> out.putInt(argsz).putInt(flags).put(data),
                        fds)
                .done();
    }

    @Override
    public void close() {
        stream.close();
        in.close();
    }
}
