/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.MemFd;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerException;
import io.vfio4j.power.Profile;
import io.vfio4j.power.Refusal;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The low-power contract as a hosted device keeps it: features 3, 4 and 5, what the model is told,
 * mappings, opening and closing (spec A, B).
 */
class LowPowerTest {
    private static final int EINVAL = -Errno.EINVAL.number();

    private Hosted hosted = Hosted.opened(Hosted.FULL);
    private final EventFd wakeup = EventFd.create();

    @AfterEach
    void close() {
        hosted.close();
        wakeup.close();
    }

    private void host(PciDescription description) {
        hosted.close();
        hosted = Hosted.opened(description);
    }

    private void sleep() {
        assertThat(hosted.enter(wakeup)).isZero();
        hosted.settle();
        assertThat(hosted.contract()).isEqualTo(ContractState.W_S);
    }

    @Nested
    class Entry {
        @Test
        void shouldPermitLowPowerAndSuspendLater() {
            assertThat(hosted.enter()).isZero();
            assertThat(hosted.contract()).isEqualTo(ContractState.N_A);
            assertThat(hosted.model.calls()).isEmpty();
            hosted.settle();
            assertThat(hosted.contract()).isEqualTo(ContractState.N_S);
            assertThat(hosted.model.calls()).containsExactly("suspend D3hot");
        }

        @Test
        void shouldWakeForEachAccessAndSleepAgain() {
            assertThat(hosted.enter()).isZero();
            for (int i = 0; i < 3; i++) {
                hosted.settle();
                hosted.model.calls();
                assertThat(hosted.load(0, 0, 1)).isZero();
                assertThat(hosted.contract()).isEqualTo(ContractState.N_A);
                assertThat(hosted.model.calls()).containsExactly("resume D3hot", "read 0+0x0/1");
            }
            hosted.settle();
            assertThat(hosted.contract()).isEqualTo(ContractState.N_S);
        }

        @Test
        void shouldNotSuspendWhileAnAccessIsHeld() {
            try (DeviceAccess _ = hosted.device.access()) {
                assertThat(hosted.enter()).isZero();
                hosted.settle();
                assertThat(hosted.contract()).isEqualTo(ContractState.N_A);
            }
            hosted.settle();
            assertThat(hosted.contract()).isEqualTo(ContractState.N_S);
        }

