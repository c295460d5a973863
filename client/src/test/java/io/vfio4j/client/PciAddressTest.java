/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PciAddressTest {
    @ParameterizedTest
    @CsvSource({
        "0000:01:00.0, 0000:01:00.0",
        "01:00.0,      0000:01:00.0",
        "0000:FF:1f.7, 0000:ff:1f.7",
        "10000:e1:00.0, 10000:e1:00.0"
    })
    void shouldReadWhatSysfsWrites(String text, String address) {
        assertThat(PciAddress.of(text)).hasToString("Optional[" + address + "]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1:00.0",
                "0000:01:20.0",
                "0000:01:00.8",
                "0000:01:00",
                "000:01:00.0",
                " 01:00.0"
            })
    void shouldRefuseWhatIsNone(String text) {
        assertThat(PciAddress.of(text)).isEmpty();
    }

    @Test
    void shouldRefuseNumbersOutOfRange() {
        assertThatThrownBy(() -> new PciAddress(0, 0, 32, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no PCI address 0:0:20.0");
    }
}
