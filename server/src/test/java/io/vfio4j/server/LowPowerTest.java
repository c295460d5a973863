/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.MemFd;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.Delays;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The low-power contract over the wire: what wakes, in which order, and what mappings do. */
class LowPowerTest {
    private static final int EINVAL = Errno.EINVAL.number();
    private static final int EVENTFD_TRIGGER =
            Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final PciDescription NO_D3COLD =
            Probe.DESCRIPTION.withPower(PowerManagement.downToD3hot().withDelays(Delays.ZERO));

    private final Served served = Served.one();
    private final WireClient client = served.client();
    private final EventFd wakeup = EventFd.create();

    @AfterEach
    void close() {
        client.close();
        served.close();
        wakeup.close();
    }

    private void sleep() {
        assertThat(client.enter(wakeup)).isZero();
        served.await(ContractState.W_S);
    }

    /** Spec B7: what is an ioctl or an access of a valid region wakes, whatever becomes of it. */
    @Nested
    class Waking {
        private record Cell(String name, Consumer<WireClient> request, boolean signal) {}

        private final List<Cell> table = new ArrayList<>();

        Waking() {
            wakes("GET_INFO", it -> it.call(4, new Bytes().u32(16).u32(0).u64(0)));
            wakes("GET_INFO, refused", it -> it.call(4, new Bytes()));
            wakes("GET_REGION_INFO", it -> it.barFile(2).close());
            wakes(
                    "GET_REGION_INFO of no region",
                    it -> it.call(5, new Bytes().u32(32).u32(0).u32(77).u32(0).u64(0).u64(0)));
            wakes("GET_REGION_IO_FDS", it -> it.call(6, new Bytes().u32(16).u32(0).u64(0)));
            wakes("GET_IRQ_INFO", it -> it.call(7, new Bytes().u32(16).u32(0).u64(0)));
            wakes("SET_IRQS", it -> it.call(8, WireClient.irqs(0x21, 2, 0, 0)));
            wakes("SET_IRQS, refused", it -> it.call(8, WireClient.irqs(0, 99, 0, 0)));
            wakes("REGION_READ of a BAR", it -> it.load(0, 0, 4));
            wakes("REGION_READ of config", it -> it.load(7, 0, 4));
            wakes("REGION_READ outside a BAR", it -> it.call(9, WireClient.access(1, -1, 4)));
            wakes("REGION_READ of an absent BAR", it -> it.call(9, WireClient.access(3, 0, 4)));
            wakes("REGION_WRITE", it -> it.store(0, 0, 4, 0));
            wakes(
                    "REGION_WRITE_MULTI",
                    it -> it.call(15, new Bytes().u64(1).u64(0).u32(0).u32(4).u64(0)));
            wakes("RESET", it -> it.call(13, new Bytes()));
            wakes("FEATURE, probe", it -> it.feature(3 | WireClient.PROBE, new Bytes()));
            wakes("FEATURE, exit", WireClient::exit);
            wakes("FEATURE, cut off", it -> it.call(16, new Bytes()));
            wakes("FEATURE, unknown", it -> it.feature(99, new Bytes()));
            wakes("FEATURE, W with a bad payload", it -> it.feature(4 | 1 << 17, new Bytes()));
            wakes("an unknown command", it -> it.call(99, new Bytes()));
            wakes("DIRTY_PAGES, which is gone", it -> it.call(14, new Bytes()));

            leaves("DMA_MAP", it -> it.call(2, WireClient.map(0, 4096, 0, 3)));
            leaves("DMA_MAP, refused", it -> it.call(2, new Bytes()));
            leaves("DMA_UNMAP", it -> it.call(3, WireClient.unmap(0, 0, 2)));
            leaves("DMA_UNMAP, refused", it -> it.call(3, WireClient.unmap(0, 4096, 0)));
            leaves("REGION_READ of nothing", it -> it.read(0, 0, 0));
            leaves("REGION_READ of no region", it -> it.call(9, WireClient.access(9, 0, 4)));
            leaves("REGION_WRITE of nothing", it -> it.write(1, 0, new byte[0]));
            leaves("REGION_WRITE of no region", it -> it.write(-1, 0, new byte[4]));
            leaves("REGION_READ, cut off", it -> it.call(9, new Bytes()));
            leaves("REGION_WRITE_MULTI of nothing", it -> it.call(15, new Bytes().u64(0)));
            leaves("a second VERSION", it -> it.version(0, 0, "{}"));
            leaves("MIG_DATA_READ", it -> it.call(17, new Bytes().u32(16).u32(8)));
        }

        private void wakes(String name, Consumer<WireClient> request) {
            table.add(new Cell(name, request, true));
        }