        @Test
        void shouldTellTheModelAfterTheClientsD3hotWasLeft() {
            host(Hosted.COLD);
            hosted.config(0x44, 2, 3);
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3COLD);
            assertThat(hosted.model.calls())
                    .containsExactly("suspend D3hot", "resume D3hot", "suspend D3cold");
        }
    }

    @Nested
    class EntryWithWakeup {
        @Test
        void shouldSignalOnceBeforeTheAccessIsDone() {
            sleep();
            try (DeviceAccess _ = hosted.device.access()) {
                assertThat(wakeup.drain()).as("I4").isEqualTo(1);
                assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
            }
            hosted.settle();
            assertThat(hosted.load(0, 0, 1)).isZero();
            assertThat(wakeup.drain()).isZero();
            assertThat(hosted.device.power().usage()).as("I5").isEqualTo(1);
        }

        @Test
        void shouldNotSignalAnExitWhileAwake() {
            assertThat(hosted.enter(wakeup)).isZero();
            assertThat(hosted.exit()).isZero();
            hosted.settle();
            assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
            assertThat(wakeup.drain()).isZero();
        }

        @Test
        void shouldSignalAnExitFromSleep() {
            sleep();
            assertThat(hosted.exit()).isZero();
            assertThat(wakeup.drain()).isEqualTo(1);
        }

        @Test
        void shouldCarryOnThoughTheClientClosedItsEventfd() {
            EventFd gone = EventFd.create();
            assertThat(hosted.enter(gone)).isZero();
            gone.close();
            hosted.settle();
            assertThat(hosted.load(0, 0, 1)).isZero();
            assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
        }

        @Test
        void shouldCloseTheEventfdHoweverTheSessionEnds() {
            int before = Fd.openCount();
            assertThat(hosted.enter(wakeup)).isZero();
            assertThat(Fd.openCount()).isEqualTo(before + 1);
            assertThat(hosted.enter(wakeup)).as("already engaged").isEqualTo(EINVAL);
            assertThat(Fd.openCount()).isEqualTo(before + 1);
            assertThat(hosted.exit()).isZero();
            assertThat(Fd.openCount()).as("exit").isEqualTo(before);

            sleep();
            assertThat(hosted.load(0, 0, 1)).isZero();
            assertThat(Fd.openCount()).as("wake").isEqualTo(before);

            sleep();
            hosted.device.lastClose();
            assertThat(Fd.openCount()).as("last close").isEqualTo(before);
        }
    }

    /** The descriptors of a request are closed whatever becomes of it (spec A2, step 14). */
    @Nested
    class Descriptors {
        private final int openBefore = Fd.openCount();

        @AfterEach
        void nothingLeft() {
            hosted.exit();
            assertThat(Fd.openCount()).isEqualTo(openBefore);
        }

        private int enter(int index, Fd... fds) {
            return hosted.feature(
                    Hosted.LOW_POWER_ENTRY_WITH_WAKEUP | Hosted.SET, new int[] {index, 0}, fds);
        }

        private Fd eventFd() {
            return wakeup.fd().duplicate();
        }

        @Test
        void shouldBeOneEventfdWithTheIndex0() {
            assertThat(enter(0, eventFd())).isZero();
        }

        @Test
        void shouldBeEbadfWhereTheIndexHasNone() {
            assertThat(enter(0)).isEqualTo(-Errno.EBADF.number());
            assertThat(enter(1, eventFd())).isEqualTo(-Errno.EBADF.number());
        }

        @Test
        void shouldBeEinvalForANegativeIndexOrSeveral() {
            assertThat(enter(-1)).isEqualTo(EINVAL);
            assertThat(enter(-1, eventFd())).isEqualTo(EINVAL);
            assertThat(enter(0, eventFd(), eventFd())).isEqualTo(EINVAL);
        }

        @Test
        void shouldBeEinvalForAnythingElse() {
            try (MemFd file = MemFd.create("file", 4096)) {
                assertThat(enter(0, file.fd().duplicate())).isEqualTo(EINVAL);
            }
        }

        @Test
        void shouldBeClosedWhereNoneBelong() {
            assertThat(hosted.feature(Hosted.LOW_POWER_ENTRY | Hosted.SET, new int[0], eventFd()))
                    .isZero();
            assertThat(hosted.feature(Hosted.LOW_POWER_EXIT | Hosted.SET, new int[0], eventFd()))
                    .isZero();
            assertThat(
                            hosted.feature(
                                    Hosted.LOW_POWER_ENTRY_WITH_WAKEUP | Hosted.PROBE,
                                    new int[] {0, 0},
                                    eventFd()))
                    .isZero();
            assertThat(hosted.feature(99 | Hosted.SET, new int[0], eventFd()))
                    .isEqualTo(-Errno.ENOTTY.number());
        }

        @Test
        void shouldBeClosedWhenAlreadyEngaged() {
            assertThat(hosted.enter()).isZero();
            assertThat(enter(0, eventFd())).isEqualTo(EINVAL);
            hosted.settle();
            assertThat(enter(0, eventFd())).as("N-S").isEqualTo(EINVAL);
        }
    }

    /** Features 3, 4 and 5 are the ones that there are (spec A2, steps 7 to 10). */
    @ParameterizedTest
    @CsvSource({
        "3, PROBE, 0",
        "4, PROBE, 0",
        "5, PROBE, 0",
        "3, PROBE_SET, 0",
        "3, PROBE_GET, 22",
        "3, GET, 22",
        "3, NOTHING, 22",
        "1, PROBE, 25",
        "2, PROBE, 25",
        "6, PROBE, 25",
        "12, PROBE, 22",
        "14, PROBE, 25",
        "65535, SET, 25",
    })
    void shouldAnswerForEachFeature(int feature, String operation, int errno) {
        int flags =
                switch (operation) {
                    case "PROBE" -> Hosted.PROBE;
                    case "PROBE_SET" -> Hosted.PROBE | Hosted.SET;
                    case "PROBE_GET" -> Hosted.PROBE | Hosted.GET;
                    case "GET" -> Hosted.GET;
                    case "SET" -> Hosted.SET;
                    default -> 0;
                };
        assertThat(hosted.feature(feature | flags, new int[0])).isEqualTo(-errno);
    }

    /** Spec B4. */
    @Nested
    class Mappings {
        private Mapping mapping = map();

        private Mapping map() {
            return Mapping.map(hosted.mappable(2), 0, 16384, true);
        }

        @AfterEach
        void unmap() {
            mapping.close();
        }

        private void assertFaults() {
            assertThatExceptionOfType(MappingFaultException.class)
                    .isThrownBy(() -> mapping.getInt(0));
        }

        @Test
        void shouldFaultFromTheEntryToTheExit() {
            mapping.putInt(0, 1);
            assertThat(hosted.enter()).isZero();
            assertFaults();
            hosted.settle();
            assertFaults();
            assertThat(hosted.load(2, 0, 4)).as("messages go through").isEqualTo(1);
            assertFaults();
            hosted.store(2, 0, 4, 2);
            assertThat(hosted.exit()).isZero();
            assertThat(mapping.getInt(0)).isEqualTo(2);
        }

        /**
         * An entry that succeeds leaves no mapping, and neither does a last close (spec B4, I3).
         */
        @Test
        void shouldFaultThoughTheProcessHasNoDescriptorsToSpare() {
            assertThat(StarvedProcess.run().lines())
                    .containsExactly("entry: 0, fault", "exit: 0, 7", "gone: fault", "next: 7");
        }

        @Test
        void shouldRefuseAnEntryThatCannotRevoke() {
            mapping.putInt(0, 7);
            hosted.mappable(2).close();
            int eio = -Errno.EIO.number();
            assertThat(hosted.enter()).isEqualTo(eio);
            assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
            assertThat(mapping.getInt(0)).isEqualTo(7);
            int before = Fd.openCount();
            assertThat(hosted.enter(wakeup)).isEqualTo(eio);
            assertThat(Fd.openCount()).as("its descriptor is closed").isEqualTo(before);
        }

        @Test
        void shouldWorkAgainWhenTheWakeupIsSignalled() {
            mapping.putInt(4, 1);
            sleep();
            assertFaults();
            assertThat(hosted.config(0, 2)).isEqualTo(0x1234);
            assertThat(mapping.getInt(4)).isEqualTo(1);
        }

        @Test
        void shouldFaultInD3hotAndWithMemoryDecodingOff() {
            hosted.config(0x44, 2, 3);
            assertFaults();
            hosted.config(0x44, 2, 0);
            assertThat(mapping.getInt(0)).isZero();
            hosted.config(PciRegs.PCI_COMMAND, 2, 0);
            assertFaults();
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
            assertThat(mapping.getInt(0)).isZero();
        }

        @Test
        void shouldStayRevokedThoughCommandIsToggledWhileEngaged() {
            assertThat(hosted.enter()).isZero();
            hosted.config(PciRegs.PCI_COMMAND, 2, 0);
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
            assertFaults();
            hosted.settle();
            assertFaults();
            assertThat(hosted.exit()).isZero();
            assertThat(mapping.getInt(0)).isZero();
        }

        @Test
        void shouldFaultForGoodOnceTheClientHasGone() {
            mapping.putInt(0, 7);
            hosted.device.lastClose();
            assertFaults();
            hosted.open();
            assertFaults();
            try (Mapping next = map()) {
                assertThat(next.getInt(0)).isEqualTo(7);
                hosted.enter();
                hosted.exit();
                assertThat(next.getInt(0)).isEqualTo(7);
                assertFaults();
            }
        }

        @Test
        void shouldServeTheNextClientWhetherOrNotTheDeviceSleptBetween() {
            mapping.putInt(0, 7);
            for (boolean slept : new boolean[] {false, true}) {
                hosted.device.lastClose();
                if (slept) {
                    hosted.settle();
                    assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3HOT);
                }
                hosted.open();
                mapping.close();
                mapping = map();
                assertThat(mapping.getInt(0)).isEqualTo(7);
            }
        }

        /** Asking for it wakes the device (spec B7), but an entry without a wakeup goes on. */
        @Test
        void shouldGiveOutAFileThatFaultsUntilTheExit() {
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            try (Mapping another = map()) {
                assertThatExceptionOfType(MappingFaultException.class)
                        .isThrownBy(() -> another.getInt(0));
                hosted.settle();
                assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3HOT);
                assertThatExceptionOfType(MappingFaultException.class)
                        .isThrownBy(() -> another.getInt(0));
                assertThat(hosted.exit()).isZero();
                another.putInt(0, 5);
                assertThat(hosted.load(2, 0, 4)).isEqualTo(5);
            }
        }

        @Test
        void shouldSignalTheWakeupOfOneWhoAsksForTheFileWhileAsleep() {
            sleep();
            try (Mapping another = map()) {
                another.putInt(0, 5);
                assertThat(mapping.getInt(0)).isEqualTo(5);
            }
            assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
            assertThat(wakeup.drain()).isEqualTo(1);
        }
    }

    /** Spec B2, B3: first open and last close. */
    @Nested
    class OpenAndClose {
        @Test
        void shouldSleepUntilItIsOpened() {
            try (Hosted fresh = new Hosted(Hosted.COLD)) {
                fresh.settle();
                assertThat(fresh.powerState()).isEqualTo(PciPowerState.D3COLD);
                assertThat(fresh.model.calls()).containsExactly("suspend D3cold");
                fresh.open();
                assertThat(fresh.powerState()).isEqualTo(PciPowerState.D0);
                assertThat(fresh.model.calls()).containsExactly("reset POWER_ON", "resume D3cold");
                fresh.settle();
                assertThat(fresh.device.power().usage()).isEqualTo(1);
                assertThat(fresh.powerState()).isEqualTo(PciPowerState.D0);
            }
        }

        @Test
        void shouldBeOpenOnce() {
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> hosted.open())
                    .satisfies(it -> assertThat(it.refusal()).isEqualTo(Refusal.EBUSY));
        }

        @Test
        void shouldIdleAfterTheLastClose() {
            hosted.device.lastClose();
            assertThat(hosted.device.power().usage()).isZero();
            hosted.settle();
            assertThat(hosted.model.calls()).containsExactly("suspend D3hot");
        }

        @Test
        void shouldNotSignalAWakeupByItsClose() {
            sleep();
            hosted.model.calls();
            hosted.device.lastClose();
            assertThat(wakeup.drain()).isZero();
            assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
            assertThat(hosted.model.calls()).containsExactly("resume D3hot");
            hosted.settle();
            hosted.open();
            assertThat(hosted.contract())
                    .as("a reopened device starts in OFF")
                    .isEqualTo(ContractState.OFF);
            assertThat(hosted.enter(wakeup)).isZero();
        }

        @Test
        void shouldBringTheClientsD3hotBackToD0() {
            hosted.config(0x44, 2, 3);
            hosted.device.lastClose();
            hosted.open();
            assertThat(hosted.config(0x44, 2) & 3).isZero();
            assertThat(hosted.load(0, 1, 1)).isEqualTo(1);
        }

        @Test
        void shouldTakeACloseOfAClosedDevice() {
            hosted.device.lastClose();
            hosted.device.lastClose();
            hosted.open();
            assertThat(hosted.device.power().usage()).isEqualTo(1);
        }

        @Test
        void shouldDecodeMemoryForEveryClient() {
            hosted.config(PciRegs.PCI_COMMAND, 2, 0);
            hosted.device.lastClose();
            hosted.open();
            assertThat(hosted.load(1, 0, 4)).isZero();
        }

        @Test
        void shouldRefuseAccessesWithEioWhenTheModelDoesNotWake() {
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            hosted.model.whileResuming =
                    () -> {
                        throw new IllegalStateException("the model is broken");
                    };
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> hosted.device.access())
                    .satisfies(it -> assertThat(it.refusal()).isEqualTo(Refusal.EIO));
            assertThat(hosted.contract()).as("nothing else done").isEqualTo(ContractState.N_S);
            hosted.model.whileResuming = () -> {};
            assertThat(hosted.load(0, 1, 1)).isEqualTo(1);
        }
    }

    /** What a model's author relies on. */
    @Nested
    class Hosting {
        private HostOptions options() {
            return new HostOptions(
                    new ManualScheduler(),
                    new ManualClock(),
                    new ManualWatcher(),
                    Profile.LINUX_7_3);
        }

        @Test
        void shouldEndTheModelAwakeAndOnce() {
            RecordingDevice model = new RecordingDevice(Hosted.FULL);
            ManualScheduler scheduler = new ManualScheduler();
            HostedDevice device =
                    new HostedDevice(
                            model,
                            new HostOptions(
                                    scheduler,
                                    new ManualClock(),
                                    new ManualWatcher(),
                                    Profile.LINUX_7_3));
            scheduler.drain();
            model.calls();
            device.close();
            device.close();
            scheduler.drain();
            assertThat(model.calls()).containsExactly("resume D3hot", "close");
        }

        @Test
        void shouldGiveEverythingBack() {
            int before = Fd.openCount();
            for (int i = 0; i < 20; i++) {
                Hosted other = Hosted.opened(Hosted.FULL);
                other.region(2);
                try (EventFd interrupt = EventFd.create()) {
                    other.trigger(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, interrupt);
                }
                other.device.lastClose();
                other.close();
            }
            assertThat(Fd.openCount()).isEqualTo(before);
        }

        @Test
        void shouldRefuseAnAccessAfterTheEndRatherThanTouchFreedMemory() {
            HostedDevice device = new HostedDevice(new RecordingDevice(Hosted.FULL), options());
            device.open(new NoMessages());
            device.close();
            try (DeviceAccess access = device.access()) {
                for (int bar : new int[] {1, 2, 4}) {
                    assertThatIllegalStateException()
                            .isThrownBy(() -> access.read(bar, 0, 4, hosted.buffer, 0));
                }
            }
        }

        @Test
        void shouldRefuseToHostADeviceTwice() {
            RecordingDevice model = new RecordingDevice(Hosted.FULL);
            int before = Fd.openCount();
            try (HostedDevice _ = new HostedDevice(model, options())) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> new HostedDevice(model, options()));
            }
            assertThat(Fd.openCount()).isEqualTo(before);
        }

        @Test
        void shouldTellAModelThatHasNoHostYet() {
            RecordingDevice model = new RecordingDevice(Hosted.FULL);
            assertThatIllegalStateException().isThrownBy(model::interrupts);
            assertThatIllegalStateException().isThrownBy(model::dma);
            assertThatIllegalStateException().isThrownBy(() -> model.memory(1));
        }

        @Test
        void shouldKeepTwoDevicesApart() {
            try (Hosted other = Hosted.opened(Hosted.COLD);
                    Mapping mapping = Mapping.map(other.mappable(2), 0, 4096, true)) {
                mapping.putInt(0, 1);
                hosted.store(2, 0, 4, 2);
                sleep();
                assertThat(other.contract()).isEqualTo(ContractState.OFF);
                assertThat(mapping.getInt(0)).isEqualTo(1);
                assertThat(other.model.calls()).isEmpty();

                assertThat(other.enter()).isZero();
                other.settle();
                assertThat(other.powerState()).isEqualTo(PciPowerState.D3COLD);
                assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3HOT);
                assertThat(other.exit()).isZero();
                assertThat(wakeup.drain()).isZero();
                assertThat(hosted.contract()).isEqualTo(ContractState.W_S);
                assertThat(hosted.load(2, 0, 4)).isEqualTo(2);
            }
        }
    }
}
