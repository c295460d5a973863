/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** What would be an ioctl on the device: each request and its reply, byte by byte. */
class DeviceRequestsTest {
    private static final int EINVAL = Errno.EINVAL.number();
    private static final int ENOTTY = Errno.ENOTTY.number();

    private final Served served = Served.one();
    private final WireClient client = served.client();

    @AfterEach
    void close() {
        client.close();
        served.close();
    }

    @Nested
    class GetInfo {
        private Bytes ask(int argsz) {
            return new Bytes().u32(argsz).u32(0).u32(0).u32(0);
        }

        @Test
        void shouldTellOfAPciDeviceThatCanBeReset() {
            Bytes reply = client.call(WireClient.GET_INFO, ask(16)).payload();
            assertThat(reply.length()).isEqualTo(16);
            assertThat(reply.u32At(0)).as("argsz").isEqualTo(16);
            assertThat(reply.u32At(4))
                    .isEqualTo(Vfio.VFIO_DEVICE_FLAGS_PCI | Vfio.VFIO_DEVICE_FLAGS_RESET);
            assertThat(reply.u32At(8)).as("regions").isEqualTo(9);
            assertThat(reply.u32At(12)).as("interrupts").isEqualTo(5);
        }

        @Test
        void shouldTakeALargerArgszAndAskForNoMoreThanItNeeds() {
            Bytes reply = client.call(WireClient.GET_INFO, ask(4000)).payload();
            assertThat(reply.length()).isEqualTo(16);
            assertThat(reply.u32At(0)).isEqualTo(16);
        }