        private void leaves(String name, Consumer<WireClient> request) {
            table.add(new Cell(name, request, false));
        }

        private Stream<DynamicTest> cells(PciDescription description, String depth) {
            return table.stream()
                    .map(cell ->
                            dynamicTest(
                                    "%s in %s".formatted(cell.name(), depth),
                                    () -> assertCell(description, cell)));
        }

        @TestFactory
        Stream<DynamicTest> shouldBeAsB7SaysInD3hot() {
            return cells(NO_D3COLD, "D3hot");
        }

        @TestFactory
        Stream<DynamicTest> shouldBeAsB7SaysInD3cold() {
            return cells(Probe.DESCRIPTION, "D3cold");
        }

        private void assertCell(PciDescription description, Cell cell) {
            try (Served other = new Served(1, description);
                    WireClient it = other.client();
                    EventFd armed = EventFd.create()) {
                assertThat(it.enter(armed)).isZero();
                other.await(ContractState.W_S);
                cell.request().accept(it);
                // The signal is there when the reply is (I4), so nothing is waited for.
                assertThat(armed.drain()).isEqualTo(cell.signal() ? 1 : 0);
                assertThat(other.contract())
                        .isEqualTo(cell.signal() ? ContractState.OFF : ContractState.W_S);
            }
        }
    }

    @Nested
    class Contract {
        @Test
        void shouldSuspendAfterTheEntryAndTellTheModelOnce() {
            served.model().power();
            sleep();
            assertThat(served.model().power()).containsExactly("suspend D3cold");
            assertThat(client.load(0, 0, 4)).isZero();
            assertThat(served.model().power()).containsExactly("reset POWER_ON", "resume D3cold");
        }

        @Test
        void shouldSignalOnceAndStayAwake() {
            sleep();
            for (int i = 0; i < 10; i++) {
                client.load(0, 0, 4);
            }
            assertThat(wakeup.drain()).isEqualTo(1);
            assertThat(served.contract()).isEqualTo(ContractState.OFF);
            assertThat(served.device().power().usage()).isEqualTo(1);
        }

        @Test
        void shouldEngageAgainFromWithinASleep() {
            sleep();
            try (EventFd second = EventFd.create()) {
                assertThat(client.enter(second)).as("its own wake ends the first").isZero();
                assertThat(wakeup.drain()).isEqualTo(1);
                served.await(ContractState.W_S);
                assertThat(second.drain()).isZero();
                client.load(0, 0, 4);
                assertThat(second.drain()).isEqualTo(1);
                assertThat(wakeup.drain()).isZero();
            }
        }

        @Test
        void shouldRefuseASecondEntryWithoutWakeup() {
            assertThat(client.enter()).isZero();
            served.await(ContractState.N_S);
            assertThat(client.enter()).isEqualTo(EINVAL);
            assertThat(client.enter(wakeup)).isEqualTo(EINVAL);
            served.await(ContractState.N_S);
            assertThat(client.exit()).isZero();
            assertThat(wakeup.drain()).isZero();
        }

        @Test
        void shouldNotSignalWhenTheClientGoes() {
            sleep();
            client.close();
            served.awaitClosed();
            assertThat(wakeup.drain()).isZero();
        }

        /** I2: every W that succeeded has exactly one ending. */
        @Test
        void shouldEndEachEntryOnceWhetherOrNotTheDeviceWasAsleepAlready() {
            for (int i = 0; i < 100; i++) {
                assertThat(client.enter(wakeup)).as("round %d", i).isZero();
                if (i % 4 < 2) {
                    // At once: it may still be awake, be on its way down, or asleep.
                    client.load(0, 0, 4);
                    if (served.contract() != ContractState.OFF) {
                        assertThat(wakeup.drain()).isZero();
                        served.await(ContractState.W_S);
                        client.load(0, 0, 4);
                    }
                    assertThat(wakeup.drain()).isEqualTo(1);
                } else if (i % 4 == 2) {
                    assertThat(client.exit()).isZero();
                    assertThat(wakeup.drain()).isIn(0L, 1L);
                } else {
                    served.await(ContractState.W_S);
                    assertThat(client.exit()).isZero();
                    assertThat(wakeup.drain()).isEqualTo(1);
                }
                assertThat(served.contract()).isEqualTo(ContractState.OFF);
            }
            assertThat(wakeup.drain()).isZero();
        }

