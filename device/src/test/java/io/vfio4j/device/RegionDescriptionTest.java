/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vfio4j.device.RegionDescription.Area;
import io.vfio4j.device.RegionDescription.Mappable;

import org.junit.jupiter.api.Test;

import java.util.List;

class RegionDescriptionTest {
    @Test
    void shouldBeReadAndWrittenIfThereIsAnyOfIt() {
        assertThat(RegionDescription.ofSize(16))
                .returns(true, RegionDescription::readable)
                .returns(true, RegionDescription::writable);
        assertThat(RegionDescription.ofSize(0))
                .returns(false, RegionDescription::readable)
                .returns(false, RegionDescription::writable);
        assertThat(RegionDescription.ofSize(16).mappable()).isEmpty();
    }

    @Test
    void shouldTellThatAllOfAMappableBarCanBeMapped() {
        try (MappableMemory memory = new MappableMemory("bar", 8192)) {
            Mappable mappable = memory.description().mappable().orElseThrow();
            assertThat(mappable.areas()).containsExactly(new Area(0, 8192));
            assertThat(mappable.offset()).isZero();
            assertThat(mappable.msixMappable()).isFalse();
        }
    }

    @Test
    void shouldNotBeMappableWithoutAnArea() {
        try (MappableMemory memory = new MappableMemory("bar", 8192)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Mappable(memory.file(), 0, List.of(), false))
                    .withMessageContaining("area");
        }
    }
}
