/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vfio4j.device.BarDescription.Backing;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an author may declare, and what he is told of the rest. */
class PciDescriptionTest {
    private static final PciDescription NOTHING = PciDescription.of(PciIdentity.of(1, 2, 3));

    @Test
    void shouldBeAValueThatEachStepLeavesAlone() {
        PciDescription one = NOTHING.withRegisters(0, 4096);
        PciDescription two = one.withMemory(1, 4096).withIntx().withMsi(4).withMsix(8, 4);

        assertThat(NOTHING.bars()).isEmpty();
        assertThat(one.bars()).hasSize(1);
        assertThat(one.intx()).isFalse();
        assertThat(two.bars()).hasSize(3);
        assertThat(two.msiVectors()).isEqualTo(4);
        assertThat(two.msixVectors()).isEqualTo(8);
        assertThat(two.msixBar()).isEqualTo(4);
        assertThat(two.withoutExpress().withoutBusMaster().bars()).isEqualTo(two.bars());
        assertThat(two.bar(1)).isPresent();
        assertThat(two.bar(2)).isEmpty();
        assertThat(two.bar(-1)).isEmpty();
    }

    @Test
    void shouldRefuseABarTwice() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NOTHING.withRegisters(0, 4096).withMemory(0, 4096))
                .withMessageContaining("BAR 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NOTHING.withRegisters(3, 4096).withMsix(1, 3))
                .withMessageContaining("BAR 3");
    }

    @Test
    void shouldRefuseTheUpperHalfOfA64BitBar() {
        BarDescription wide = new BarDescription(2, 4096, Backing.REGISTERS, true);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NOTHING.with(wide).withMemory(3, 4096));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NOTHING.withMemory(3, 4096).with(wide));
        assertThat(NOTHING.with(wide).withMemory(4, 4096).bars()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 15, 17, 4097, 3 << 12, -4096, Long.MIN_VALUE, 1L << 32})
    void shouldRefuseASizeThatABarCannotHave(long size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NOTHING.withRegisters(0, size))
                .withMessageContaining("BAR 0");
    }

    @Test
    void shouldTakeTheSmallestAndTheLargestBars() {
        assertThat(NOTHING.withRegisters(0, 16).bars()).hasSize(1);
        assertThat(NOTHING.withRegisters(0, 1L << 31).bars()).hasSize(1);
        assertThat(NOTHING.with(new BarDescription(4, 1L << 40, Backing.REGISTERS, true)).bars())
                .hasSize(1);
    }

    @Test
    void shouldRefuseABarThatDoesNotExist() {
        for (int index : new int[] {-1, 6, 7}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> NOTHING.withRegisters(index, 4096));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BarDescription(5, 4096, Backing.REGISTERS, true));
    }

    @Test
    void shouldRefuseToMapLessThanAPage() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NOTHING.withMappableMemory(0, 2048))
                .withMessageContaining("4096");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3, 5, 64})
    void shouldRefuseANumberOfVectorsThatMsiCannotHave(int vectors) {
        assertThatIllegalArgumentException().isThrownBy(() -> NOTHING.withMsi(vectors));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 2049})
    void shouldRefuseANumberOfVectorsThatMsixCannotHave(int vectors) {
        assertThatIllegalArgumentException().isThrownBy(() -> NOTHING.withMsix(vectors, 0));
    }

    @Test
    void shouldRefuseAnIdentityThatDoesNotFitItsRegisters() {
        assertThatIllegalArgumentException()
                .as("what an absent device reads as")
                .isThrownBy(() -> PciIdentity.of(0xffff, 0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> PciIdentity.of(0, 0x10000, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> PciIdentity.of(0, 0, 0x1000000));
        assertThatIllegalArgumentException().isThrownBy(() -> PciIdentity.of(-1, 0, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PciIdentity(0, 0, 0, 0x100, 0, 0))
                .withMessageContaining("revision");
    }
}
