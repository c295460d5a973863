/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioUser;
import io.vfio4j.uapi.VfioUserCommand;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The server's end of a connection, for scripts: frames as byte arrays. */
final class Peer implements AutoCloseable {
    private final UnixStream stream;
    private final Memory buffer = Memory.allocate(2 << 20);
    private final FdBag bag = new FdBag();
    private final List<Fd> received = new ArrayList<>();

    /** A frame as it came. */
    @SuppressWarnings("ArrayRecordComponent")
    record Frame(int id, int command, int flags, int errno, byte[] payload, List<Fd> descriptors) {
        boolean noReply() {
            return (flags & VfioUser.VFIO_USER_F_NO_REPLY) != 0;
        }

        int u32(int offset) {
            return bytes().getInt(offset);
        }

        long u64(int offset) {
            return bytes().getLong(offset);
        }

        private ByteBuffer bytes() {
            return ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    Peer(UnixStream stream) {
        this.stream = stream;
    }

    /** Answers VERSION with 16 descriptors and the protocol's defaults. */
    Frame agree() {
        return agree(16, 1 << 20);
    }

    /** Answers VERSION with those limits. */
    Frame agree(int maxMsgFds, int maxDataXferSize) {
        return agree(maxMsgFds, maxDataXferSize, VersionCapabilities.LowPower.NONE);
    }

    /** Answers VERSION with those limits, and with what is agreed on for a device that sleeps. */
    Frame agree(int maxMsgFds, int maxDataXferSize, VersionCapabilities.LowPower lowPower) {
        Frame version = expect(VfioUserCommand.VERSION);
        var defaults = VersionCapabilities.DEFAULTS;
        var capabilities =
                new VersionCapabilities(
                        maxMsgFds,
                        maxDataXferSize,
                        defaults.maxDmaMaps(),
                        defaults.pgsizes(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        lowPower);
        reply(version, version(0, 0, capabilities.toJson()));
        return version;
    }

    static byte[] version(int major, int minor, String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return bytes(5 + text.length)
                .putShort((short) major)
                .putShort((short) minor)
                .put(text)
                .array();
    }

    static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Receives a frame, which must be that command. */
    Frame expect(VfioUserCommand command) {
        Frame frame =
                receive().orElseThrow(() -> new AssertionError("the client left, not " + command));
        assertThat(VfioUserCommand.of(frame.command())).contains(command);
        return frame;
    }

    /** Receives a frame; empty at the client's end. */
    Optional<Frame> receive() {
        if (!fill(0, 16)) {
            return Optional.empty();
        }
        int size = buffer.getInt(4);
        assertThat(size).isBetween(16, (int) buffer.size());
        assertThat(fill(16, size)).isTrue();
        byte[] payload = new byte[size - 16];
        buffer.get(16, payload, 0, payload.length);
        List<Fd> descriptors = new ArrayList<>();
        for (int i = 0; i < bag.count(); i++) {
            descriptors.add(bag.take(i));
        }
        bag.closeAll();
        received.addAll(descriptors);
        return Optional.of(
                new Frame(
                        buffer.getShort(0) & 0xffff,
                        buffer.getShort(2),
                        buffer.getInt(8),
                        buffer.getInt(12),
                        payload,
                        List.copyOf(descriptors)));
    }

    private boolean fill(int from, int to) {
        int done = from;
        while (done < to) {
            int count = receiveSome(done, to - done);
            if (count == 0) {
                assertThat(done).as("bytes of a frame that the client broke off").isZero();
                return false;
            }
            done += count;
        }
        return true;
    }

    private int receiveSome(int offset, int most) {
        try {
            return stream.receive(buffer, offset, most, bag);
        } catch (LinuxException reset) {
            return 0;
        }
    }

    /** Answers that all went well. */
    void reply(Frame request, byte[] payload, Fd... descriptors) {
        send(
                header(request.id(), request.command(), 16 + payload.length, 1, 0),
                payload,
                descriptors);
    }

    /** Answers a read with those bytes. */
    void replyRead(Frame request, byte[] data) {
        reply(request, access(request, data));
    }

    static byte[] access(Frame request, byte[] data) {
        return bytes(16 + data.length)
                .putLong(request.u64(0))
                .putInt(request.u32(8))
                .putInt(data.length)
                .put(data)
                .array();
    }

    /** Answers a write. */
    void replyWrite(Frame request) {
        reply(request, java.util.Arrays.copyOf(request.payload(), 16));
    }

    /** Answers that it failed. */
    void error(Frame request, int errno) {
        send(header(request.id(), request.command(), 16, 0x21, errno), new byte[0]);
    }

    /** Sends a command of the server's own, with id 7. */
    void command(VfioUserCommand command, byte[] payload) {
        send(header(7, command.number(), 16 + payload.length, 0, 0), payload);
    }

    void dmaRead(long address, long count) {
        command(VfioUserCommand.DMA_READ, bytes(16).putLong(address).putLong(count).array());
    }

    void dmaWrite(long address, byte[] data) {
        command(
                VfioUserCommand.DMA_WRITE,
                bytes(16 + data.length).putLong(address).putLong(data.length).put(data).array());
    }

    /** The answer to a command of the server's own. */
    Frame expectReply(VfioUserCommand command) {
        Frame frame = expect(command);
        assertThat(frame.id()).isEqualTo(7);
        assertThat(frame.flags() & 0xf).isEqualTo(1);
        return frame;
    }

    static byte[] header(int id, int command, int size, int flags, int errno) {
        return bytes(16)
                .putShort((short) id)
                .putShort((short) command)
                .putInt(size)
                .putInt(flags)
                .putInt(errno)
                .array();
    }

    void send(byte[] header, byte[] payload, Fd... descriptors) {
        raw(bytes(header.length + payload.length).put(header).put(payload).array(), descriptors);
    }

    /** Sends bytes as they are. */
    void raw(byte[] bytes, Fd... descriptors) {
        try (Memory memory = Memory.allocate(bytes.length)) {
            memory.put(0, bytes, 0, bytes.length);
            stream.send(memory, 0, bytes.length, List.of(descriptors));
        } catch (LinuxException gone) {
            // The client may have left; the test looks at the client.
        }
    }

    /** Waits for the client's end: what it still sends is passed over. */
    void expectEnd() {
        while (receiveSome(0, 4096) > 0) {
            bag.closeAll();
        }
    }

    /** Waits for the client to send something, or to leave. */
    boolean await(Duration timeout) {
        return stream.awaitReadable(timeout);
    }

    @Override
    public void close() {
        received.forEach(Fd::close);
        bag.close();
        buffer.close();
    }
}
