/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** DMA_MAP, DMA_UNMAP, and the transfers of a device through the windows. */
class DmaSpaceTest {
    private static final int OK = 0;
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final int EEXIST = -Errno.EEXIST.number();
    private static final int ENOENT = -Errno.ENOENT.number();
    private static final long K = 1024;
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int BOTH = READ | WRITE;

    private boolean permitted = true;
    private final DmaSpace dma = new DmaSpace(() -> permitted);
    private final MessageLog client = new MessageLog();
    private final MemFd ram = MemFd.create("ram", 64 * K);
    private final Memory buffer = Memory.allocate(64 * K);
    private final int openBefore = Fd.openCount();

    /** Writes down the messages; memory reads as the low byte of its address. */
    private static final class MessageLog implements ClientMemory {
        final List<String> messages = new ArrayList<>();
        int most = 1 << 20;
        Runnable before = () -> {};

        @Override
        public int maxTransfer() {
            return most;
        }

        @Override
        public void read(long iova, Memory target, long offset, int length) {
            before.run();
            messages.add("read 0x%x+0x%x".formatted(iova, length));
            for (int i = 0; i < length; i++) {
                target.putByte(offset + i, (byte) (iova + i));
            }
        }

        @Override
        public void write(long iova, Memory source, long offset, int length) {
            before.run();
            messages.add("write 0x%x+0x%x: %d".formatted(iova, length, source.getByte(offset)));
        }
    }

    @BeforeEach
    void connect() {
        dma.connect(client);
    }

    @AfterEach
    void close() {
        dma.disconnect();
        assertThat(Fd.openCount()).as("descriptors").isLessThanOrEqualTo(openBefore);
        ram.close();
        buffer.close();
    }

    private int map(long iova, long size, int flags) {
        return dma.map(iova, size, 0, flags, new ArrayList<>());
    }

    private int mapRam(long iova, long size, long offset, int flags) {
        return dma.map(iova, size, offset, flags, list(ram.fd().duplicate()));
    }

    private static List<Fd> list(Fd... fds) {
        return new ArrayList<>(List.of(fds));
    }

    private void assertErrno(Errno errno, Runnable transfer) {
        assertThatExceptionOfType(DmaException.class)
                .isThrownBy(transfer::run)
                .satisfies(it -> assertThat(it.errno()).isEqualTo(errno));
    }

    private long ramAt(long offset) {
        ram.read(offset, buffer, 60 * K, 8);
        return buffer.getLong(60 * K);
    }

    @Nested
    class Map {
        static Stream<Arguments> bad() {
            return Stream.of(
                    argumentSet("address not aligned", 0x1001L, 0x1000L, 0L, BOTH),
                    argumentSet("size not aligned", 0x1000L, 0x1001L, 0L, BOTH),
                    argumentSet("offset not aligned", 0x1000L, 0x1000L, 0x800L, BOTH),
                    argumentSet("size 0", 0x1000L, 0L, 0L, BOTH),
                    argumentSet("wraps around", -0x1000L, 0x2000L, 0L, BOTH),
                    argumentSet("size beyond signed", 0L, Long.MIN_VALUE, 0L, BOTH),
                    argumentSet("all but a page of everything", 0x1000L, -0x1000L, 0L, BOTH),
                    argumentSet("offset beyond signed", 0L, 0x1000L, Long.MIN_VALUE, BOTH),
                    argumentSet(
                            "offset + size beyond signed",
                            0L,
                            0x2000L,
                            Long.MAX_VALUE - 0xfff,
                            BOTH),
                    argumentSet("an unknown flag", 0x1000L, 0x1000L, 0L, 4),
                    argumentSet("flags all ones", 0x1000L, 0x1000L, 0L, -1));
        }

        @ParameterizedTest
        @MethodSource("bad")
        void shouldRefuseWithEinval(long iova, long size, long offset, int flags) {
            assertThat(dma.map(iova, size, offset, flags, new ArrayList<>())).isEqualTo(EINVAL);
            assertThat(dma.map(iova, size, offset, flags, list(ram.fd().duplicate())))
                    .isEqualTo(EINVAL);
            assertThat(dma.size()).isZero();
        }

