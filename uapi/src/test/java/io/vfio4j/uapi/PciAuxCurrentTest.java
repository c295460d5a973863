/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The auxiliary current of PMC, bits 6 to 8, as PCI PM 1.2 lists it. */
class PciAuxCurrentTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 55", "2, 100", "3, 160", "4, 220", "5, 270", "6, 320", "7, 375"})
    void shouldEncodeAndDecode(int code, int milliamperes) {
        assertThat(PciAuxCurrent.code(milliamperes)).hasValue(code);
        assertThat(PciAuxCurrent.milliamperes(code << 6)).isEqualTo(milliamperes);
        assertThat(PciAuxCurrent.milliamperes(~(7 << 6) | code << 6)).isEqualTo(milliamperes);
    }

    @Test
    void shouldKnowNoOtherCurrent() {
        assertThat(PciAuxCurrent.code(54)).isEmpty();
    }
}
