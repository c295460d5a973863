/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Why the kernel resets no bus or slot, and what to do about it. */
class KernelHotResetTest {
    private static final PciAddress OURS = new PciAddress(0, 6, 1, 0);
    private static final PciAddress OTHER = new PciAddress(0, 6, 2, 0);
    private static final PciAddress THIRD = new PciAddress(0, 6, 3, 0);

    private static String advice(Errno errno, PciAddress... strangers) {
        return KernelHotReset.advice(errno, () -> List.of(strangers));
    }

    @Test
    void shouldNameTheDeviceThatBelongsToNobodyHere() {
        assertThat(advice(Errno.EINVAL, OTHER))
                .isEqualTo(
                        ": it resets 0000:06:02.0 too, which belongs to nobody here: open it, and name it");
        assertThat(advice(Errno.EINVAL, OTHER, THIRD))
                .isEqualTo(
                        ": it resets 0000:06:02.0, 0000:06:03.0 too, which belong to nobody here: open them, and name them");
    }

    @Test
    void shouldSayWhereToLookIfItKnowsNone() {
        assertThat(advice(Errno.EINVAL)).contains("hotResetInfo");
        assertThat(
                        KernelHotReset.advice(
                                Errno.EINVAL,
                                () -> {
                                    throw new VfioException(Errno.ENODEV, "it is gone");
                                }))
                .contains("hotResetInfo");
    }

    @Test
    void shouldSayWhyThereWasNone() {
        assertThat(advice(Errno.ENODEV)).contains("can be reset");
        assertThat(advice(Errno.EBUSY)).contains("try again");
        assertThat(advice(Errno.ENOTTY)).contains("hot-plug driver").contains("refuses the reset");
        assertThat(advice(Errno.EIO)).isEmpty();
    }

    @Test
    void shouldCountAsClaimedWhatWasShown() {
        // By group: one that is open here but was not named is no claim.
        assertThat(
                        KernelHotReset.strangers(
                                List.of(
                                        new HotResetDevice(OURS, OptionalInt.of(8), true),
                                        new HotResetDevice(OTHER, OptionalInt.of(9), true),
                                        new HotResetDevice(THIRD, OptionalInt.of(10), false)),
                                Set.of(OptionalInt.of(8))))
                .containsExactly(OTHER, THIRD);
        // With character devices the kernel itself says who is owned.
        assertThat(
                        KernelHotReset.strangers(
                                List.of(
                                        new HotResetDevice(OURS, OptionalInt.empty(), true),
                                        new HotResetDevice(OTHER, OptionalInt.empty(), false)),
                                Set.of(OptionalInt.empty())))
                .containsExactly(OTHER);
    }
}