        @ParameterizedTest
        @ValueSource(strings = {"pipe", "memfd", "socket", "directory", "opath"})
        void shouldRefuseAWakeupThatIsNoEventfd(String kind) {
            try (Fd fd = Descriptors.of(kind)) {
                int before = Fd.openCount();
                Bytes payload = new Bytes().u32(0).u32(0);
                // A path is not an open file (spec A2 step 14).
                int errno = kind.equals("opath") ? Errno.EBADF.number() : EINVAL;
                assertThat(client.feature(4 | WireClient.SET, payload, fd)).isEqualTo(errno);
                assertThat(Fd.openCount()).isEqualTo(before);
                assertThat(served.contract()).isEqualTo(ContractState.OFF);
            }
        }

        @Test
        void shouldTakeTheFieldForTheIndexOfTheOneDescriptor() {
            int before = Fd.openCount();
            int ebadf = Errno.EBADF.number();
            assertThat(entry(-1, wakeup.fd())).isEqualTo(EINVAL);
            assertThat(entry(-1)).isEqualTo(EINVAL);
            assertThat(entry(1, wakeup.fd())).isEqualTo(ebadf);
            assertThat(entry(1, wakeup.fd(), wakeup.fd())).isEqualTo(EINVAL);
            assertThat(entry(0, wakeup.fd(), wakeup.fd())).isEqualTo(EINVAL);
            assertThat(entry(0)).isEqualTo(ebadf);
            assertThat(Fd.openCount()).isEqualTo(before);
            assertThat(entry(0, wakeup.fd())).as("reserved is not checked").isZero();
        }

        private int entry(int index, Fd... fds) {
            return client.feature(4 | WireClient.SET, new Bytes().u32(index).u32(-1), fds);
        }

        @Test
        void shouldCloseDescriptorsThatNobodyNeeds() {
            int before = Fd.openCount();
            assertThat(client.feature(3 | WireClient.SET, new Bytes(), wakeup.fd())).isZero();
            assertThat(client.feature(5 | WireClient.SET, new Bytes(), wakeup.fd())).isZero();
            int probe = 4 | WireClient.PROBE;
            assertThat(client.feature(probe, new Bytes(), wakeup.fd(), wakeup.fd())).isZero();
            assertThat(Fd.openCount()).isEqualTo(before);
        }

        @Test
        void shouldWakeForARequestThatIsNotAnswered() {
            sleep();
            client.post(0, 0x40, 4, 1);
            assertThat(wakeup.await(Duration.ofSeconds(5))).isTrue();
            served.await(ContractState.OFF);
        }

        /** Step 14 comes before 15: a bad descriptor is refused as such though already engaged. */
        @Test
        void shouldLookAtTheDescriptorBeforeTheState() {
            assertThat(client.enter()).isZero();
            Bytes payload = new Bytes().u32(0).u32(0);
            assertThat(client.feature(4 | WireClient.SET, payload)).isEqualTo(Errno.EBADF.number());
            assertThat(client.enter(wakeup)).isEqualTo(EINVAL);
        }
    }

    /** Spec B4: every access to a mapping faults while engaged, in every process. */
    @Nested
    class Mappings {
        private static final int SIZE = 64 << 10;
        private final Fd file = client.barFile(2);
        private final Mapping mapping = Mapping.map(file, 0, SIZE, true);

        @AfterEach
        void unmap() {
            mapping.close();
            file.close();
        }

        private void assertFaults() {
            assertThatExceptionOfType(MappingFaultException.class)
                    .isThrownBy(() -> mapping.getInt(0));
            assertThatExceptionOfType(MappingFaultException.class)
                    .isThrownBy(() -> mapping.putInt(SIZE - 4, 1));
        }

        @Test
        void shouldFaultWhenTheEntryIsAnswered() {
            for (int i = 0; i < 50; i++) {
                mapping.putInt(0, i);
                assertThat(client.enter()).isZero();
                assertFaults();
                assertThat(client.exit()).isZero();
                assertThat(mapping.getInt(0)).isEqualTo(i);
            }
        }

        @Test
        void shouldFaultInAnotherProcessAndComeBackWithTheContents() {
            try (OtherProcess other = new OtherProcess(file, SIZE)) {
                mapping.putInt(4096, 1);
                assertThat(other.get(4096)).isEqualTo("1");
                assertThat(other.put(8192, 2)).isEqualTo("done");

                sleep();
                assertFaults();
                assertThat(other.get(4096)).isEqualTo("fault");
                assertThat(other.put(8192, 3)).isEqualTo("fault");
                assertThat(wakeup.drain()).as("a fault wakes nobody").isZero();
                assertThat(served.contract()).isEqualTo(ContractState.W_S);

                assertThat(client.load(2, 8192, 4)).as("and this does").isEqualTo(2);
                assertThat(wakeup.drain()).isEqualTo(1);
                assertThat(other.get(4096)).isEqualTo("1");
                assertThat(other.put(8192, 4)).isEqualTo("done");
                assertThat(mapping.getInt(8192)).isEqualTo(4);

                client.close();
                served.awaitClosed();
                assertFaults();
                assertThat(other.get(4096)).as("for good").isEqualTo("fault");
                try (WireClient next = served.client();
                        Fd nexts = next.barFile(2);
                        Mapping another = Mapping.map(nexts, 0, SIZE, true)) {
                    assertThat(another.getInt(8192)).isEqualTo(4);
                    assertThat(next.enter()).isZero();
                    assertThat(next.exit()).isZero();
                    assertThat(another.getInt(4096)).isEqualTo(1);
                    assertFaults();
                    assertThat(other.get(4096)).isEqualTo("fault");
                }
            }
        }

