/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeatureMigDataSize;
import io.vfio4j.uapi.VfioDeviceFeatureMigState;
import io.vfio4j.uapi.VfioDeviceFeatureMigration;
import io.vfio4j.uapi.VfioDeviceMigState;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioPrecopyInfo;

import java.util.Arrays;
import java.util.Optional;

/**
 * A device's migration states (spec G). Each call but {@link #precopyInfo} wakes a sleeping device.
 *
 * <p>Threads: any. There is nothing to close here.
 *
 * <p>Failures, of all methods: {@link VfioException} with ENOTTY if the device cannot be migrated,
 * or as {@link VfioDevice#feature(int, byte[], int)}.
 */
public final class Migration {
    private static final int GET = Vfio.VFIO_DEVICE_FEATURE_GET;
    private static final int SET = Vfio.VFIO_DEVICE_FEATURE_SET;
    private static final int NO_STREAM = -1;

    private final VfioDevice device;

    private Migration(VfioDevice device) {
        this.device = device;
    }

    /** The migration of a device, which stays the caller's. */
    public static Migration of(VfioDevice device) {
        return new Migration(device);
    }

    /** Whether the device can be migrated; asks once, and remembers. */
    public boolean isSupported() {
        return device.supports(VfioFeature.MIGRATION);
    }

    /** Asks which ways it knows. */
    public MigrationSupport support() {
        int size = VfioDeviceFeatureMigration.LAYOUT.size();
        try (Memory data = get(VfioFeature.MIGRATION, size)) {
            long flags = VfioDeviceFeatureMigration.read(data, 0).flags();
            return new MigrationSupport(
                    (flags & Vfio.VFIO_MIGRATION_STOP_COPY) != 0,
                    (flags & Vfio.VFIO_MIGRATION_P2P) != 0,
                    (flags & Vfio.VFIO_MIGRATION_PRE_COPY) != 0);
        }
    }

    /**
     * Asks in which state it is.
     *
     * @throws VfioException with EPROTO if that is none that this library knows
     */
    public VfioDeviceMigState state() {
        int size = VfioDeviceFeatureMigState.LAYOUT.size();
        try (Memory data = get(VfioFeature.MIG_DEVICE_STATE, size)) {
            int number = VfioDeviceFeatureMigState.read(data, 0).deviceState();
            return VfioDeviceMigState.of(number)
                    .orElseThrow(() ->
                            new VfioException(
                                    Errno.EPROTO,
                                    "%s is in migration state %d, which is unknown here"
                                            .formatted(device, number)));
        }
    }

    /**
     * Brings it to a state.
     *
     * @param state where to
     * @return the stream of the device's own state that this opened, to be read or written, and
     *     closed by the caller; empty if there is none, and for a device behind a socket, which
     *     moves it by messages
     * @throws VfioException with EINVAL if the device has no way there
     */
    public Optional<Fd> setState(VfioDeviceMigState state) {
        int size = VfioDeviceFeatureMigState.LAYOUT.size();
        try (Memory data = Memory.allocate(size)) {
            new VfioDeviceFeatureMigState(state.number(), NO_STREAM).write(data, 0);
            byte[] payload = new byte[size];
            data.get(0, payload, 0, size);
            int flags = VfioFeature.MIG_DEVICE_STATE.number() | SET;
            byte[] answer = device.feature(flags, payload, size);
            if (device.descriptor().isEmpty()) {
                return Optional.empty();
            }
            data.put(0, answer, 0, size);
            int stream = VfioDeviceFeatureMigState.read(data, 0).dataFd();
            return stream < 0 ? Optional.empty() : Optional.of(Fd.own(stream));
        }
    }

    /** Asks how many bytes stop-copy will have to move; an estimate. */
    public long dataSize() {
        int size = VfioDeviceFeatureMigDataSize.LAYOUT.size();
        try (Memory data = get(VfioFeature.MIG_DATA_SIZE, size)) {
            return VfioDeviceFeatureMigDataSize.read(data, 0).stopCopyLength();
        }
    }

    /**
     * Has {@link #precopyInfo}'s flags mean something from now on.
     *
     * @throws VfioException with EINVAL if the device knows no pre-copy
     */
    public void usePrecopyFlags() {
        device.setFeature(VfioFeature.MIG_PRECOPY_INFO_V2.number(), new byte[0]);
    }

    /**
     * Asks a stream how much of pre-copy there is left. Does not wake the device.
     *
     * @param stream of {@link #setState}
     * @throws VfioException with EINVAL if the device is not in a state of pre-copy
     */
    public static VfioPrecopyInfo precopyInfo(Fd stream) {
        int size = VfioPrecopyInfo.LAYOUT.size();
        try (Memory data = Memory.allocate(size)) {
            new VfioPrecopyInfo(size, 0, 0, 0).write(data, 0);
            int _ = Ioctl.call(stream, Vfio.VFIO_MIG_GET_PRECOPY_INFO, data, 0);
            return VfioPrecopyInfo.read(data, 0);
        } catch (LinuxException refused) {
            throw Answers.failed(refused.errno(), "asking how much of pre-copy there is left", "");
        }
    }

    private Memory get(VfioFeature feature, int size) {
        byte[] answer = device.feature(feature.number() | GET, new byte[0], size);
        Memory memory = Memory.allocate(size);
        byte[] whole = Arrays.copyOf(answer, size);
        memory.put(0, whole, 0, size);
        return memory;
    }
}