        @ParameterizedTest
        @ValueSource(ints = {4, 8, 15})
        void shouldAnswerATooSmallArgszWithWhatItNeedsAndNoMore(int argsz) {
            Bytes reply = client.call(WireClient.GET_INFO, ask(argsz)).payload();
            assertThat(reply.length()).isEqualTo(4);
            assertThat(reply.u32At(0)).isEqualTo(16);
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 3})
        void shouldRefuseAnArgszWithoutRoomForAnyAnswer(int argsz) {
            assertThat(client.errno(WireClient.GET_INFO, ask(argsz))).isEqualTo(EINVAL);
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 15})
        void shouldRefuseARequestThatIsCutOff(int length) {
            assertThat(client.errno(WireClient.GET_INFO, new Bytes(new byte[length])))
                    .isEqualTo(EINVAL);
        }
    }

    @Nested
    class GetRegionInfo {
        private Bytes ask(int argsz, int index) {
            return new Bytes().u32(argsz).u32(0).u32(index).u32(0).u64(0).u64(0);
        }

        @ParameterizedTest
        @CsvSource({
            "0, 4096, 3",
            "1, 2097152, 3",
            "3, 0, 0",
            "4, 8192, 3",
            "5, 0, 0",
            "6, 0, 0",
            "7, 4096, 3",
            "8, 0, 0"
        })
        void shouldTellSizeAndAccess(int index, long size, int flags) {
            WireClient.Frame frame = client.call(WireClient.GET_REGION_INFO, ask(32, index));
            Bytes reply = frame.payload();
            assertThat(reply.length()).isEqualTo(32);
            assertThat(reply.u32At(0)).as("argsz").isEqualTo(32);
            assertThat(reply.u32At(4)).as("flags").isEqualTo(flags);
            assertThat(reply.u32At(8)).as("index").isEqualTo(index);
            assertThat(reply.u32At(12)).as("cap_offset").isZero();
            assertThat(reply.u64At(16)).as("size").isEqualTo(size);
            assertThat(reply.u64At(24)).as("offset").isZero();
            assertThat(frame.fds()).isEmpty();
        }

        @Test
        void shouldDescribeAMappableBarWithItsFile() {
            WireClient.Frame frame = client.call(WireClient.GET_REGION_INFO, ask(64, 2));
            Bytes reply = frame.payload();
            assertThat(reply.length()).isEqualTo(64);
            assertThat(reply.u32At(0)).isEqualTo(64);
            assertThat(reply.u32At(4))
                    .isEqualTo(
                            Vfio.VFIO_REGION_INFO_FLAG_READ
                                    | Vfio.VFIO_REGION_INFO_FLAG_WRITE
                                    | Vfio.VFIO_REGION_INFO_FLAG_MMAP
                                    | Vfio.VFIO_REGION_INFO_FLAG_CAPS);
            assertThat(reply.u32At(12)).as("cap_offset").isEqualTo(32);
            assertThat(reply.u16At(32)).isEqualTo(Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP);
            assertThat(reply.u16At(34)).as("version").isEqualTo(1);
            assertThat(reply.u32At(36)).as("next").isZero();
            assertThat(reply.u32At(40)).as("areas").isEqualTo(1);
            assertThat(reply.u64At(48)).as("from").isZero();
            assertThat(reply.u64At(56)).as("size").isEqualTo(65536);
            assertThat(frame.fds()).hasSize(1);
            try (Fd file = frame.fds().getFirst();
                    Mapping mapping = Mapping.map(file, 0, 65536, true)) {
                mapping.putInt(4096, 0xcafe);
                assertThat(client.load(2, 4096, 4)).isEqualTo(0xcafe);
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {32, 40, 63})
        void shouldSayHowMuchItNeedsAndLeaveTheRestOut(int argsz) {
            WireClient.Frame frame = client.call(WireClient.GET_REGION_INFO, ask(argsz, 2));
            assertThat(frame.payload().length()).isEqualTo(32);
            assertThat(frame.payload().u32At(0)).as("needed").isEqualTo(64);
            assertThat(frame.payload().u64At(16)).isEqualTo(65536);
            assertThat(frame.fds()).isEmpty();
        }

        @Test
        void shouldRefuseWhatCannotBe() {
            assertThat(client.errno(WireClient.GET_REGION_INFO, ask(3, 0))).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.GET_REGION_INFO, ask(32, 9))).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.GET_REGION_INFO, ask(32, -1))).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.GET_REGION_INFO, new Bytes(new byte[31])))
                    .isEqualTo(EINVAL);
        }

        @Test
        void shouldHandOutNoDescriptorThatLeaksHere() {
            client.barFile(2).close();
            int before = Fd.openCount();
            for (int i = 0; i < 50; i++) {
                client.barFile(2).close();
            }
            assertThat(Fd.openCount()).isEqualTo(before);
        }
    }

    @Nested
    class GetRegionIoFds {
        private Bytes ask(int argsz, int flags, int index) {
            return new Bytes().u32(argsz).u32(flags).u32(index).u32(0);
        }

        @Test
        void shouldHaveNone() {
            WireClient.Frame frame = client.call(WireClient.GET_REGION_IO_FDS, ask(16, 0, 2));
            Bytes reply = frame.payload();
            assertThat(reply.length()).isEqualTo(16);
            assertThat(reply.u32At(0)).isEqualTo(16);
            assertThat(reply.u32At(8)).isEqualTo(2);
            assertThat(reply.u32At(12)).as("count").isZero();
            assertThat(frame.fds()).isEmpty();
        }

        @Test
        void shouldRefuseWhatCannotBe() {
            int command = WireClient.GET_REGION_IO_FDS;
            assertThat(client.errno(command, ask(3, 0, 0))).isEqualTo(EINVAL);
            assertThat(client.errno(command, ask(16, 1, 0))).isEqualTo(EINVAL);
            assertThat(client.errno(command, ask(16, 0, 9))).isEqualTo(EINVAL);
            assertThat(client.errno(command, new Bytes(new byte[4]))).isEqualTo(EINVAL);
        }
    }

    @Nested
    class GetIrqInfo {
        private Bytes ask(int argsz, int index) {
            return new Bytes().u32(argsz).u32(0).u32(index).u32(0);
        }

        @ParameterizedTest
        @CsvSource({"0, 7, 1", "1, 9, 1", "2, 1, 32", "3, 9, 1", "4, 9, 1"})
        void shouldTellHowManyAndOfWhatKind(int index, int flags, int count) {
            Bytes reply = client.call(WireClient.GET_IRQ_INFO, ask(16, index)).payload();
            assertThat(reply.length()).isEqualTo(16);
            assertThat(reply.u32At(0)).isEqualTo(16);
            assertThat(reply.u32At(4)).as("flags").isEqualTo(flags);
            assertThat(reply.u32At(8)).isEqualTo(index);
            assertThat(reply.u32At(12)).as("count").isEqualTo(count);
        }

        @Test
        void shouldRefuseWhatCannotBe() {
            assertThat(client.errno(WireClient.GET_IRQ_INFO, ask(3, 0))).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.GET_IRQ_INFO, ask(16, 5))).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.GET_IRQ_INFO, ask(16, -1))).isEqualTo(EINVAL);
        }
    }

    /** The rest of SET_IRQS is the device's and tested there. */
    @Nested
    class SetIrqs {
        private static final int EVENTFD_TRIGGER =
                Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        private static final int EVENTFD_UNMASK =
                Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
        private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
        private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;

        private int set(Bytes request, Fd... fds) {
            return client.errno(WireClient.SET_IRQS, request, fds);
        }

        @Test
        void shouldInterrupt() {
            try (EventFd vector = EventFd.create()) {
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 3, 1), vector.fd())).isZero();
                client.store(0, Probe.MESSAGE, 4, 3);
                assertThat(vector.drain()).isEqualTo(1);
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 3, 1))).isZero();
                client.store(0, Probe.MESSAGE, 4, 3);
                assertThat(vector.drain()).isZero();
            }
        }

        @Test
        void shouldUnmaskByEventfd() {
            try (EventFd line = EventFd.create();
                    EventFd unmask = EventFd.create()) {
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, INTX, 0, 1), line.fd())).isZero();
                assertThat(set(WireClient.irqs(EVENTFD_UNMASK, INTX, 0, 1), unmask.fd())).isZero();
                client.store(0, Probe.LEVEL, 4, 1);
                assertThat(line.drain()).isEqualTo(1);
                for (int i = 0; i < 20; i++) {
                    unmask.signal();
                    assertThat(line.await(Duration.ofSeconds(5))).isTrue();
                    assertThat(line.drain()).isEqualTo(1);
                    assertThat(unmask.await(Duration.ZERO)).as("drained").isFalse();
                }
            }
        }

        @Test
        void shouldTakeAsManyDescriptorsAsVersionAllows() {
            try (EventFd vector = EventFd.create()) {
                Fd[] sixteen = new Fd[16];
                Arrays.fill(sixteen, vector.fd());
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 16), sixteen)).isZero();
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 16, 16), sixteen)).isZero();
                client.store(0, Probe.MESSAGE, 4, 31);
                assertThat(vector.drain()).isEqualTo(1);

                Fd[] seventeen = new Fd[17];
                Arrays.fill(seventeen, vector.fd());
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 17), seventeen))
                        .isEqualTo(EINVAL);
                client.store(0, Probe.MESSAGE, 4, 31);
                assertThat(vector.drain()).as("nothing changed").isEqualTo(1);
            }
        }

        @Test
        void shouldRefuseAndCloseWhatIsWrong() {
            client.load(0, 0, 4);
            try (EventFd vector = EventFd.create();
                    Fd file = client.barFile(2)) {
                int before = Fd.openCount();
                Bytes tooShort = new Bytes().u32(20).u32(EVENTFD_TRIGGER).u32(MSIX).u32(0);
                assertThat(set(tooShort, vector.fd())).isEqualTo(EINVAL);
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, 5, 0, 1), vector.fd()))
                        .isEqualTo(EINVAL);
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 1), file))
                        .isEqualTo(EINVAL);
                Bytes noneWanted =
                        WireClient.irqs(
                                Vfio.VFIO_IRQ_SET_DATA_NONE | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER,
                                MSIX,
                                0,
                                0);
                assertThat(set(noneWanted, vector.fd())).isEqualTo(EINVAL);
                Bytes masked = WireClient.irqs(4 | 8, MSIX, 0, 1);
                assertThat(set(masked, vector.fd())).isEqualTo(ENOTTY);
                assertThat(Fd.openCount()).isEqualTo(before);
            }
        }

        @Test
        void shouldTakeBooleansBehindTheFixedPart() {
            try (EventFd vector = EventFd.create()) {
                assertThat(set(WireClient.irqs(EVENTFD_TRIGGER, MSIX, 1, 1), vector.fd())).isZero();
                int bool = Vfio.VFIO_IRQ_SET_DATA_BOOL | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
                Bytes two = new Bytes().u32(22).u32(bool).u32(MSIX).u32(0).u32(2).u8(1).u8(1);
                assertThat(set(two)).isZero();
                assertThat(vector.drain()).isEqualTo(1);
                Bytes missing = new Bytes().u32(22).u32(bool).u32(MSIX).u32(0).u32(2).u8(1);
                assertThat(set(missing)).isEqualTo(EINVAL);
            }
        }
    }

    @Nested
    class Reset {
        @Test
        void shouldResetTheModel() {
            served.model().power();
            assertThat(client.call(WireClient.RESET, new Bytes()).payload().length()).isZero();
            assertThat(served.model().power()).containsExactly("reset FUNCTION");
        }

        @Test
        void shouldTakeAPayloadForNothing() {
            assertThat(client.errno(WireClient.RESET, new Bytes(new byte[100]))).isZero();
        }
    }

    /** Framing of DEVICE_FEATURE; its checks are in the order of spec A2. */
    @Nested
    class Feature {
        @ParameterizedTest
        @ValueSource(ints = {3, 4, 5})
        void shouldEchoAProbe(int feature) {
            Bytes probe = new Bytes().u32(8).u32(feature | WireClient.PROBE);
            WireClient.Frame reply = client.call(WireClient.FEATURE, probe);
            assertThat(reply.isError()).isFalse();
            assertThat(reply.payload().toArray()).isEqualTo(probe.toArray());
        }

        @Test
        void shouldEchoASetWithAllOfItsPayload() {
            Bytes set = new Bytes().u32(4000).u32(3 | WireClient.SET).bytes(new byte[3992]);
            WireClient.Frame reply = client.call(WireClient.FEATURE, set);
            assertThat(reply.isError()).isFalse();
            assertThat(reply.payload().toArray()).isEqualTo(set.toArray());
            assertThat(client.exit()).isZero();
        }

        @ParameterizedTest
        @CsvSource({
            // Step: argsz, flags, errno
            "3, 0x00000000, 14",
            "4, 0x20003 7, 22",
            "5, 0x8020063 8, 22",
            "6, 0x30063 8, 22",
            "7, 0x20063 8, 25",
            "8, 0x20001 8, 25",
            "9, 0x10003 8, 22",
            "10, 0x40003 8, 0",
            "11, 0x00003 8, 22",
            "12, 0x20004 12, 22",
            "13, 0x20004 16, 14",
        })
        void shouldCheckInTheKernelsOrder(int step, String request, int errno) {
            String[] parts = request.split(" ");
            Bytes payload = new Bytes();
            if (parts.length > 1) {
                payload.u32(Integer.parseInt(parts[1])).u32(Integer.decode(parts[0]));
            }
            assertThat(client.errno(WireClient.FEATURE, payload))
                    .as("step %d", step)
                    .isEqualTo(errno);
        }

        @Test
        void shouldRefuseDescriptorsBeyondWhatVersionAllows() {
            try (EventFd wakeup = EventFd.create()) {
                Fd[] many = new Fd[200];
                Arrays.fill(many, wakeup.fd());
                int before = Fd.openCount();
                Bytes payload = new Bytes().u32(0).u32(0);
                assertThat(client.feature(4 | WireClient.SET, payload, many)).isEqualTo(EINVAL);
                assertThat(Fd.openCount()).isEqualTo(before);
            }
        }
    }

    @Nested
    class OtherCommands {
        @ParameterizedTest
        @ValueSource(ints = {0, 14, 19, 100, 65535})
        void shouldBeEnottyAndConsumeTheirBody(int command) {
            for (int length : List.of(0, 1, 100, 70_000)) {
                assertThat(client.errno(command, new Bytes(new byte[length]))).isEqualTo(ENOTTY);
            }
            assertThat(client.load(0, 0, 4)).isZero();
        }

        @ParameterizedTest
        @ValueSource(
                ints = {
                    WireClient.DMA_READ,
                    WireClient.DMA_WRITE,
                    WireClient.MIG_DATA_READ,
                    WireClient.MIG_DATA_WRITE
                })
        void shouldBeEinvalWhereTheyMakeNoSense(int command) {
            assertThat(client.errno(command, new Bytes(new byte[16]))).isEqualTo(EINVAL);
            assertThat(client.load(0, 0, 4)).isZero();
        }

        @ParameterizedTest
        @ValueSource(ints = {2, 3, 15})
        void shouldBeEinvalOfATypeThatIsNone(int type) {
            int id = client.send(WireClient.REGION_READ, type, WireClient.access(0, 0, 4));
            WireClient.Frame reply = client.receive();
            assertThat(reply.id()).isEqualTo(id);
            assertThat(reply.errno()).isEqualTo(EINVAL);
        }

        @Test
        void shouldDropAReplyThatNobodyWaitsFor() {
            client.send(WireClient.DMA_READ, WireClient.REPLY, new Bytes(new byte[32]));
            client.send(99, WireClient.REPLY | WireClient.ERROR, new Bytes());
            assertThat(client.load(0, 0, 4)).isZero();
        }
    }
}