        @Test
        void shouldGoOnByMessagesWhileTheMappingFaults() {
            assertThat(client.enter()).isZero();
            client.store(2, 100, 4, 0xcafe);
            assertThat(client.load(2, 100, 4)).isEqualTo(0xcafe);
            assertFaults();
            assertThat(client.exit()).isZero();
            assertThat(mapping.getInt(100)).isEqualTo(0xcafe);
        }

        @Test
        void shouldBeGivenOutWhileEngaged() {
            mapping.putInt(0, 5);
            assertThat(client.enter()).isZero();
            try (Fd again = client.barFile(2);
                    Mapping another = Mapping.map(again, 0, SIZE, true)) {
                assertThatExceptionOfType(MappingFaultException.class)
                        .isThrownBy(() -> another.getInt(0));
                assertThat(client.exit()).isZero();
                assertThat(another.getInt(0)).isEqualTo(5);
            }
        }

        @Test
        void shouldSurviveAClientThatCutsTheFile() {
            mapping.putInt(0, 5);
            Descriptors.truncate(file, 0);
            assertThat(client.call(9, WireClient.access(2, 0, 4)).errno())
                    .isEqualTo(Errno.EIO.number());
            assertThat(client.enter()).isZero();
            served.await(ContractState.N_S);
            assertThat(client.exit()).isZero();
            mapping.putInt(0, 6);
            assertThat(client.load(2, 0, 4)).isEqualTo(6);
        }
    }

    @Nested
    class Interrupts {
        @Test
        void shouldWaitForTheWake() {
            try (EventFd line = EventFd.create();
                    EventFd unmask = EventFd.create()) {
                int intx = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
                assertThat(
                                client.errno(
                                        WireClient.SET_IRQS,
                                        WireClient.irqs(EVENTFD_TRIGGER, intx, 0, 1),
                                        line.fd()))
                        .isZero();
                int unmaskFlags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
                assertThat(
                                client.errno(
                                        WireClient.SET_IRQS,
                                        WireClient.irqs(unmaskFlags, intx, 0, 1),
                                        unmask.fd()))
                        .isZero();
                sleep();
                unmask.signal();
                assertThat(line.await(Duration.ofMillis(50))).isFalse();
                assertThat(served.contract()).isEqualTo(ContractState.W_S);
                client.store(0, Probe.LEVEL, 4, 1);
                assertThat(line.drain()).isEqualTo(1);
                unmask.signal();
                assertThat(line.await(Duration.ofSeconds(5))).isTrue();
            }
        }
    }

    @Nested
    class Dma {
        @Test
        void shouldBeMappedWhileTheDeviceSleeps() {
            sleep();
            try (MemFd ram = MemFd.create("ram", 4096)) {
                assertThat(client.errno(2, WireClient.map(0, 4096, 0, 3), ram.fd())).isZero();
            }
            assertThat(served.contract()).isEqualTo(ContractState.W_S);
            assertThat(served.device().dma().size()).isEqualTo(1);
        }
    }

    /** Several devices of a process sleep each for itself. */
    @Test
    void shouldKeepDevicesApart() {
        try (Served two = new Served(2);
                WireClient one = WireClient.open(two.sockets.get(0));
                WireClient other = WireClient.open(two.sockets.get(1))) {
            assertThat(one.enter(wakeup)).isZero();
            two.await(ContractState.W_S);
            other.store(0, 0x40, 4, 7);
            assertThat(other.load(0, 0x40, 4)).isEqualTo(7);
            assertThat(two.contract()).isEqualTo(ContractState.W_S);
            assertThat(one.load(0, 0x40, 4)).isZero();
            assertThat(wakeup.drain()).isEqualTo(1);
            List<ContractState> states =
                    two.devices.stream().map(it -> it.power().contractState()).toList();
            assertThat(states).containsExactly(ContractState.OFF, ContractState.OFF);
        }
    }
}
