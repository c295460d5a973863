/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.Vfio;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

/** PME on the wire: the two bits of PMCSR and the interrupt of our extension (spec C, E). */
class PmeInterruptTest {
    private static final int EINVAL = Errno.EINVAL.number();
    private static final int EVENTFD_TRIGGER =
            Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int PME = 5;
    private static final int CONFIG = 7;
    private static final int PMCSR = 0x44;
    private static final int STATUS = 0x8000;
    private static final int ENABLE = 0x0100;
    private static final int D3HOT = 3;

    private static final PciDescription SIGNALLING =
            Probe.DESCRIPTION.withPower(
                    PowerManagement.downToD3cold()
                            .withDelays(Delays.ZERO)
                            .withPme(PciPowerState.D0, PciPowerState.D3HOT, PciPowerState.D3COLD));

    private static WireClient connect(Served served, boolean knowsPme) {
        return WireClient.open(
                served.socket(),
                knowsPme ? WireClient.LOW_POWER_CAPABILITIES : WireClient.CAPABILITIES);
    }

    private static Bytes ask(int index) {
        return new Bytes().u32(16).u32(0).u32(index).u32(0);
    }

    /** A sixth kind of interrupt needs a client that knows it, and a function that has it. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void shouldExistForWhoKnowsItOnAFunctionThatSignals(boolean knows, boolean signals) {
        try (Served served = new Served(1, signals ? SIGNALLING : Probe.DESCRIPTION);
                WireClient client = connect(served, knows);
                EventFd event = EventFd.create()) {
            boolean there = knows && signals;
            Bytes info = client.call(WireClient.GET_INFO, ask(0)).payload();
            assertThat(info.u32At(12)).as("num_irqs").isEqualTo(there ? 6 : 5);
            WireClient.Frame irq = client.call(WireClient.GET_IRQ_INFO, ask(PME));
            assertThat(irq.errno()).isEqualTo(there ? 0 : EINVAL);
            if (there) {
                assertThat(irq.payload().u32At(4))
                        .as("flags")
                        .isEqualTo(Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE);
                assertThat(irq.payload().u32At(12)).as("count").isEqualTo(1);
            }
            int before = Fd.openCount();
            assertThat(
                            client.errno(
                                    WireClient.SET_IRQS,
                                    WireClient.irqs(EVENTFD_TRIGGER, PME, 0, 1),
                                    event.fd()))
                    .isEqualTo(there ? 0 : EINVAL);
            assertThat(Fd.openCount()).isEqualTo(there ? before + 1 : before);
            for (int index : new int[] {6, 7, -1}) {
                assertThat(client.errno(WireClient.GET_IRQ_INFO, ask(index))).isEqualTo(EINVAL);
                assertThat(
                                client.errno(
                                        WireClient.SET_IRQS,
                                        WireClient.irqs(EVENTFD_TRIGGER, index, 0, 1),
                                        event.fd()))
                        .isEqualTo(EINVAL);
            }
        }
    }

    @Nested
    class Signalled {
        private final Served served = new Served(1, SIGNALLING);
        private final WireClient client = connect(served, true);
        private final EventFd pme = EventFd.create();

        Signalled() {
            set(pme);
        }

        @AfterEach
        void close() {
            client.close();
            served.close();
            pme.close();
        }

        private void set(EventFd event) {
            assertThat(
                            client.errno(
                                    WireClient.SET_IRQS,
                                    WireClient.irqs(EVENTFD_TRIGGER, PME, 0, 1),
                                    event.fd()))
                    .isZero();
        }

        private boolean event() {
            return served.device().power().wakeEvent();
        }

        private long pmcsr() {
            return client.load(CONFIG, PMCSR, 2);
        }

        @Test
        void shouldBeToldOnceUntilItIsCleared() {
            client.store(CONFIG, PMCSR, 2, ENABLE | D3HOT);
            assertThat(event()).isTrue();
            assertThat(event()).isTrue();
            assertThat(pme.drain()).isEqualTo(1);
            assertThat(pmcsr()).isEqualTo(STATUS | ENABLE | 8 | D3HOT);
            client.store(CONFIG, PMCSR, 2, STATUS | ENABLE);
            assertThat(pmcsr()).isEqualTo(ENABLE | 8);
            assertThat(event()).isTrue();
            assertThat(pme.drain()).isEqualTo(1);
        }

        @Test
        void shouldNotBeToldBeforeItIsEnabled() {
            assertThat(event()).isTrue();
            assertThat(pme.drain()).isZero();
            assertThat(pmcsr()).isEqualTo(STATUS | 8);
            client.store(CONFIG, PMCSR + 1, 1, ENABLE >> 8);
            assertThat(pme.drain()).isEqualTo(1);
        }

        /** PME wakes a device that sleeps by the contract, PME_En or not: the host arms it. */
        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void shouldWakeADeviceThatSleepsByTheContract(boolean enabled) {
            client.store(CONFIG, PMCSR, 2, enabled ? ENABLE : 0);
            try (EventFd wakeup = EventFd.create()) {
                assertThat(client.enter(wakeup)).isZero();
                served.await(ContractState.W_S);
                assertThat(event()).isTrue();
                served.await(ContractState.OFF);
                assertThat(wakeup.drain()).isEqualTo(1);
                assertThat(pme.drain()).isEqualTo(enabled ? 1 : 0);
                assertThat(pmcsr()).isEqualTo((enabled ? ENABLE : 0) | STATUS | 8);
            }
        }

