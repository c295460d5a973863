/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqInfo;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioUserCommand;

import java.util.List;

/** DEVICE_GET_IRQ_INFO and DEVICE_SET_IRQS. */
final class IrqRequests {
    private static final int PAYLOAD = Frames.PAYLOAD;

    /** MSI-X has 2048 vectors, nothing has more. */
    static final int MAX_VECTORS = 1 << 16;

    private final VfioUserConnection connection;
    private final int maxDescriptors;

    /**
     * Requests of that connection.
     *
     * @param maxDescriptors how many go with one message at most
     */
    IrqRequests(VfioUserConnection connection, int maxDescriptors) {
        this.connection = connection;
        this.maxDescriptors = maxDescriptors;
    }

    IrqInfo info(int index) {
        int size = VfioIrqInfo.LAYOUT.size();
        connection.begin();
        try {
            new VfioIrqInfo(size, 0, index, 0).write(connection.out, PAYLOAD);
            int length = connection.call(VfioUserCommand.DEVICE_GET_IRQ_INFO, size, size);
            Answers.require(
                    connection,
                    length,
                    size,
                    () ->
                            "asking for interrupt index %d of %s"
                                    .formatted(index, connection.device()));
            VfioIrqInfo info = VfioIrqInfo.read(connection.in, PAYLOAD);
            Answers.requireCount(connection, info.count(), MAX_VECTORS, "interrupts");
            return new IrqInfo(index, info.flags(), info.count());
        } finally {
            connection.end();
        }
    }

    void enable(int index, int start, List<EventFd> events) {
        requireVectors(start, events.size());
        if (maxDescriptors == 0) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    "the server of %s takes no descriptors, so no eventfds: it cannot interrupt"
                            .formatted(connection.device()));
        }
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        connection.begin();
        try {
            int done = 0;
            while (done < events.size()) {
                int count = Math.min(events.size() - done, maxDescriptors);
                List<Fd> descriptors =
                        events.subList(done, done + count).stream().map(EventFd::fd).toList();
                try {
                    setIrqs(flags, index, start + done, count, descriptors);
                } catch (ConnectionLostException lost) {
                    throw lost;
                } catch (VfioException refused) {
                    disableQuietly(index, start, done);
                    throw refused;
                }
                done += count;
            }
        } finally {
            connection.end();
        }
    }

    private void disableQuietly(int index, int start, int count) {
        if (count > 0) {
            try {
                deassign(index, start, count);
            } catch (VfioException _) {
                // The refusal that led here tells more.
            }
        }
    }

    void disable(int index) {
        connection.begin();
        try {
            int flags = Vfio.VFIO_IRQ_SET_DATA_NONE | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
            setIrqs(flags, index, 0, 0, List.of());
        } finally {
            connection.end();
        }
    }

    void disable(int index, int start, int count) {
        requireVectors(start, count);
        connection.begin();
        try {
            deassign(index, start, count);
        } finally {
            connection.end();
        }
    }

    private void deassign(int index, int start, int count) {
        // Eventfds, none of them given.
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        setIrqs(flags, index, start, count, List.of());
    }

    void mask(int index, int start, int count) {
        act(Vfio.VFIO_IRQ_SET_ACTION_MASK, index, start, count);
    }

    void unmask(int index, int start, int count) {
        act(Vfio.VFIO_IRQ_SET_ACTION_UNMASK, index, start, count);
    }

    void trigger(int index, int start, int count) {
        act(Vfio.VFIO_IRQ_SET_ACTION_TRIGGER, index, start, count);
    }

    private void act(int action, int index, int start, int count) {
        requireVectors(start, count);
        connection.begin();
        try {
            setIrqs(Vfio.VFIO_IRQ_SET_DATA_NONE | action, index, start, count, List.of());
        } finally {
            connection.end();
        }
    }

    void unmaskBy(int index, int vector, EventFd event) {
        requireVectors(vector, 1);
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
        connection.begin();
        try {
            setIrqs(flags, index, vector, 1, List.of(event.fd()));
        } finally {
            connection.end();
        }
    }

    /** Made as it is. */
    void set(RawInterrupts raw) {
        if (raw.descriptors().size() > maxDescriptors) {
            throw new VfioException(
                    Errno.E2BIG,
                    "%s of %s: its server takes %d descriptors with a message, not %d: ask for fewer at a time"
                            .formatted(
                                    raw,
                                    connection.device(),
                                    maxDescriptors,
                                    raw.descriptors().size()));
        }
        byte[] data = raw.data();
        int size = VfioIrqSet.LAYOUT.size();
        connection.begin();
        try {
            raw.request().write(connection.out, PAYLOAD);
            connection.out.put(PAYLOAD + (long) size, data, 0, data.length);
            int all = size + data.length;
            int length =
                    connection.call(VfioUserCommand.DEVICE_SET_IRQS, all, all, raw.descriptors());
            Answers.require(
                    connection, length, 0, () -> "%s of %s".formatted(raw, connection.device()));
        } finally {
            connection.end();
        }
    }

    private void setIrqs(int flags, int index, int start, int count, List<Fd> descriptors) {
        int size = VfioIrqSet.LAYOUT.size();
        new VfioIrqSet(size, flags, index, start, count).write(connection.out, PAYLOAD);
        int length = connection.call(VfioUserCommand.DEVICE_SET_IRQS, size, size, descriptors);
        Answers.require(
                connection,
                length,
                0,
                () ->
                        "setting interrupts %d to %d of index %d of %s"
                                .formatted(
                                        start,
                                        Math.max(start, start + count - 1),
                                        index,
                                        connection.device()));
    }

    /** Refuses what no device can have. */
    static void requireVectors(int start, int count) {
        if (start < 0 || count < 1 || start > MAX_VECTORS - count) {
            throw new IllegalArgumentException(
                    "%d interrupts from %d on: there are some, from 0 on".formatted(count, start));
        }
    }
}
