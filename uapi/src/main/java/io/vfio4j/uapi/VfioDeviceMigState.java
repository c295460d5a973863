/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.Optional;

/** The migration states of a device (spec G). */
public enum VfioDeviceMigState {
    /** Failed; only a reset helps. */
    ERROR(Vfio.VFIO_DEVICE_STATE_ERROR),
    /** Neither its state nor anything outside changes. */
    STOP(Vfio.VFIO_DEVICE_STATE_STOP),
    /** Runs. */
    RUNNING(Vfio.VFIO_DEVICE_STATE_RUNNING),
    /** Stopped, and its state can be read. */
    STOP_COPY(Vfio.VFIO_DEVICE_STATE_STOP_COPY),
    /** Stopped, and takes a new state. */
    RESUMING(Vfio.VFIO_DEVICE_STATE_RESUMING),
    /** Runs, but starts no DMA to other devices; not used in vfio-user. */
    RUNNING_P2P(Vfio.VFIO_DEVICE_STATE_RUNNING_P2P),
    /** Runs, and its state can be read meanwhile. */
    PRE_COPY(Vfio.VFIO_DEVICE_STATE_PRE_COPY),
    /** Both of the two before; not used in vfio-user. */
    PRE_COPY_P2P(Vfio.VFIO_DEVICE_STATE_PRE_COPY_P2P);

    private static final VfioDeviceMigState[] VALUES = values();

    private final int number;

    VfioDeviceMigState(int number) {
        this.number = number;
    }

    /** The state with that number, or empty. */
    public static Optional<VfioDeviceMigState> of(int number) {
        return number >= 0 && number < VALUES.length
                ? Optional.of(VALUES[number])
                : Optional.empty();
    }

    /** The number in {@link VfioDeviceFeatureMigState#deviceState}. */
    public int number() {
        return number;
    }
}
