/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 2, GET and SET: the device's migration state.
 *
 * @param deviceState a {@link VfioDeviceMigState}'s number (u32)
 * @param dataFd output of the kernel: descriptor of the data stream a SET opened, else -1; unused
 *     in vfio-user (s32)
 */
public record VfioDeviceFeatureMigState(int deviceState, int dataFd) {
    /** {@code struct vfio_device_feature_mig_state}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_mig_state")
                    .u32("device_state")
                    .s32("data_fd")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureMigState read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureMigState(in.u32("device_state"), in.s32("data_fd"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("device_state", deviceState).s32("data_fd", dataFd);
    }
}
