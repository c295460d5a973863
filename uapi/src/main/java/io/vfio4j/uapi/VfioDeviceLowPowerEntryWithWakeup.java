/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 4, SET: enter low power, and be told of the wake (spec A1). The kernel never
 * looks at {@code reserved}.
 *
 * @param wakeupEventfd kernel: an eventfd; vfio-user: 0, the index of the descriptor beside the
 *     frame (s32)
 * @param reserved anything (u32)
 */
public record VfioDeviceLowPowerEntryWithWakeup(int wakeupEventfd, int reserved) {
    /** {@code struct vfio_device_low_power_entry_with_wakeup}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_low_power_entry_with_wakeup")
                    .s32("wakeup_eventfd")
                    .u32("reserved")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceLowPowerEntryWithWakeup read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceLowPowerEntryWithWakeup(in.s32("wakeup_eventfd"), in.u32("reserved"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).s32("wakeup_eventfd", wakeupEventfd).u32("reserved", reserved);
    }
}
