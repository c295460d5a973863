/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * The eight bytes of the PM capability, bit by bit, under every access that reaches them, against a
 * model of its own (spec B6, E; PCI PM 1.2, 3.2).
 */
class PmcsrBitsTest {
    private static final int PME_EN = 1 << 8;
    private static final int PME_STATUS = 1 << 15;
    private static final int CAPABILITY = 0x40;
    private static final int PMCSR = CAPABILITY + 4;

    /** Functions that differ in every bit the capability has. */
    enum Kind {
        PLAIN,
        FORGETFUL,
        FULL;

        PowerManagement management() {
            return switch (this) {
                case PLAIN -> PowerManagement.downToD3hot().withDelays(Delays.ZERO);
                case FORGETFUL ->
                        PowerManagement.downToD3hot()
                                .withSoftReset()
                                .withPme(PciPowerState.D3HOT)
                                .withDelays(Delays.ZERO);
                case FULL ->
                        PowerManagement.downToD3cold()
                                .withD1AndD2()
                                .withPme(
                                        PciPowerState.D0,
                                        PciPowerState.D1,
                                        PciPowerState.D2,
                                        PciPowerState.D3HOT,
                                        PciPowerState.D3COLD)
                                .withAuxCurrent(375)
                                .withImmediateReadiness();
            };
        }
    }

    /** What the specification makes of a write, written down without looking at the code. */
    private static final class Model {
        private final PowerManagement has;
        private int state;
        private boolean enabled;
        private boolean status;

        Model(Kind kind) {
            has = kind.management();
        }

        int pmcsr() {
            return state
                    | (has.noSoftReset() ? 1 << 3 : 0)
                    | (enabled ? PME_EN : 0)
                    | (status ? PME_STATUS : 0);
        }

        /** Low byte: PowerState. High byte: PME_En, PME_Status. */
        void write(int offset, int width, long value) {
            for (int i = 0; i < width; i++) {
                int written = (int) (value >> (8 * i)) & 0xff;
                if (offset + i == 5 && !has.pmeFrom().isEmpty()) {
                    enabled = (written & 1) != 0;
                    status &= (written & 0x80) == 0;
                }
                if (offset + i == 4) {
                    move(written & 3);
                }
            }
        }

        private void move(int wanted) {
            boolean there = wanted == 0 || wanted == 3 || (wanted == 1 ? has.d1() : has.d2());
            if (there && (wanted == 0 || wanted > state)) {
                state = wanted;
            }
        }

        boolean event() {
            PciPowerState now = PciPowerState.ofPmcsrBits(state);
            boolean can = has.pmeFrom().contains(now);
            status |= can;
            return can;
        }
    }

    private static Hosted hosted(Kind kind) {
        return Hosted.opened(Hosted.FULL.withPower(kind.management()));
    }

    private static long fixed(Hosted hosted) {
        return hosted.config(CAPABILITY, 4);
    }

    private static void assertAsModel(Hosted hosted, Model model, long fixed, String after) {
        assertThat(hosted.config(PMCSR, 4)).as(after).isEqualTo(model.pmcsr());
        assertThat(fixed(hosted)).as("read-only, after " + after).isEqualTo(fixed);
    }

