/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.VfioIrqSet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A request of somebody's in the kernel's words, to which descriptors are numbers behind the fixed
 * part. What numbers cannot tell becomes a request that is too short: so it is the kernel that
 * refuses it, after it has woken the device (spec A2).
 */
final class KernelIrqRequest {
    private static final int NO_EVENTFD = -1;

    private final VfioIrqSet fixed;
    private final byte[] data;
    private final List<Fd> named;

    private KernelIrqRequest(VfioIrqSet fixed, byte[] data, List<Fd> named) {
        this.fixed = fixed;
        this.data = data;
        this.named = named;
    }

    static KernelIrqRequest of(RawInterrupts raw) {
        List<Fd> named = raw.descriptors();
        boolean numbers = raw.byEventFds();
        if (!named.isEmpty()
                && !(numbers && Integer.compareUnsigned(named.size(), raw.count()) <= 0)) {
            return new KernelIrqRequest(withArgsz(raw, 0), new byte[0], List.of());
        }
        if (!numbers) {
            return new KernelIrqRequest(raw.request(), raw.data(), List.of());
        }
        int size = VfioIrqSet.LAYOUT.size();
        byte[] data = numbers(raw);
        // On the wire they are not part of the size.
        boolean tooShort = Integer.compareUnsigned(raw.argsz(), size) < 0;
        int argsz = tooShort ? raw.argsz() : size + data.length;
        return new KernelIrqRequest(withArgsz(raw, argsz), data, named);
    }

    private static VfioIrqSet withArgsz(RawInterrupts raw, int argsz) {
        return new VfioIrqSet(argsz, raw.flags(), raw.index(), raw.start(), raw.count());
    }

    /** As many as there are descriptors; without any, none for each interrupt there can be. */
    private static byte[] numbers(RawInterrupts raw) {
        long count = Math.min(Integer.toUnsignedLong(raw.count()), IrqRequests.MAX_VECTORS);
        int[] numbers =
                raw.descriptors().isEmpty()
                        ? IntStream.generate(() -> NO_EVENTFD).limit(count).toArray()
                        : raw.descriptors().stream().mapToInt(Fd::number).toArray();
        ByteBuffer data =
                ByteBuffer.allocate(numbers.length * Integer.BYTES).order(ByteOrder.nativeOrder());
        data.asIntBuffer().put(numbers);
        return data.array();
    }

    VfioIrqSet fixed() {
        return fixed;
    }

    /** What comes behind the fixed part; given away. */
    byte[] data() {
        return data;
    }

    /** The descriptors that the numbers are of. */
    List<Fd> named() {
        return named;
    }
}