        @Test
        void shouldTakeTheVeryLastPage() {
            assertThat(map(-0x1000L, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(map(-0x2000L, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(map(Long.MAX_VALUE - 0xfff, 0x2000, BOTH)).isEqualTo(OK);
        }

        @Test
        void shouldRefuseTwoDescriptors() {
            List<Fd> two = list(ram.fd().duplicate(), ram.fd().duplicate());
            assertThat(dma.map(0, 0x1000, 0, BOTH, two)).isEqualTo(EINVAL);
        }

        @ParameterizedTest
        @CsvSource({"4, 4", "0, 5", "7, 1", "7, 8", "0, 16", "5, 1"})
        void shouldRefuseOverAnExistingWindow(long page, long pages) {
            assertThat(map(4 * 4 * K, 4 * 4 * K, BOTH)).isEqualTo(OK);
            assertThat(map(page * 4 * K, pages * 4 * K, BOTH)).isEqualTo(EEXIST);
        }

        @Test
        void shouldTakeNeighbours() {
            assertThat(map(0x4000, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(map(0x3000, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(map(0x5000, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(dma.size()).isEqualTo(3);
        }

        @Test
        void shouldPassOnWhatMmapSaysOfTheDescriptor() throws Exception {
            assertThat(dma.map(0, 0x1000, 0, BOTH, list(Fd.open(Path.of("/dev/null"), true))))
                    .isEqualTo(-Errno.ENODEV.number());
            Path readOnly = Path.of("/proc/self/exe");
            assertThat(dma.map(0, 0x1000, 0, BOTH, list(Fd.open(readOnly, false))))
                    .isEqualTo(-Errno.EACCES.number());
            assertThat(dma.map(0, 0x1000, 0, READ, list(Fd.open(readOnly, false)))).isEqualTo(OK);
            assertThat(dma.size()).isEqualTo(1);
        }

        @Test
        void shouldBoundTheNumberOfWindows() {
            for (long i = 0; i < DmaSpace.MAX_WINDOWS; i++) {
                assertThat(map(i * 4 * K, 4 * K, BOTH)).isEqualTo(OK);
            }
            long next = DmaSpace.MAX_WINDOWS * 4 * K;
            assertThat(map(next, 4 * K, BOTH)).isEqualTo(-Errno.ENOSPC.number());
            assertThat(dma.unmap(0, 4 * K)).isEqualTo(OK);
            assertThat(map(next, 4 * K, BOTH)).isEqualTo(OK);
        }

        /** A file can claim any size; the address space is that of all devices of the process. */
        @Test
        void shouldBoundTheAddressSpaceThatAClientTakes() {
            int enomem = -Errno.ENOMEM.number();
            long half = DmaTable.MAX_MAPPED / 2;
            assertThat(mapRam(0, DmaTable.MAX_MAPPED + 4 * K, 0, BOTH)).isEqualTo(enomem);
            assertThat(mapRam(0, half, 0, BOTH)).isEqualTo(OK);
            assertThat(mapRam(1L << 50, half, 0, BOTH)).isEqualTo(OK);
            assertThat(mapRam(1L << 51, 4 * K, 0, BOTH)).isEqualTo(enomem);
            assertThat(map(1L << 51, 1L << 50, BOTH)).as("without a descriptor").isEqualTo(OK);
            assertThat(dma.unmap(0, half)).isEqualTo(OK);
            assertThat(mapRam(1L << 52, 4 * K, 0, BOTH)).isEqualTo(OK);
        }
    }

    @Nested
    class Unmap {
        @BeforeEach
        void windows() {
            assertThat(map(0x4000, 0x2000, BOTH)).isEqualTo(OK);
            assertThat(mapRam(0x6000, 0x1000, 0, BOTH)).isEqualTo(OK);
            assertThat(map(0x9000, 0x3000, BOTH)).isEqualTo(OK);
        }

        @Test
        void shouldTakeTheExactRangeOfAMap() {
            assertThat(dma.unmap(0x6000, 0x1000)).isEqualTo(OK);
            assertThat(dma.size()).isEqualTo(2);
            assertThat(dma.unmap(0x6000, 0x1000)).isEqualTo(ENOENT);
        }

        /** What QEMU with a virtual IOMMU does. */
        @ParameterizedTest
        @CsvSource({"0, 0x10000, 0", "0, 0x8000, 1", "0x6000, 0x2000, 2", "0x8000, 0x8000, 2"})
        void shouldTakeARangeThatCoversWindows(String iova, String size, int left) {
            assertThat(dma.unmap(Long.decode(iova), Long.decode(size))).isEqualTo(OK);
            assertThat(dma.size()).isEqualTo(left);
        }

        @ParameterizedTest
        @CsvSource({
            "0x4000, 0x1000",
            "0x5000, 0x1000",
            "0x5000, 0x2000",
            "0x3000, 0x2000",
            "0xa000, 0x1000",
            "0x6000, 0x4000",
            "0x4000, 0x7000"
        })
        void shouldRefuseToCutAWindowAndChangeNothing(String iova, String size) {
            assertThat(dma.unmap(Long.decode(iova), Long.decode(size))).isEqualTo(EINVAL);
            assertThat(dma.size()).isEqualTo(3);
        }

        @ParameterizedTest
        @CsvSource({"0, 0x1000", "0x7000, 0x2000", "0x100000, 0x1000"})
        void shouldSayThatNothingIsThere(String iova, String size) {
            assertThat(dma.unmap(Long.decode(iova), Long.decode(size))).isEqualTo(ENOENT);
        }

        @Test
        void shouldRefuseWhatIsNoRange() {
            assertThat(dma.unmap(0x4000, 0)).isEqualTo(EINVAL);
            assertThat(dma.unmap(0x4000, -0x1000L)).isEqualTo(EINVAL);
            assertThat(dma.unmap(-0x1000L, 0x2000)).isEqualTo(EINVAL);
        }

        @Test
        void shouldTakeEverythingUpToTheEnd() {
            assertThat(map(-0x1000L, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(dma.unmap(0x6000, -0x6000L)).isEqualTo(OK);
            assertThat(dma.size()).isEqualTo(1);
        }

        @Test
        void shouldTakeAll() {
            dma.unmapAll();
            assertThat(dma.size()).isZero();
            dma.unmapAll();
        }

        @Test
        void shouldLeaveNothingToReach() {
            dma.unmapAll();
            assertErrno(Errno.EFAULT, () -> dma.read(0x6000, buffer, 0, 4));
            assertErrno(Errno.EFAULT, () -> dma.write(0x4000, buffer, 0, 4));
        }
    }

    @Nested
    class Transfer {
        @Test
        void shouldReachMappedMemoryDirectly() {
            assertThat(mapRam(0x10000, 0x2000, 0x1000, BOTH)).isEqualTo(OK);
            buffer.putLong(0, 0x1122334455667788L);

            dma.write(0x10ffc, buffer, 0, 8);

            assertThat(ramAt(0x1ffc)).isEqualTo(0x1122334455667788L);
            dma.read(0x11000, buffer, 100, 4);
            assertThat(buffer.getInt(100)).isEqualTo(0x11223344);
            assertThat(client.messages).isEmpty();
        }

        @Test
        void shouldReachOtherMemoryByMessages() {
            assertThat(map(0x10000, 0x1000, BOTH)).isEqualTo(OK);
            buffer.putByte(0, (byte) 7);

            dma.write(0x10010, buffer, 0, 16);
            dma.read(0x10020, buffer, 0, 8);

            assertThat(buffer.getLong(0)).isEqualTo(0x2726252423222120L);
            assertThat(client.messages)
                    .containsExactly("write 0x10010+0x10: 7", "read 0x10020+0x8");
        }

        @Test
        void shouldSendNoMoreInAMessageThanTheClientTakes() {
            assertThat(map(0, 0x4000, BOTH)).isEqualTo(OK);
            client.most = 0x1000;

            dma.read(0x800, buffer, 0, 0x2801);

            assertThat(client.messages)
                    .containsExactly(
                            "read 0x800+0x1000", "read 0x1800+0x1000", "read 0x2800+0x801");
        }

        @Test
        void shouldGoOnFromWindowToWindow() {
            assertThat(mapRam(0x1000, 0x1000, 0, BOTH)).isEqualTo(OK);
            assertThat(map(0x2000, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(mapRam(0x3000, 0x1000, 0x8000, BOTH)).isEqualTo(OK);
            buffer.fill(0, 0x3000, (byte) 9);

            dma.write(0x1800, buffer, 0, 0x2000);

            assertThat(ramAt(0x7f8)).isZero();
            assertThat(ramAt(0x800)).isEqualTo(0x0909090909090909L);
            assertThat(ramAt(0x87f8)).isEqualTo(0x0909090909090909L);
            assertThat(ramAt(0x8800)).isZero();
            assertThat(client.messages).containsExactly("write 0x2000+0x1000: 9");
        }

        @Test
        void shouldEndInAFaultWhereTheWindowsEnd() {
            assertThat(mapRam(0x1000, 0x1000, 0, BOTH)).isEqualTo(OK);
            buffer.fill(0, 0x1000, (byte) 9);
            assertErrno(Errno.EFAULT, () -> dma.write(0x1800, buffer, 0, 0x1000));
            assertThat(ramAt(0xff8)).as("as far as it went").isEqualTo(0x0909090909090909L);
            assertErrno(Errno.EFAULT, () -> dma.read(0xfff, buffer, 0, 1));
            assertErrno(Errno.EFAULT, () -> dma.read(0x2000, buffer, 0, 1));
        }

        @Test
        void shouldNotWrapAround() {
            assertThat(mapRam(-0x1000L, 0x1000, 0, BOTH)).isEqualTo(OK);
            dma.read(-8, buffer, 0, 8);
            assertErrno(Errno.EFAULT, () -> dma.read(-8, buffer, 0, 9));
        }

        @Test
        void shouldHoldTheDeviceToWhatTheClientAllows() {
            assertThat(mapRam(0x1000, 0x1000, 0, READ)).isEqualTo(OK);
            assertThat(mapRam(0x2000, 0x1000, 0, WRITE)).isEqualTo(OK);
            assertThat(map(0x3000, 0x1000, READ)).isEqualTo(OK);
            assertThat(mapRam(0x4000, 0x1000, 0, 0)).isEqualTo(OK);

            dma.read(0x1000, buffer, 0, 8);
            dma.write(0x2000, buffer, 0, 8);
            assertErrno(Errno.EFAULT, () -> dma.write(0x1000, buffer, 0, 8));
            assertErrno(Errno.EFAULT, () -> dma.read(0x2000, buffer, 0, 8));
            assertErrno(Errno.EFAULT, () -> dma.write(0x3000, buffer, 0, 8));
            assertErrno(Errno.EFAULT, () -> dma.read(0x4000, buffer, 0, 8));
            assertErrno(Errno.EFAULT, () -> dma.write(0x4000, buffer, 0, 8));
            assertThat(client.messages).isEmpty();
        }

        @Test
        void shouldFaultWhereTheClientHasCutTheFile() {
            assertThat(mapRam(0x10000, 0x4000, 0, BOTH)).isEqualTo(OK);
            ram.truncate(0x1000);

            dma.read(0x10ff8, buffer, 0, 8);
            assertErrno(Errno.EFAULT, () -> dma.read(0x10ff8, buffer, 0, 9));
            assertErrno(Errno.EFAULT, () -> dma.write(0x12000, buffer, 0, 8));
            assertThat(dma.unmap(0x10000, 0x4000)).isEqualTo(OK);
        }

        @Test
        void shouldBeRefusedWhileTheDeviceMayNotMasterTheBus() {
            assertThat(mapRam(0x10000, 0x1000, 0, BOTH)).isEqualTo(OK);
            permitted = false;
            assertErrno(Errno.EIO, () -> dma.read(0x10000, buffer, 0, 8));
            assertErrno(Errno.EIO, () -> dma.write(0x10000, buffer, 0, 8));
            assertErrno(Errno.EIO, () -> dma.readByMessage(0x10000, buffer, 0, 8));
            assertErrno(Errno.EIO, () -> dma.read(0x90000, buffer, 0, 8));
        }

        @Test
        void shouldStopWhenTheDeviceLosesTheBus() {
            assertThat(map(0x10000, 0x4000, BOTH)).isEqualTo(OK);
            client.most = 0x1000;
            client.before = () -> permitted = client.messages.isEmpty();
            assertErrno(Errno.EIO, () -> dma.read(0x10000, buffer, 0, 0x4000));
            assertThat(client.messages).hasSize(2);
        }

        @Test
        void shouldDoNothingForNoBytes() {
            dma.read(0x10000, buffer, 0, 0);
            dma.writeByMessage(0x10000, buffer, 0, 0);
            assertThat(client.messages).isEmpty();
        }

        @Test
        void shouldRefuseARangeOutsideTheBuffer() {
            assertThat(map(0, 0x4000, BOTH)).isEqualTo(OK);
            assertThatThrownBy(() -> dma.read(0, buffer, 64 * K - 4, 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> dma.write(0, buffer, -1, 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> dma.readByMessage(0, buffer, 0, -1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(client.messages).isEmpty();
        }

        @Test
        void shouldSendMessagesEvenForMappedMemoryIfAskedTo() {
            assertThat(mapRam(0x10000, 0x1000, 0, BOTH)).isEqualTo(OK);
            client.most = 16;
            dma.readByMessage(0x10000, buffer, 0, 20);
            dma.writeByMessage(0x10000, buffer, 0, 4);
            assertThat(client.messages)
                    .containsExactly(
                            "read 0x10000+0x10", "read 0x10010+0x4", "write 0x10000+0x4: 0");
        }
    }

    @Nested
    class Clients {
        @Test
        void shouldBeNeeded() {
            dma.disconnect();
            assertErrno(Errno.ECONNRESET, () -> dma.read(0x10000, buffer, 0, 8));
            assertErrno(Errno.ECONNRESET, () -> dma.writeByMessage(0x10000, buffer, 0, 8));
        }

        @Test
        void shouldTakeTheirWindowsWithThem() {
            assertThat(mapRam(0x10000, 0x1000, 0, BOTH)).isEqualTo(OK);
            dma.disconnect();
            dma.connect(new MessageLog());
            assertThat(dma.size()).isZero();
            assertErrno(Errno.EFAULT, () -> dma.read(0x10000, buffer, 0, 8));
        }

        /** What one client's addresses began must not be finished in another's memory. */
        @Test
        void shouldNotInheritATransferUnderWay() {
            assertThat(map(0x10000, 0x1000, BOTH)).isEqualTo(OK);
            assertThat(map(0x11000, 0x1000, BOTH)).isEqualTo(OK);
            MessageLog next = new MessageLog();
            client.before =
                    () -> {
                        dma.disconnect();
                        dma.connect(next);
                        assertThat(mapRam(0x11000, 0x1000, 0, BOTH)).isEqualTo(OK);
                    };
            buffer.fill(0, 0x2000, (byte) 9);

            assertErrno(Errno.ECONNRESET, () -> dma.write(0x10000, buffer, 0, 0x2000));

            assertThat(ramAt(0)).isZero();
            assertThat(next.messages).isEmpty();
        }
    }

    /** COMMAND.MASTER and the power state decide whether a function may master the bus. */
    @Nested
    class BusMaster {
        private static final int MEMORY = 2;
        private static final int MASTER = 4;

        @Test
        void shouldFollowCommandAndPowerState() {
            try (Hosted hosted = Hosted.opened(Hosted.FULL)) {
                assertThat(hosted.device.dma().map(0, 0x1000, 0, BOTH, list(ram.fd().duplicate())))
                        .isEqualTo(OK);
                Dma devices = hosted.model.dma();
                assertErrno(Errno.EIO, () -> devices.read(0, buffer, 0, 8));
                hosted.config(4, 2, MEMORY | MASTER);
                devices.read(0, buffer, 0, 8);

                int pmcsr = 0x44;
                hosted.config(pmcsr, 2, 3);
                assertErrno(Errno.EIO, () -> devices.read(0, buffer, 0, 8));
                hosted.config(pmcsr, 2, 0);
                devices.read(0, buffer, 0, 8);

                assertThat(hosted.enter()).isZero();
                hosted.settle();
                assertErrno(Errno.EIO, () -> devices.read(0, buffer, 0, 8));
                assertThat(hosted.exit()).isZero();
                devices.read(0, buffer, 0, 8);
                hosted.config(4, 2, MEMORY);
                assertErrno(Errno.EIO, () -> devices.read(0, buffer, 0, 8));
            }
        }

        @Test
        void shouldNotMatterToADeviceThatSaysSo() {
            try (Hosted hosted = Hosted.opened(Hosted.FULL.withoutBusMaster())) {
                assertThat(hosted.device.dma().map(0, 0x1000, 0, BOTH, list(ram.fd().duplicate())))
                        .isEqualTo(OK);
                hosted.model.dma().read(0, buffer, 0, 8);
            }
        }
    }
}