    /** Every offset, also those that reach in from before and out behind. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldObeyEveryWriteOfEveryWidthInEveryState(Kind kind) {
        int[] bytes = {0x00, 0x01, 0x02, 0x03, 0x08, 0x7f, 0x80, 0x81, 0xff};
        try (Hosted hosted = hosted(kind)) {
            long fixed = fixed(hosted);
            Model model = new Model(kind);
            for (int state = 0; state < 4; state++) {
                for (int width : new int[] {1, 2, 4}) {
                    for (int offset = 1 - width; offset < 8; offset++) {
                        for (int low : bytes) {
                            for (int high : bytes) {
                                prepare(hosted, model, state);
                                long value = low | high << 8 | low << 16 | (long) high << 24;
                                hosted.config(CAPABILITY + offset, width, value);
                                model.write(offset, width, value);
                                assertAsModel(
                                        hosted,
                                        model,
                                        fixed,
                                        "%d bytes 0x%x at %d in %d"
                                                .formatted(width, value, offset, state));
                            }
                        }
                    }
                }
            }
        }
    }

    /** D0 with PME_Status set if the function can, then the state. */
    private static void prepare(Hosted hosted, Model model, int state) {
        for (int value : new int[] {0, state}) {
            hosted.config(PMCSR, 1, value);
            model.write(4, 1, value);
            assertThat(hosted.model.wakeEvent()).isEqualTo(model.event());
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldKeepUpOverALongHistory(Kind kind) {
        Random random = new Random(1);
        try (Hosted hosted = hosted(kind)) {
            long fixed = fixed(hosted);
            Model model = new Model(kind);
            for (int step = 0; step < 5000; step++) {
                if (random.nextInt(4) == 0) {
                    assertThat(hosted.model.wakeEvent()).isEqualTo(model.event());
                }
                int width = 1 << random.nextInt(4);
                int offset = random.nextInt(7 + width) - width + 1;
                long value = random.nextLong();
                hosted.config(CAPABILITY + offset, width, value);
                model.write(offset, width, value);
                assertAsModel(hosted, model, fixed, "step " + step);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldReadTheSameByBytesWordsAndDwords(Kind kind) {
        try (Hosted hosted = hosted(kind)) {
            hosted.config(PMCSR, 2, PME_EN | 3);
            hosted.model.wakeEvent();
            long whole = hosted.config(CAPABILITY, 8);
            for (int width : new int[] {1, 2, 4}) {
                for (int offset = 0; offset + width <= 8; offset++) {
                    assertThat(hosted.config(CAPABILITY + offset, width))
                            .isEqualTo(whole >>> (8 * offset) & (1L << (8 * width)) - 1);
                }
            }
        }
    }

    @Test
    void shouldDeclareInPmcWhatTheFunctionHas() {
        try (Hosted hosted = hosted(Kind.FULL)) {
            assertThat(hosted.config(CAPABILITY, 1)).isEqualTo(PciRegs.PCI_CAP_ID_PM);
            int immediateReadiness = 1 << 4;
            int allPme = 0x1f << 11;
            int milliamperes375 = 7 << 6;
            assertThat(hosted.config(CAPABILITY + 2, 2))
                    .isEqualTo(
                            3
                                    | immediateReadiness
                                    | milliamperes375
                                    | PciRegs.PCI_PM_CAP_D1
                                    | PciRegs.PCI_PM_CAP_D2
                                    | allPme);
        }
    }

    /** PCI PM 3.2.3: Aux_Current reads 0 where PME does not come from D3cold. */
    @Test
    void shouldDrawNoAuxiliaryCurrentWithoutPmeFromD3cold() {
        Set<PciPowerState> states = EnumSet.of(PciPowerState.D3HOT, PciPowerState.D3COLD);
        for (PciPowerState from : states) {
            PowerManagement management =
                    PowerManagement.downToD3cold().withPme(from).withAuxCurrent(55);
            try (Hosted hosted = Hosted.opened(Hosted.FULL.withPower(management))) {
                long current = hosted.config(CAPABILITY + 2, 2) & PciRegs.PCI_PM_CAP_AUX_POWER;
                assertThat(current >> 6).isEqualTo(from == PciPowerState.D3COLD ? 1 : 0);
            }
        }
    }

    /** Data_Select, Data_Scale, Data: optional, and all three 0 if not there. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void shouldHaveNoDataRegister(int width) {
        try (Hosted hosted = hosted(Kind.FULL)) {
            for (int offset = 4; offset < 8; offset += width) {
                hosted.config(CAPABILITY + offset, width, 0x7e00_7e00L >>> (8 * (offset & 3)));
            }
            assertThat(hosted.config(PMCSR, 4) & 0xffff_7e00L).isZero();
        }
    }

    /** A status that is set meanwhile is not lost to a write of what was read before. */
    @Test
    void shouldNotClearPmeStatusByWritingItsZero() {
        try (Hosted hosted = hosted(Kind.FULL)) {
            long before = hosted.config(PMCSR, 2);
            assertThat(hosted.model.wakeEvent()).isTrue();
            hosted.config(PMCSR, 2, before | PME_EN);
            assertThat(hosted.config(PMCSR, 2)).isEqualTo(before | PME_EN | PME_STATUS);
        }
    }

    @Test
    void shouldLetNothingElseOfTheCapabilityChangeTheFunction() {
        try (Hosted hosted = hosted(Kind.FULL)) {
            hosted.model.calls();
            for (int offset : List.of(0, 1, 2, 3, 6, 7)) {
                hosted.config(CAPABILITY + offset, 1, 0xff);
            }
            assertThat(hosted.model.calls()).isEmpty();
            assertThat(hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1)).isEqualTo(CAPABILITY);
        }
    }
}
