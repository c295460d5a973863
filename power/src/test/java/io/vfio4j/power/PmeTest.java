/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.PciPowerState.D0;
import static io.vfio4j.power.PciPowerState.D1;
import static io.vfio4j.power.PciPowerState.D3COLD;
import static io.vfio4j.power.PciPowerState.D3HOT;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Set;

/** Spec E: PME_En and PME_Status, the event that sets one and the writes that clear it. */
class PmeTest {
    private static final int NO_SOFT_RESET = 0x0008;
    private static final int ENABLE = 0x0100;
    private static final int STATUS = 0x8000;
    private static final int LOW_BYTE = 1;
    private static final int HIGH_BYTE = 2;
    private static final int WORD = LOW_BYTE | HIGH_BYTE;

    private final DeviceUnderTest device = signallingFrom(D0, D3HOT, D3COLD);

    private static DeviceUnderTest signallingFrom(PciPowerState... states) {
        return DeviceUnderTest.open(
                PowerConfig.DEFAULT
                        .withPlatformWake(true)
                        .withPlatformD3cold(true)
                        .withPm(new PmCapability(true, true, true, true, Set.of(states))));
    }

    private void write(int value, int bytes) {
        try (Access access = device.power.access()) {
            access.writePmcsr(value, bytes);
        }
    }

    private int pme() {
        return device.power.pmcsr() & (ENABLE | STATUS);
    }

    @Test
    void shouldReadAsOneRegister() {
        assertThat(device.power.pmcsr()).isEqualTo(NO_SOFT_RESET);
        write(ENABLE | 3, WORD);
        device.power.wakeEvent();
        assertThat(device.power.pmcsr()).isEqualTo(STATUS | ENABLE | NO_SOFT_RESET | 3);
    }

    @Test
    void shouldSetStatusWhetherOrNotItIsEnabled() {
        assertThat(device.power.wakeEvent()).isTrue();
        assertThat(pme()).isEqualTo(STATUS);
        assertThat(device.actions.count("PME")).isZero();
    }

    @Test
    void shouldNotBeSetByAWrite() {
        write(STATUS | ENABLE, HIGH_BYTE);
        assertThat(pme()).isEqualTo(ENABLE);
    }

    @Test
    void shouldBeClearedByAOneAndLeftByAZero() {
        device.power.wakeEvent();
        write(ENABLE, HIGH_BYTE);
        assertThat(pme()).isEqualTo(STATUS | ENABLE);
        write(STATUS | ENABLE, HIGH_BYTE);
        assertThat(pme()).isEqualTo(ENABLE);
    }

    @Test
    void shouldBeOutOfReachOfTheLowByteAndTheStateOfTheHighOne() {
        write(ENABLE, HIGH_BYTE);
        device.power.wakeEvent();
        write(3, LOW_BYTE);
        assertThat(device.power.userState()).isEqualTo(D3HOT);
        assertThat(pme()).isEqualTo(STATUS | ENABLE);
        write(STATUS, HIGH_BYTE);
        assertThat(device.power.userState()).isEqualTo(D3HOT);
        assertThat(pme()).isZero();
    }

    /** A level with one edge: no second signal until it has been taken down. */
    @Test
    void shouldBeToldWhenItRises() {
        write(ENABLE, HIGH_BYTE);
        device.power.wakeEvent();
        device.power.wakeEvent();
        assertThat(device.actions.count("PME")).isEqualTo(1);
        write(STATUS | ENABLE, HIGH_BYTE);
        device.power.wakeEvent();
        assertThat(device.actions.count("PME")).isEqualTo(2);
    }

    @Test
    void shouldBeToldOnceAPendingEventIsEnabled() {
        device.power.wakeEvent();
        write(ENABLE, HIGH_BYTE);
        assertThat(device.actions.count("PME")).isEqualTo(1);
    }

    @Test
    void shouldBeSignalledOnlyFromStatesThatAreDeclared() {
        DeviceUnderTest other = signallingFrom(D3HOT);
        assertThat(other.power.wakeEvent()).isFalse();
        assertThat(other.power.pmcsr() & STATUS).isZero();
        other.writePmcsr(D1);
        assertThat(other.power.wakeEvent()).isFalse();
        other.writePmcsr(D3HOT);
        assertThat(other.power.wakeEvent()).isTrue();
    }

    @Test
    void shouldNotExistOnAFunctionThatCannotSignal() {
        DeviceUnderTest silent = signallingFrom();
        try (Access access = silent.power.access()) {
            access.writePmcsr(ENABLE, HIGH_BYTE);
        }
        assertThat(silent.power.wakeEvent()).isFalse();
        assertThat(silent.power.pmcsr()).isEqualTo(NO_SOFT_RESET);
    }

    /** The driver that sleeps by PMCSR finds out why it is to wake; nothing moves by itself. */
    @Test
    void shouldNotChangeTheStateThatTheUserWrote() {
        write(ENABLE | 3, WORD);
        device.power.wakeEvent();
        assertThat(device.power.userState()).isEqualTo(D3HOT);
        write(0, LOW_BYTE);
        assertThat(pme()).isEqualTo(STATUS | ENABLE);
    }

    @Test
    void shouldWakeADeviceThatSleepsByTheContract() {
        device.power.host().writeD3coldAllowed(false);
        device.enter(device.oldWakeup);
        device.queue.drain();
        assertThat(device.power.powerState()).isEqualTo(D3HOT);
        assertThat(device.power.wakeEvent()).isTrue();
        assertThat(device.oldWakeup.signals).hasValue(0);
        device.queue.drain();
        assertThat(device.oldWakeup.signals).hasValue(1);
        assertThat(device.power.runtimeStatus()).isEqualTo("active");
        assertThat(pme()).isEqualTo(STATUS);
    }

    @Test
    void shouldCancelASuspendThatIsUnderWay() {
        device.enter(device.oldWakeup);
        device.actions.duringSuspend =
                () -> {
                    device.actions.duringSuspend = () -> {};
                    device.power.wakeEvent();
                };
        device.queue.drain();
        assertThat(device.oldWakeup.signals).hasValue(1);
        assertThat(device.power.runtimeStatus()).isEqualTo("active");
    }

    /** D3cold is a loss of power, of which auxiliary power excepts the PME context. */
    @Test
    void shouldOutliveD3coldOnlyWithAuxiliaryPower() {
        for (boolean auxiliary : new boolean[] {true, false}) {
            DeviceUnderTest sleeper =
                    auxiliary ? signallingFrom(D0, D3COLD) : signallingFrom(D0, D3HOT);
            try (Access access = sleeper.power.access()) {
                access.writePmcsr(ENABLE, HIGH_BYTE);
            }
            sleeper.enter();
            sleeper.queue.drain();
            assertThat(sleeper.power.powerState()).isEqualTo(D3COLD);
            sleeper.touch();
            assertThat(sleeper.power.pmcsr() & ENABLE).isEqualTo(auxiliary ? ENABLE : 0);
        }
    }

    /** "Sticky through reset if PME from D3cold". */
    @Test
    void shouldBeStickyOnlyIfSignalledFromD3cold() {
        for (boolean sticky : new boolean[] {true, false}) {
            DeviceUnderTest reset = sticky ? signallingFrom(D0, D3COLD) : signallingFrom(D0);
            try (Access access = reset.power.access()) {
                access.writePmcsr(ENABLE, HIGH_BYTE);
                reset.power.wakeEvent();
                access.deviceReset();
            }
            assertThat(reset.power.pmcsr())
                    .isEqualTo(sticky ? STATUS | ENABLE | NO_SOFT_RESET : NO_SOFT_RESET);
        }
    }
}
