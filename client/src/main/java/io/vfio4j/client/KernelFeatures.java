/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeature;
import io.vfio4j.uapi.VfioFeature;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** VFIO_DEVICE_FEATURE. */
final class KernelFeatures implements FeaturePort {
    private static final int HEADER = VfioDeviceFeature.LAYOUT.size();
    private static final int MOST = (1 << 20) - HEADER;

    private static final int STATE_SIZE = VfioFeature.MIG_DEVICE_STATE.kernelPayload();

    /** Where the descriptor is in the migration state. */
    private static final int DATA_FD = 4;

    private final KernelHandle handle;

    KernelFeatures(KernelHandle handle) {
        this.handle = handle;
    }

    @Override
    public String device() {
        return handle.device();
    }

    @Override
    public int most() {
        return MOST;
    }

    @Override
    public FeatureAnswer request(int flags, byte[] payload, int size, Optional<Fd> descriptor) {
        int room = Math.max(payload.length, size);
        try (var block = handle.blocks().take(HEADER + room)) {
            Memory memory = block.memory;
            new VfioDeviceFeature(HEADER + room, flags).write(memory, 0);
            memory.fill(HEADER, room, (byte) 0);
            fill(memory, 0, payload, descriptor);
            int result = call(flags, memory, 0, descriptor);
            if (result < 0) {
                return FeatureAnswer.refused(-result);
            }
            return answer(flags, payload.length, size, memory);
        }
    }

    /** What the kernel has left in the block, as far as it was asked for. */
    FeatureAnswer answer(int flags, int payload, int size, Memory memory) {
        byte[] data = new byte[Math.min(size, own(flags, payload, size))];
        if (data.length < STATE_SIZE && payload >= STATE_SIZE) {
            // The caller will not see the descriptor that may be there.
            byte[] state = new byte[STATE_SIZE];
            memory.get(HEADER, state, 0, STATE_SIZE);
            discard(flags, FeatureAnswer.of(state));
        }
        memory.get(HEADER, data, 0, data.length);
        return FeatureAnswer.of(data);
    }

    /** The kernel does not say how much data it gave: what is known of the feature must do. */
    private static int own(int flags, int payload, int size) {
        boolean get = (flags & Vfio.VFIO_DEVICE_FEATURE_GET) != 0;
        return VfioFeature.of(flags & Vfio.VFIO_DEVICE_FEATURE_MASK)
                .filter(_ -> get)
                .map(feature -> Math.max(payload, feature.kernelPayload()))
                .orElse(size);
    }

    /** What the size promises beyond the payload is not there: that is the point of it. */
    @Override
    public FeatureAnswer request(RawFeature raw) {
        byte[] payload = raw.payload();
        int size = HEADER + payload.length;
        try (var block = ArgumentBlocks.BEFORE_GAP.take(size)) {
            Memory memory = block.memory;
            long at = memory.size() - size;
            new VfioDeviceFeature(raw.argsz(), raw.flags()).write(memory, at);
            fill(memory, at, payload, raw.descriptor());
            int result = call(raw.flags(), memory, at, raw.descriptor());
            if (result < 0) {
                return FeatureAnswer.refused(-result);
            }
            byte[] data = new byte[payload.length];
            memory.get(at + HEADER, data, 0, data.length);
            discard(raw.flags(), FeatureAnswer.of(data));
            return FeatureAnswer.of();
        }
    }

    private static void fill(Memory memory, long at, byte[] payload, Optional<Fd> descriptor) {
        memory.put(at + HEADER, payload, 0, payload.length);
        descriptor.ifPresent(fd -> memory.putInt(at + HEADER, fd.number()));
    }

    private int call(int flags, Memory memory, long at, Optional<Fd> descriptor) {
        List<Fd> named = descriptor.stream().toList();
        int result = handle.call(Vfio.VFIO_DEVICE_FEATURE, memory, at, named);
        if (result >= 0 && performs(flags, VfioFeature.DMA_BUF, Vfio.VFIO_DEVICE_FEATURE_GET)) {
            // A descriptor, which nobody here can take: DmaBuf makes this call itself.
            Fd.own(result).close();
            return 0;
        }
        return result;
    }

    private static boolean performs(int flags, VfioFeature feature, int operation) {
        return (flags & Vfio.VFIO_DEVICE_FEATURE_MASK) == feature.number()
                && (flags & operation) != 0
                && (flags & Vfio.VFIO_DEVICE_FEATURE_PROBE) == 0;
    }

    @Override
    public void discard(int flags, FeatureAnswer answer) {
        if (performs(flags, VfioFeature.MIG_DEVICE_STATE, Vfio.VFIO_DEVICE_FEATURE_SET)) {
            int stream =
                    ByteBuffer.wrap(answer.data()).order(ByteOrder.nativeOrder()).getInt(DATA_FD);
            if (stream >= 0) {
                Fd.own(stream).close();
            }
        }
    }

    @Override
    public VfioException failed(Errno errno, String what) {
        return handle.failed(errno, what, "");
    }

    @Override
    public String lacksLowPower(VfioFeature feature) {
        return lacksLowPower(device(), System.getProperty("os.version", ""));
    }

    /** The sentence for a kernel of that release. */
    static String lacksLowPower(String device, String release) {
        return KernelRelease.of(release)
                .filter(running -> running.isBefore(6, 1))
                .map(running ->
                        "%s cannot be put into low power: Linux %s has no low-power features: 6.1 or later has"
                                .formatted(device, running))
                .orElseGet(() ->
                        "%s cannot be put into low power: its driver does not implement the VFIO low-power features"
                                .formatted(device));
    }
}
