/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;

import java.util.List;

/**
 * A SET_IRQS request as somebody made it for vfio-user, right or wrong, to be passed on: the device
 * behind is the one to judge. {@link VfioDevice#setInterrupts} makes it. Immutable; the descriptors
 * stay their owner's.
 */
public final class RawInterrupts {
    /** Bytes of the fixed part. */
    private static final int FIXED = VfioIrqSet.LAYOUT.size();

    /** Bytes of data, more than any device looks at. */
    private static final int MAX_DATA = 1 << 16;

    private final VfioIrqSet request;
    private final byte[] data;
    private final List<Fd> descriptors;

    private RawInterrupts(VfioIrqSet request, byte[] data, List<Fd> descriptors) {
        this.request = request;
        this.data = data;
        this.descriptors = descriptors;
    }

    /**
     * A request that says rightly how long it is.
     *
     * @param flags {@code VFIO_IRQ_SET_DATA_*} and {@code VFIO_IRQ_SET_ACTION_*}
     * @param index the interrupt index
     * @param start the first interrupt, unsigned
     * @param count how many, unsigned
     * @param data the bytes behind the fixed part: for {@code DATA_BOOL} one for each interrupt
     * @throws IllegalArgumentException for more than 65536 of them, which no device looks at
     */
    public static RawInterrupts of(int flags, int index, int start, int count, byte... data) {
        if (data.length > MAX_DATA) {
            throw new IllegalArgumentException(
                    "%d bytes are data for more interrupts than any device has"
                            .formatted(data.length));
        }
        return new RawInterrupts(
                new VfioIrqSet(FIXED + data.length, flags, index, start, count),
                data.clone(),
                List.of());
    }

    /**
     * This request, saying that it has another size.
     *
     * @param size bytes of the fixed part and the data, unsigned
     */
    public RawInterrupts withArgsz(int size) {
        return new RawInterrupts(
                new VfioIrqSet(
                        size, request.flags(), request.index(), request.start(), request.count()),
                data,
                descriptors);
    }

    /**
     * This request with descriptors beside it: eventfds for the interrupts from the first on, for
     * {@code DATA_EVENTFD}; without any, it takes away those that there are.
     *
     * @param given the descriptors, to be kept open until the request was made
     */
    public RawInterrupts withDescriptors(List<Fd> given) {
        return new RawInterrupts(request, data, List.copyOf(given));
    }

    /** What it says of its own size. */
    public int argsz() {
        return request.argsz();
    }

    /** Data kind and action. */
    public int flags() {
        return request.flags();
    }

    /** The interrupt index. */
    public int index() {
        return request.index();
    }

    /** The first interrupt. */
    public int start() {
        return request.start();
    }

    /** How many interrupts. */
    public int count() {
        return request.count();
    }

    /** The bytes behind the fixed part; a copy. */
    public byte[] data() {
        return data.clone();
    }

    /** What goes beside it. */
    public List<Fd> descriptors() {
        return descriptors;
    }

    /** The fixed part. */
    VfioIrqSet request() {
        return request;
    }

    /** Whether its data is eventfds and nothing else, as far as the request says. */
    boolean byEventFds() {
        return (request.flags() & Vfio.VFIO_IRQ_SET_DATA_TYPE_MASK)
                == Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
    }

    /** Whether it sets what interrupts lead to, or disables them. */
    boolean triggers() {
        return (request.flags() & Vfio.VFIO_IRQ_SET_ACTION_TYPE_MASK)
                == Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
    }

    @Override
    public String toString() {
        return "setting %s interrupts from %s on of index %s with flags 0x%x"
                .formatted(
                        Integer.toUnsignedString(request.count()),
                        Integer.toUnsignedString(request.start()),
                        Integer.toUnsignedString(request.index()),
                        request.flags());
    }
}
