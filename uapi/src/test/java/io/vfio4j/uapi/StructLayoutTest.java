/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Memory;

import org.junit.jupiter.api.Test;

/** Layouts follow the rules of C on a 64-bit machine. */
class StructLayoutTest {
    private static final StructLayout PAIR =
            StructLayout.of("pair").u8("small").u64("large").u16("tail").end();

    @Test
    void shouldAlignEachMemberAndTheWhole() {
        assertThat(PAIR.fields())
                .containsExactly(
                        new StructLayout.Field("small", StructLayout.Kind.U8, 0, 1),
                        new StructLayout.Field("large", StructLayout.Kind.U64, 8, 8),
                        new StructLayout.Field("tail", StructLayout.Kind.U16, 16, 2));
        assertThat(PAIR.size()).isEqualTo(24);
        assertThat(PAIR.alignment()).isEqualTo(8);
    }

    @Test
    void shouldAlignToTheElementsOfTheArrayAtTheEnd() {
        StructLayout layout = StructLayout.of("list").u32("count").flexible("pairs", PAIR);

        assertThat(layout.size()).isEqualTo(8);
        assertThat(layout.alignment()).isEqualTo(8);
        assertThat(layout.flexible()).contains("pairs");
    }

    @Test
    void shouldFindMembersByName() {
        assertThat(PAIR.offset("tail")).isEqualTo(16);
        assertThatThrownBy(() -> PAIR.offset("middle"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("struct pair has no member middle");
    }

    @Test
    void shouldNoticeARecordThatReadsAnotherMemberThanTheNext() {
        try (Memory memory = Memory.allocate(PAIR.size())) {
            assertThatThrownBy(() -> PAIR.reader(memory, 0).u64("large"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("pair.small comes next, not large");
            assertThatThrownBy(() -> PAIR.writer(memory, 0).u32("small", 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("pair.small is U8, not U32");
        }
    }
}
