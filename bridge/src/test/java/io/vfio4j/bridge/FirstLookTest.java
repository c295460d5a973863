/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.VfioFeature;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What can be said of a device before it is passed on. */
class FirstLookTest {
    @TempDir Path folder;

    @Test
    void shouldSeeWhatTheDeviceIsAndHas() {
        try (var edu = new ServedEdu(folder);
                VfioDevice device = VfioDevice.open(edu.target())) {
            FirstLook look = FirstLook.of(device);

            assertThat(look.vendor()).isEqualTo(0x1234);
            assertThat(look.device()).isEqualTo(0x11e8);
            assertThat(look.classCode()).isEqualTo(0x00ff00);
            assertThat(look.noSoftReset()).isTrue();
            assertThat(look.lowPower())
                    .containsExactlyInAnyOrder(
                            VfioFeature.LOW_POWER_ENTRY,
                            VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP,
                            VfioFeature.LOW_POWER_EXIT);
            assertThat(look.bars()).extracting(RegionInfo::index).contains(0, 2, 4);
        }
    }

    @Test
    void shouldSeeThatTheDeviceForgetsInD3hot() {
        try (var edu = new ServedEdu(folder, PowerManagement::withSoftReset);
                VfioDevice device = VfioDevice.open(edu.target())) {
            assertThat(FirstLook.of(device).noSoftReset()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldFallBackToPmcsrOnAKernelWithoutTheFeatures(SleepEntry wanted) {
        assertThat(with(Set.of()).entry(wanted)).isEqualTo(SleepEntry.PMCSR);
        assertThat(with(Set.of(VfioFeature.LOW_POWER_ENTRY)).entry(wanted))
                .as("a sleep without an end")
                .isEqualTo(SleepEntry.PMCSR);
        assertThat(
                        with(Set.of(
                                        VfioFeature.LOW_POWER_ENTRY,
                                        VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP,
                                        VfioFeature.LOW_POWER_EXIT))
                                .entry(wanted))
                .isEqualTo(wanted);
    }

    private static FirstLook with(Set<VfioFeature> features) {
        return new FirstLook(0x1234, 0x5678, 0, Optional.empty(), features, List.of());
    }
}