        /** Without a wakeup to end it, low power goes on, and the device falls asleep again. */
        @Test
        void shouldLetADeviceSleepOnThatSleepsWithoutAWakeup() {
            client.store(CONFIG, PMCSR, 2, ENABLE);
            assertThat(client.enter()).isZero();
            served.await(ContractState.N_S);
            served.model().power();
            assertThat(event()).isTrue();
            assertThat(pme.await(Duration.ofSeconds(5))).isTrue();
            served.await(ContractState.N_S);
            assertThat(pme.drain()).isEqualTo(1);
            assertThat(served.model().power())
                    .containsSubsequence("resume D3cold", "suspend D3cold");
        }

        @Test
        void shouldGoNowhereOnceTheEventfdIsTakenAway() {
            assertThat(
                            client.errno(
                                    WireClient.SET_IRQS,
                                    WireClient.irqs(EVENTFD_TRIGGER, PME, 0, 1)))
                    .isZero();
            client.store(CONFIG, PMCSR, 2, ENABLE);
            assertThat(event()).isTrue();
            assertThat(pme.drain()).isZero();
        }

        @Test
        void shouldRiseAgainWhenItIsEnabledAgain() {
            client.store(CONFIG, PMCSR, 2, ENABLE);
            assertThat(event()).isTrue();
            client.store(CONFIG, PMCSR, 2, 0);
            client.store(CONFIG, PMCSR, 2, ENABLE);
            assertThat(pme.drain()).isEqualTo(2);
        }

        /** PME_En is its mask. */
        @Test
        void shouldNotBeMaskable() {
            int mask = Vfio.VFIO_IRQ_SET_DATA_NONE | Vfio.VFIO_IRQ_SET_ACTION_MASK;
            assertThat(client.errno(WireClient.SET_IRQS, WireClient.irqs(mask, PME, 0, 1)))
                    .isEqualTo(Errno.ENOTTY.number());
        }

        /** "Mapped regions work" comes before the signal, whoever wakes the device. */
        @Test
        void shouldFindMappedRegionsAtWorkWhenAWakeupIsSignalled() {
            int size = 64 << 10;
            try (Fd file = client.barFile(2);
                    Mapping mapping = Mapping.map(file, 0, size, true);
                    EventFd wakeup = EventFd.create()) {
                for (int i = 0; i < 50; i++) {
                    mapping.putInt(0, i);
                    assertThat(client.enter(wakeup)).isZero();
                    served.await(ContractState.W_S);
                    assertThat(event()).isTrue();
                    assertThat(wakeup.await(Duration.ofSeconds(5))).isTrue();
                    assertThat(mapping.getInt(0)).isEqualTo(i);
                    assertThat(wakeup.drain()).isEqualTo(1);
                }
            }
        }

        @Test
        void shouldBeALoopbackOnRequest() {
            int none = Vfio.VFIO_IRQ_SET_DATA_NONE | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
            assertThat(client.errno(WireClient.SET_IRQS, WireClient.irqs(none, PME, 0, 1)))
                    .isZero();
            assertThat(pme.drain()).isEqualTo(1);
            assertThat(pmcsr()).as("a test of the wire, no event").isEqualTo(8);
        }

        /** What the device remembers stays; who is told goes with the client. */
        @Test
        void shouldOutliveItsClientAsBits() {
            client.store(CONFIG, PMCSR, 2, ENABLE);
            assertThat(event()).isTrue();
            assertThat(pme.drain()).isEqualTo(1);
            client.close();
            served.awaitClosed();
            try (WireClient next = connect(served, true);
                    EventFd other = EventFd.create()) {
                assertThat(next.load(CONFIG, PMCSR, 2)).isEqualTo(STATUS | ENABLE | 8);
                next.store(CONFIG, PMCSR, 2, STATUS | ENABLE);
                assertThat(event()).isTrue();
                assertThat(pme.drain()).isZero();
                assertThat(
                                next.errno(
                                        WireClient.SET_IRQS,
                                        WireClient.irqs(EVENTFD_TRIGGER, PME, 0, 1),
                                        other.fd()))
                        .isZero();
                assertThat(other.drain()).as("it had risen before").isZero();
            }
        }
    }
}
