/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.device.InterruptDescription;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.device.RegionDescription.Area;
import io.vfio4j.device.RegionDescription.Mappable;
import io.vfio4j.device.ServedClient;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.Vfio;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A device that is passed on rather than emulated: the server says of it what it is told. */
class PassedOnTest {
    private static final int ROM = 6;

    @TempDir Path directory;

    private final VfioUserServer server = new VfioUserServer();
    private final PassedOn device = new PassedOn();
    private Path socket = Path.of("");

    @BeforeEach
    void serve() {
        socket = directory.resolve("device");
        server.serve(socket, device);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static Bytes askRegion(int argsz, int index) {
        return new Bytes().u32(argsz).u32(0).u32(index).u32(0).u64(0).u64(0);
    }

    @Nested
    class Regions {
        private static final long PAGE = 4096;

        private final MemFd file = MemFd.create("bars", 64 * PAGE);

        @AfterEach
        void close() {
            file.close();
        }

        /** BAR 2 lies at the 16th page of the file; its second page is not to be mapped. */
        private void describe(boolean msixMappable) {
            var areas = List.of(new Area(0, PAGE), new Area(2 * PAGE, 6 * PAGE));
            var mappable = new Mappable(file.fd(), 16 * PAGE, areas, msixMappable);
            device.regions.put(
                    2, new RegionDescription(8 * PAGE, true, true, Optional.of(mappable)));
        }

        @Test
        void shouldTellOfEveryAreaThatCanBeMapped() {
            describe(false);
            try (WireClient client = WireClient.open(socket)) {
                WireClient.Frame frame =
                        client.call(WireClient.GET_REGION_INFO, askRegion(80, 2)).withoutFds();
                Bytes reply = frame.payload();
                assertThat(reply.length()).isEqualTo(80);
                assertThat(reply.u32At(0)).as("argsz").isEqualTo(80);
                assertThat(reply.u32At(12)).as("cap_offset").isEqualTo(32);
                assertThat(reply.u64At(16)).as("size").isEqualTo(8 * PAGE);
                assertThat(reply.u64At(24)).as("offset").isEqualTo(16 * PAGE);
                assertThat(reply.u16At(32)).isEqualTo(Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP);
                assertThat(reply.u32At(36)).as("next").isZero();
                assertThat(reply.u32At(40)).as("areas").isEqualTo(2);
                assertThat(reply.u64At(48)).isZero();
                assertThat(reply.u64At(56)).isEqualTo(PAGE);
                assertThat(reply.u64At(64)).isEqualTo(2 * PAGE);
                assertThat(reply.u64At(72)).isEqualTo(6 * PAGE);
                assertThat(frame.fds()).hasSize(1);
            }
        }

        @Test
        void shouldTellThatTheMsixTableMayLieInThem() {
            describe(true);
            try (WireClient client = WireClient.open(socket)) {
                WireClient.Frame frame =
                        client.call(WireClient.GET_REGION_INFO, askRegion(4096, 2)).withoutFds();
                Bytes reply = frame.payload();
                assertThat(reply.length()).isEqualTo(88);
                assertThat(reply.u32At(0)).as("argsz").isEqualTo(88);
                assertThat(reply.u32At(36)).as("next").isEqualTo(80);
                assertThat(reply.u64At(72)).as("the last area").isEqualTo(6 * PAGE);
                assertThat(reply.u16At(80)).isEqualTo(Vfio.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE);
                assertThat(reply.u16At(82)).as("version").isEqualTo(1);
                assertThat(reply.u32At(84)).as("next").isZero();
            }
        }

        /** QEMU refuses the flag of capabilities without their place, also in this answer. */
        @ParameterizedTest
        @ValueSource(ints = {32, 64, 80, 87})
        void shouldLeaveAllOfThemOutWhereTheyDoNotFit(int argsz) {
            describe(true);
            try (WireClient client = WireClient.open(socket)) {
                WireClient.Frame frame =
                        client.call(WireClient.GET_REGION_INFO, askRegion(argsz, 2)).withoutFds();
                Bytes reply = frame.payload();
                assertThat(reply.length()).isEqualTo(32);
                assertThat(reply.u32At(0)).as("needed").isEqualTo(88);
                assertThat(reply.u32At(4) & Vfio.VFIO_REGION_INFO_FLAG_CAPS).isNotZero();
                assertThat(reply.u32At(12)).as("cap_offset").isEqualTo(32);
                assertThat(reply.u64At(24)).as("offset").isEqualTo(16 * PAGE);
                assertThat(frame.fds()).isEmpty();
            }
        }

        private static Fd barFile(WireClient client) {
            return client.call(WireClient.GET_REGION_INFO, askRegion(4096, 2)).fds().getFirst();
        }

        @Test
        void shouldHandOutTheFileItself() {
            describe(false);
            try (WireClient client = WireClient.open(socket);
                    Fd bars = barFile(client);
                    Mapping theirs = Mapping.map(bars, 18 * PAGE, PAGE, true);
                    Mapping ours = Mapping.map(file.fd(), 0, 64 * PAGE, true)) {
                theirs.putInt(4, 0xcafe);
                assertThat(ours.getInt(18 * PAGE + 4)).isEqualTo(0xcafe);
            }
        }

        @ParameterizedTest
        @CsvSource({"true, true, 3", "true, false, 1", "false, true, 2", "false, false, 0"})
        void shouldTellWhetherItCanBeReadAndWritten(boolean read, boolean write, int flags) {
            device.regions.put(ROM, new RegionDescription(2048, read, write, Optional.empty()));
            try (WireClient client = WireClient.open(socket)) {
                Bytes reply = client.call(WireClient.GET_REGION_INFO, askRegion(32, ROM)).payload();
                assertThat(reply.u32At(4)).isEqualTo(flags);
                assertThat(reply.u64At(16)).isEqualTo(2048);
            }
        }

        @Test
        void shouldAnswerWithTheErrnoOfADeviceThatCannotTell() {
            try (LogLines log = new LogLines();
                    WireClient client = WireClient.open(socket)) {
                device.refusal =
                        Optional.of(new LinuxException(Errno.ENODEV, "ioctl", "0000:01:00.0"));
                assertThat(client.errno(WireClient.GET_REGION_INFO, askRegion(32, 0)))
                        .isEqualTo(Errno.ENODEV.number());
                assertThat(log.lines())
                        .anySatisfy(line -> assertThat(line).contains("0000:01:00.0"));
                device.refusal = Optional.empty();
                assertThat(client.errno(WireClient.GET_REGION_INFO, askRegion(32, 0))).isZero();
            }
        }
    }

    @Nested
    class Device {
        @ParameterizedTest
        @CsvSource({"false, 5", "true, 6"})
        void shouldTellItsFlagsAndInterrupts(boolean signalsPme, int indices) {
            device.signalsPme = signalsPme;
            device.flags = Vfio.VFIO_DEVICE_FLAGS_PCI;
            try (WireClient client = WireClient.open(socket, WireClient.LOW_POWER_CAPABILITIES)) {
                Bytes reply =
                        client.call(WireClient.GET_INFO, new Bytes().u32(16).u32(0).u64(0))
                                .payload();
                assertThat(reply.u32At(4)).isEqualTo(Vfio.VFIO_DEVICE_FLAGS_PCI);
                assertThat(reply.u32At(12)).isEqualTo(indices);
            }
        }

        @Test
        void shouldTellOfInterruptsWhatItIsTold() {
            device.interrupts.put(1, new InterruptDescription(Vfio.VFIO_IRQ_INFO_EVENTFD, 8));
            try (WireClient client = WireClient.open(socket)) {
                Bytes reply =
                        client.call(
                                        WireClient.GET_IRQ_INFO,
                                        new Bytes().u32(16).u32(0).u32(1).u32(0))
                                .payload();
                assertThat(reply.u32At(4)).isEqualTo(Vfio.VFIO_IRQ_INFO_EVENTFD);
                assertThat(reply.u32At(12)).isEqualTo(8);
            }
        }

        /** The kernel wakes a device for an ioctl before it looks at the arguments (spec B7). */
        @Test
        void shouldBeWokenForARequestThatTheServerRefuses() {
            try (WireClient client = WireClient.open(socket)) {
                assertThat(client.errno(WireClient.GET_REGION_INFO, askRegion(32, 9)))
                        .isEqualTo(Errno.EINVAL.number());
                assertThat(client.errno(99, new Bytes())).isEqualTo(Errno.ENOTTY.number());
                assertThat(device.accesses).hasValue(2);
                assertThat(device.accessesOver).hasValue(2);
                assertThat(device.asked).hasValue(0);
            }
        }

        @Test
        void shouldBeLetGoBeforeTheReply() {
            try (WireClient client = WireClient.open(socket)) {
                assertThat(client.read(0, 0, 4)).containsOnly(0x5a);
                assertThat(device.accessesOver).hasValue(1);
                client.store(0, 0, 4, 1);
                assertThat(device.accessesOver).hasValue(2);
            }
        }
    }

    @Nested
    class Features {
        private static final int GET = 1 << 16;

        private static Bytes get(int argsz) {
            return new Bytes().u32(argsz).u32(GET | 1);
        }

        /** A GET comes without data, so its answer is longer than the request. */
        @ParameterizedTest
        @ValueSource(ints = {0, 8, 16, 100_000})
        void shouldAnswerAGetWithItsData(int size) {
            device.data = new byte[size];
            Arrays.fill(device.data, (byte) 7);
            try (WireClient client = WireClient.open(socket)) {
                Bytes reply = client.call(WireClient.FEATURE, get(8 + size)).payload();
                assertThat(reply.length()).isEqualTo(8 + size);
                assertThat(reply.u32At(0)).isEqualTo(8 + size);
                assertThat(reply.u32At(4)).as("flags").isEqualTo(GET | 1);
                assertThat(reply.from(8)).isEqualTo(device.data);
            }
        }

        @Test
        void shouldNotWriteAnAnswerOverTheNextRequest() {
            device.data = new byte[16];
            Bytes read = WireClient.access(0, 0, 4);
            try (WireClient client = WireClient.open(socket)) {
                client.raw(
                        WireClient.frame(7, WireClient.FEATURE, 0, get(24))
                                .bytes(WireClient.frame(8, WireClient.REGION_READ, 0, read)));
                assertThat(client.receive().payload().length()).isEqualTo(24);
                WireClient.Frame next = client.receive();
                assertThat(next.id()).isEqualTo(8);
                assertThat(next.isError()).isFalse();
            }
        }

        @Test
        void shouldGiveASetBack() {
            Bytes set = new Bytes().u32(16).u32(WireClient.SET | 4).u64(0x1122334455667788L);
            try (WireClient client = WireClient.open(socket)) {
                Bytes reply = client.call(WireClient.FEATURE, set).payload();
                assertThat(reply.toArray()).isEqualTo(set.toArray());
            }
        }
    }

    @Nested
    class Clients {
        private ServedClient served() {
            return device.client.orElseThrow();
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void shouldSayWhatTheyKnowAndWhoTheyAre(boolean lowPower) {
            String capabilities =
                    lowPower ? WireClient.LOW_POWER_CAPABILITIES : WireClient.CAPABILITIES;
            try (WireClient _ = WireClient.open(socket, capabilities)) {
                assertThat(served().bearsFaults()).isEqualTo(lowPower);
                assertThat(served().knowsPme()).isEqualTo(lowPower);
                assertThat(served().process()).hasValue((int) ProcessHandle.current().pid());
                assertThat(served().memory().maxTransfer()).isEqualTo(Session.MAX_TRANSFER);
            }
        }

        @Test
        void shouldBeHungUpOn() {
            try (WireClient client = WireClient.open(socket)) {
                served().hangUp();
                assertThat(client.tryReceive()).isEmpty();
                await().until(() -> device.lastCloses.get() == 1);
            }
            WireClient.open(socket).close();
        }

        @Test
        void shouldBeRefusedWithTheErrnoOfAnOpenThatFails() {
            device.refusal = Optional.of(new LinuxException(Errno.ENODEV, "open", "/dev/vfio/42"));
            try (LogLines log = new LogLines();
                    WireClient client = WireClient.connect(socket)) {
                WireClient.Frame reply = client.version(0, 0, WireClient.CAPABILITIES);
                assertThat(reply.errno()).isEqualTo(Errno.ENODEV.number());
                assertThat(client.tryReceive()).isEmpty();
                await().untilAsserted(() ->
                        assertThat(log.lines())
                                .anySatisfy(line ->
                                        assertThat(line)
                                                .startsWith("WARNING")
                                                .contains("does not open", "/dev/vfio/42")));
            }
            assertThat(device.lastCloses).as("nothing was opened").hasValue(0);
            device.refusal = Optional.empty();
            WireClient.open(socket).close();
        }
    }

    @Nested
    class HostSide {
        @Test
        void shouldBeAskedForAttributes() {
            try (LineClient host = new LineClient(socket)) {
                assertThat(host.ask("read power_state")).isEqualTo("ok read power_state");
            }
        }

        @Test
        void shouldTellOfEventsUntilTheWatcherLeaves() {
            try (LineClient host = new LineClient(socket)) {
                assertThat(host.ask("watch")).isEqualTo("ok");
                device.watchers.forEach(it -> it.accept(HostEvent.of("power_state", "D3cold")));
                device.watchers.forEach(it -> it.accept(HostEvent.of("low_power", "W-S")));
                assertThat(host.receive()).isEqualTo("event power_state D3cold");
                assertThat(host.receive()).isEqualTo("event low_power W-S");
            }
            await().until(device.watchers::isEmpty);
        }
    }
}
