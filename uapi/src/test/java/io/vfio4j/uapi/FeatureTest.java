/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** VFIO_DEVICE_FEATURE: the features' numbers, operations and payloads (spec A1). */
class FeatureTest {
    @ParameterizedTest
    @CsvSource({
        "0, PCI_VF_TOKEN, SET, 16, 16",
        "1, MIGRATION, GET, 8, 8",
        "2, MIG_DEVICE_STATE, GET|SET, 8, 8",
        "3, LOW_POWER_ENTRY, SET, 0, 0",
        "4, LOW_POWER_ENTRY_WITH_WAKEUP, SET, 8, 8",
        "5, LOW_POWER_EXIT, SET, 0, 0",
        "6, DMA_LOGGING_START, SET, 24, 16",
        "7, DMA_LOGGING_STOP, SET, 0, 0",
        "8, DMA_LOGGING_REPORT, GET, 32, 24",
        "9, MIG_DATA_SIZE, GET, 8, 8",
        "10, BUS_MASTER, SET, 4, 4",
        "11, DMA_BUF, GET, 16, 16",
        "12, MIG_PRECOPY_INFO_V2, SET, 0, 0",
        "13, ZPCI_ERROR, GET, 8, 8"
    })
    void shouldKnowEachFeature(
            int number, VfioFeature feature, String operations, int kernel, int wire) {
        assertThat(VfioFeature.of(number)).contains(feature);
        assertThat(feature.number()).isEqualTo(number);
        int bits =
                (operations.contains("GET") ? 1 << 16 : 0)
                        | (operations.contains("SET") ? 1 << 17 : 0);
        assertThat(feature.operations()).isEqualTo(bits);
        assertThat(feature.kernelPayload()).isEqualTo(kernel);
        assertThat(feature.wirePayload()).isEqualTo(wire);
    }

    @Test
    void shouldKnowNoOtherFeature() {
        assertThat(VfioFeature.of(14)).isEmpty();
        assertThat(VfioFeature.of(-1)).isEmpty();
        assertThat(VfioFeature.of(0xffff)).isEmpty();
    }

    @Test
    void shouldTakeFlagsApart() {
        var probe = new VfioDeviceFeature(16, 1 << 18 | 1 << 17 | 4);

        assertThat(probe.feature()).isEqualTo(4);
        assertThat(probe.probe()).isTrue();
        assertThat(probe.set()).isTrue();
        assertThat(probe.get()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(VfioDeviceMigState.class)
    void shouldNumberMigrationStates(VfioDeviceMigState state) {
        assertThat(VfioDeviceMigState.of(state.number())).contains(state);
        assertThat(VfioDeviceMigState.of(Vfio.VFIO_DEVICE_STATE_NR)).isEmpty();
        assertThat(VfioDeviceMigState.values()).hasSize(Vfio.VFIO_DEVICE_STATE_NR);
    }
}
