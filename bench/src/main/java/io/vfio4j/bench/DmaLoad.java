/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.DmaAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.util.Optional;

/**
 * DMA messages: the bench device is told to send many, and gets each answered. From one message to
 * the next is one round trip.
 */
final class DmaLoad implements Load {
    /** Bytes that one command moves, about: a slice has room for many commands. */
    private static final int BYTES_A_COMMAND = 1 << 20;

    private static final int MOST_MESSAGES = 64;
    private static final int FEWEST_MESSAGES = 8;
    private static final int DATA = VfioUserHeader.SIZE + DmaAccess.DATA;

    private final Connection connection;
    private final BenchDevice device;
    private final boolean write;
    private final int bytes;
    private final int messages;

    DmaLoad(Connection connection, BenchDevice device, boolean write, int bytes) {
        this.connection = connection;
        this.device = device;
        this.write = write;
        this.bytes = bytes;
        messages = Math.clamp(BYTES_A_COMMAND / bytes, FEWEST_MESSAGES, MOST_MESSAGES);
    }

    @Override
    public void run(Slice slice) {
        device.setDma(BenchDevice.IOVA, bytes, messages);
        do {
            command(slice);
        } while (slice.goesOn(System.nanoTime()));
        Optional<Errno> failure = device.dmaFailure();
        if (failure.isPresent()) {
            throw new RowFailure("the device's DMA failed with " + failure.get());
        }
    }

    private void command(Slice slice) {
        Memory out = connection.out();
        Memory in = connection.in();
        int size =
                Requests.write(
                        out, 0, BenchDevice.REGISTERS, BenchDevice.COMMAND, Integer.BYTES, false);
        out.putInt(Requests.ACCESS, write ? 2 : 1);
        connection.send(0, size);
        long before = 0;
        for (int served = 0; ; served++) {
            int frame = connection.receive();
            long now = System.nanoTime();
            if (served > 0) {
                slice.request(before, now);
            }
            before = now;
            if (VfioUserHeader.isReply(VfioUserHeader.flags(in, frame))) {
                connection.checkReply(frame, 0, Requests.ACCESS);
                if (served < messages) {
                    failEarly(served);
                }
                return;
            }
            answer(frame);
        }
    }

    private void failEarly(int served) {
        Optional<Errno> failure = device.dmaFailure();
        throw new RowFailure(
                "the device sent %d of %d DMA messages%s"
                        .formatted(served, messages, failure.map(it -> ": " + it).orElse("")));
    }

    private void answer(int frame) {
        Memory in = connection.in();
        int command = VfioUserHeader.command(in, frame);
        int expected = (write ? VfioUserCommand.DMA_WRITE : VfioUserCommand.DMA_READ).number();
        int address = frame + VfioUserHeader.SIZE;
        int size = DATA + (write ? bytes : 0);
        if (command != expected
                || connection.size() != size
                || DmaAccess.count(in, address) != bytes) {
            throw new RowFailure(
                    "the server sent command %d of %d bytes instead of a DMA message"
                            .formatted(command, connection.size()));
        }
        int reply = DATA + (write ? 0 : bytes);
        int id = VfioUserHeader.id(in, frame);
        VfioUserHeader.writeReply(connection.out(), 0, id, command, reply);
        DmaAccess.write(
                connection.out(), VfioUserHeader.SIZE, DmaAccess.address(in, address), bytes);
        connection.send(0, reply);
    }
}
