/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.vfio4j.client.VfioException;
import io.vfio4j.device.ServedDma;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** A client's DMA_MAP and DMA_UNMAP, passed on to the device behind: also of one that lies. */
class BridgedDmaTest {
    private static final int OK = 0;
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final int EEXIST = -Errno.EEXIST.number();
    private static final int ENOENT = -Errno.ENOENT.number();
    private static final long K = 1024;
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int BOTH = READ | WRITE;
    private static final long BAR = 0xfe70_0000L;

    private final FakeDevice behind = new FakeDevice();
    private final ConfigBars config = new ConfigBars();
    private final SharedWindows shared = new SharedWindows();
    private final List<String> told = new ArrayList<>();
    private final LogLines log = new LogLines();
    private final MemFd ram = MemFd.create("ram", 64 * K);
    private OptionalInt process = OptionalInt.empty();
    private BridgedDma dma;
    private long now;
    private int openBefore;

    @BeforeEach
    void connect() {
        behind.bars[0] = 64 * K;
        config.put(0, (int) BAR);
        dma = client(behind, "gpu.sock");
        openBefore = Fd.openCount();
    }

    private BridgedDma client(FakeDevice device, String name) {
        BarWindows bars =
                new BarWindows(
                        device.device(),
                        config.memory,
                        () -> told.add("mapped"),
                        () -> told.add("unmapped"));
        // Each look at the clock is a millisecond later.
        return new BridgedDma(
                device.device(),
                shared,
                bars,
                process,
                name,
                () -> now += 1_000_000,
                Duration.ZERO);
    }

    @AfterEach
    void close() {
        assertThat(Fd.openCount()).as("descriptors").isEqualTo(openBefore);
        behind.refusal = Optional.empty();
        dma.unmapAll();
        assertThat(behind.group().mapped()).isEmpty();
        assertThat(shared.spaces()).isZero();
        log.close();
        ram.close();
        config.close();
    }

    private int map(long iova, long size, int flags, Fd... fds) {
        return dma.map(iova, size, 0, flags, new ArrayList<>(Arrays.asList(fds)));
    }

    private int mapRam(long iova, long size, long offset, int flags) {
        return dma.map(iova, size, offset, flags, list(ram.fd().duplicate()));
    }

    private static List<Fd> list(Fd... fds) {
        return new ArrayList<>(List.of(fds));
    }

    private List<String> calls() {
        return behind.group().calls();
    }

    private void assertToldOnce(String level, String... words) {
        assertThat(log.lines())
                .singleElement()
                .asString()
                .startsWith(level + " gpu.sock: ")
                .contains(words);
    }

    // ---- memory that the client shares ----

    @Nested
    class Memory {
        @Test
        void shouldBeMappedForTheDevice() {
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            assertThat(mapRam(0x10_0000, 8 * K, 4 * K, READ)).isEqualTo(OK);
            assertThat(mapRam(0x8000_0000_0000L, 4 * K, 60 * K, WRITE)).isEqualTo(OK);
            assertThat(calls())
                    .containsExactly(
                            "map 0x0+0x1000 BIDIRECTIONAL",
                            "map 0x100000+0x2000 TO_DEVICE",
                            "map 0x800000000000+0x1000 FROM_DEVICE");
            assertThat(dma.unmap(0x10_0000, 8 * K)).isEqualTo(OK);
            assertThat(behind.group().mapped()).containsExactlyInAnyOrder(0L, 0x8000_0000_0000L);
            assertThat(log.lines()).isEmpty();
        }

        /** A guest has thousands of windows, a process of some systems 1024 descriptors. */
        @Test
        void shouldNeedNoDescriptorWhileMapped() {
            for (long i = 0; i < 32; i++) {
                assertThat(mapRam(i * 4 * K, 4 * K, 0, BOTH)).isEqualTo(OK);
            }
            assertThat(Fd.openCount()).isEqualTo(openBefore);
        }

        @Test
        void shouldBeToldOfWhenMappingItTakesLong() {
            now = Long.MAX_VALUE - 1_000_000;
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            assertThat(log.lines()).as("a clock may wrap around").isEmpty();
            BridgedDma slow =
                    new BridgedDma(
                            behind.device(),
                            shared,
                            new BarWindows(behind.device(), config.memory, () -> {}, () -> {}),
                            OptionalInt.empty(),
                            "gpu.sock",
                            () -> now += 3_000_000_000L,
                            Duration.ZERO);
            assertThat(slow.map(0x10_0000, 4 * K, 0, BOTH, list(ram.fd().duplicate())))
                    .isEqualTo(OK);
            assertToldOnce("WARNING", "took 3000 ms", "x-msg-timeout", "prealloc=on");
            slow.unmapAll();
        }
    }

    /** A client that has its memory mapped itself, as this process has. */
    @Nested
    class MemoryOfAClientThatIsSeen {
        @BeforeEach
        void showTheClient() {
            process = OptionalInt.of((int) ProcessHandle.current().pid());
            dma = client(behind, "gpu.sock");
        }

        /** Such as a guest's by memory-backend-file without share=on. */
        @Test
        void shouldBeRefusedWhereItIsMappedForTheClientAlone() throws IOException {
            Path file = Path.of("/proc/self/fd", Integer.toString(ram.fd().number()));
            try (Arena arena = Arena.ofConfined();
                    FileChannel channel =
                            FileChannel.open(
                                    file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                MemorySegment _ = channel.map(FileChannel.MapMode.PRIVATE, 0, 64 * K, arena);
                assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(EINVAL);
                assertThat(dma.lacksMemory()).isTrue();
                assertToldOnce("WARNING", "mapped for itself alone", "share=on");
                MemorySegment _ = channel.map(FileChannel.MapMode.READ_WRITE, 0, 64 * K, arena);
                assertThat(mapRam(0, 4 * K, 0, BOTH)).as("both ways").isEqualTo(OK);
            }
            assertThat(mapRam(0x1_0000, 4 * K, 0, BOTH)).as("known to be shared").isEqualTo(OK);
        }

        @Test
        void shouldBeMappedWhereNothingIsKnownOfIt() {
            assertThat(mapRam(0, 4 * K, 0, BOTH)).as("mapped nowhere").isEqualTo(OK);
            process = OptionalInt.of(Integer.MAX_VALUE);
            dma.unmapAll();
            dma = client(behind, "gpu.sock");
            assertThat(mapRam(0, 4 * K, 0, BOTH)).as("no such process").isEqualTo(OK);
        }
    }

    // ---- what has no descriptor ----

    @Nested
    class WithoutDescriptor {
        /** QEMU's flash and its shadows of it. */
        @Test
        void shouldTakeARomAndNotMapIt() {
            assertThat(map(0xfffc_0000L, 256 * K, READ)).isEqualTo(OK);
            assertThat(calls()).isEmpty();
            assertThat(log.lines()).as("nothing to worry about").isEmpty();
            assertThat(dma.unmap(0xfffc_0000L, 256 * K)).isEqualTo(OK);
            assertThat(dma.unmap(0xfffc_0000L, 256 * K)).isEqualTo(ENOENT);
        }

        @Test
        void shouldTellOfTheDevicesOwnBar() {
            assertThat(map(BAR, 64 * K, BOTH)).isEqualTo(OK);
            assertThat(told).containsExactly("mapped");
            assertThat(dma.unmap(BAR, 64 * K)).isEqualTo(OK);
            assertThat(told).containsExactly("mapped", "unmapped");
            assertThat(calls()).isEmpty();
            assertThat(log.lines()).isEmpty();
        }

        /** A BAR with the MSI-X table in it comes in two parts, one on each side. */
        @Test
        void shouldTellOfABarInPartsOnce() {
            assertThat(map(BAR, 8 * K, BOTH)).isEqualTo(OK);
            assertThat(map(BAR + 12 * K, 52 * K, BOTH)).isEqualTo(OK);
            assertThat(dma.unmap(BAR, 8 * K)).isEqualTo(OK);
            assertThat(told).containsExactly("mapped");
            assertThat(dma.unmap(BAR + 12 * K, 52 * K)).isEqualTo(OK);
            assertThat(told).containsExactly("mapped", "unmapped");
        }

        @Test
        void shouldTellOfABarThatIsUnmappedWithAllElse() {
            assertThat(map(BAR, 64 * K, BOTH)).isEqualTo(OK);
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            dma.unmapAll();
            assertThat(told).containsExactly("mapped", "unmapped");
        }

        /** The guest moves a BAR: its old window goes after its address has. */
        @Test
        void shouldKnowABarsWindowWhenTheBarIsElsewhere() {
            assertThat(map(BAR, 64 * K, BOTH)).isEqualTo(OK);
            config.put(0, 0xc000_0000);
            assertThat(dma.unmap(BAR, 64 * K)).isEqualTo(OK);
            assertThat(map(0xc000_0000L, 64 * K, BOTH)).isEqualTo(OK);
            assertThat(told).containsExactly("mapped", "unmapped", "mapped");
        }

        @Test
        void shouldRefuseMemoryThatIsNotSharedAndSayHowItIs() {
            assertThat(map(0xfffc_0000L, 256 * K, READ)).isEqualTo(OK);
            assertThat(map(BAR, 64 * K, BOTH)).isEqualTo(OK);
            assertThat(dma.lacksMemory()).isFalse();
            assertThat(map(0, 640 * K, BOTH)).isEqualTo(EINVAL);
            assertThat(dma.lacksMemory()).isTrue();
            assertThat(dma.unmap(0, 640 * K)).isEqualTo(ENOENT);
            assertToldOnce(
                    "WARNING",
                    "a window of 0xa0000 bytes at 0x0",
                    "the guest's memory is not shared",
                    "-object memory-backend-memfd,id=m,size=…,share=on -machine memory-backend=m");
        }

        /** The memory of an emulated card, or another device's BAR: refusing it helps nobody. */
        @Test
        void shouldTakeWhatElseThereIsOnceMemoryWasShared() {
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            assertThat(dma.unmap(0, 4 * K)).isEqualTo(OK);
            assertThat(map(0xfd00_0000L, 16 * K * K, BOTH)).isEqualTo(OK);
            assertThat(map(0xfe80_0000L, 4 * K, WRITE)).isEqualTo(OK);
            assertThat(calls()).hasSize(2);
            assertToldOnce("WARNING", "at 0xfd000000", "the device does not reach it");
            assertThat(dma.unmap(0xfd00_0000L, 16 * K * K)).isEqualTo(OK);
            assertThat(dma.unmap(0xfe80_0000L, 4 * K)).isEqualTo(OK);
            assertThat(dma.lacksMemory()).isFalse();
            assertThat(told).isEmpty();
        }
    }

    // ---- clients that lie ----

    @Nested
    class Lies {
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
                    argumentSet("offset that wraps", 0L, 0x1000L, 0x7fff_ffff_ffff_f000L, BOTH),
                    argumentSet("an unknown flag", 0L, 0x1000L, 0L, 4 | BOTH),
                    argumentSet("neither readable nor writable", 0L, 0x1000L, 0L, 0),
                    argumentSet("beyond the file's end", 0L, 0x1000L, 64 * K, BOTH),
                    argumentSet("half beyond the file's end", 0L, 0x2000L, 60 * K, BOTH));
        }

        @ParameterizedTest
        @MethodSource("bad")
        void shouldBeRefused(long iova, long size, long offset, int flags) {
            assertThat(mapRam(iova, size, offset, flags)).isEqualTo(EINVAL);
            assertThat(calls()).isEmpty();
            boolean wellFormed = flags == BOTH && offset >= 60 * K && offset <= 64 * K;
            assertThat(dma.lacksMemory()).isEqualTo(wellFormed);
            assertToldOnce("WARNING", "DMA refused: ");
        }

        @ParameterizedTest
        @MethodSource("bad")
        void shouldBeRefusedWithoutADescriptorToo(long iova, long size, long offset, int flags) {
            assertThat(mapRam(0x7000_0000, 4 * K, 0, BOTH)).isEqualTo(OK);
            int result = dma.map(iova, size, offset, flags, list());
            boolean wellFormed = flags == BOTH && offset >= 60 * K && offset <= 64 * K;
            assertThat(result).isEqualTo(wellFormed ? OK : EINVAL);
        }

        @Test
        void shouldBeRefusedWithTwoDescriptors() {
            assertThat(map(0, 4 * K, BOTH, ram.fd().duplicate(), ram.fd().duplicate()))
                    .isEqualTo(EINVAL);
        }

        @Test
        void shouldBeRefusedWithAnEventFd() {
            try (EventFd eventFd = EventFd.create()) {
                openBefore++;
                assertThat(map(0, 4 * K, BOTH, eventFd.fd().duplicate())).isEqualTo(EINVAL);
                assertToldOnce("WARNING", "memory is shared by a memfd");
            }
            openBefore--;
        }

        @ParameterizedTest
        @ValueSource(strings = {"/tmp", "/dev/null", "/dev/zero", "/proc/self/maps"})
        void shouldBeRefusedWithWhatIsNoMemory(String path) {
            assertThat(map(0, 4 * K, BOTH, Fd.open(Path.of(path), false))).isNegative();
            assertThat(calls()).isEmpty();
        }

        @Test
        void shouldBeRefusedToWriteWhatMayOnlyBeRead() {
            Path again = Path.of("/proc/self/fd", Integer.toString(ram.fd().number()));
            assertThat(map(0, 4 * K, BOTH, Fd.open(again, false)))
                    .isEqualTo(-Errno.EACCES.number());
            assertToldOnce("WARNING", "open for reading, and for writing where devices write");
            assertThat(map(0, 4 * K, READ, Fd.open(again, false))).isEqualTo(OK);
        }

        @ParameterizedTest
        @CsvSource({
            "0x1000, 0x1000",
            "0x0, 0x2000",
            "0x0, 0x10000",
            "0x1000, 0x2000",
            "0x2000, 0x1000"
        })
        void shouldBeRefusedOverAWindow(long iova, long size) {
            assertThat(mapRam(0x1000, 0x2000, 0, BOTH)).isEqualTo(OK);
            assertThat(mapRam(iova, size, 0, BOTH)).isEqualTo(EEXIST);
            assertThat(map(iova, size, BOTH)).isEqualTo(EEXIST);
            assertThat(map(iova, size, READ)).isEqualTo(EEXIST);
        }

        @Test
        void shouldBeRefusedOverAWindowThatIsNotMapped() {
            assertThat(map(BAR, 64 * K, BOTH)).isEqualTo(OK);
            assertThat(mapRam(BAR + 4 * K, 4 * K, 0, BOTH)).isEqualTo(EEXIST);
        }

        @Test
        void shouldBeRefusedTooManyWindows() {
            for (long i = 0; i < ServedDma.MAX_WINDOWS; i++) {
                assertThat(map(i * 4 * K, 4 * K, READ)).isEqualTo(OK);
            }
            long next = ServedDma.MAX_WINDOWS * 4 * K;
            assertThat(mapRam(next, 4 * K, 0, BOTH)).isEqualTo(-Errno.ENOSPC.number());
            assertThat(dma.unmap(0, 4 * K)).isEqualTo(OK);
            assertThat(mapRam(next, 4 * K, 0, BOTH)).isEqualTo(OK);
        }

        @Test
        void shouldBeRefusedTooMuchMemory() {
            long most = 1L << 42;
            try (MemFd huge = MemFd.create("huge", most + 4 * K)) {
                openBefore++;
                assertThat(map(0, most, READ, huge.fd().duplicate())).isEqualTo(OK);
                assertThat(map(most, 4 * K, READ, huge.fd().duplicate()))
                        .isEqualTo(-Errno.ENOMEM.number());
            }
            openBefore--;
        }

        /** Such as an address that the host's IOMMU is not wide enough for. */
        @Test
        void shouldBeAnsweredAndLoggedAsTheKernelSays() {
            behind.refusal =
                    Optional.of(
                            new VfioException(
                                    Errno.EINVAL,
                                    "mapping 4096 bytes for DMA at 0x8000000000 of 0000:01:00.0:"
                                            + " EINVAL (invalid argument): the IOMMU cannot do that"
                                            + " address"));
            assertThat(mapRam(0x80_0000_0000L, 4 * K, 0, BOTH)).isEqualTo(EINVAL);
            assertToldOnce("WARNING", "the IOMMU cannot do that address");
            assertThat(dma.unmap(0x80_0000_0000L, 4 * K)).isEqualTo(ENOENT);
            behind.refusal = Optional.empty();
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            assertThat(dma.lacksMemory()).as("some of it").isTrue();
        }

        @Test
        void shouldFillNoLog() {
            for (int i = 0; i < 100; i++) {
                assertThat(mapRam(1, 4 * K, 0, BOTH)).isEqualTo(EINVAL);
            }
            assertThat(log.lines()).filteredOn(line -> line.startsWith("WARNING")).hasSize(20);
            assertThat(log.lines().get(19)).contains("further refusals are told at level DEBUG");
        }

        @Test
        void shouldBeRefusedOnAClosedDevice() {
            behind.device().close();
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(-Errno.ENODEV.number());
        }
    }

    // ---- unmapping ----

    @Nested
    class Unmapping {
        @BeforeEach
        void map() {
            assertThat(mapRam(0x1000, 0x1000, 0, BOTH)).isEqualTo(OK);
            assertThat(mapRam(0x4000, 0x2000, 0, BOTH)).isEqualTo(OK);
        }

        /** QEMU with a virtual IOMMU unmaps by powers of two. */
        @Test
        void shouldTakeEveryWindowWithinTheRange() {
            assertThat(dma.unmap(0, 1L << 40)).isEqualTo(OK);
            assertThat(behind.group().mapped()).isEmpty();
            assertThat(dma.unmap(0, 1L << 40)).isEqualTo(ENOENT);
        }

        @ParameterizedTest
        @CsvSource({"0x4000, 0x1000", "0x5000, 0x1000", "0x0, 0x5000", "0x5000, 0x10000"})
        void shouldNotCutAWindow(long iova, long size) {
            assertThat(dma.unmap(iova, size)).isEqualTo(EINVAL);
            assertThat(behind.group().mapped()).hasSize(2);
        }

        @ParameterizedTest
        @CsvSource({"0x1000, 0", "-0x1000, 0x2000"})
        void shouldRefuseWhatIsNoRange(long iova, long size) {
            assertThat(dma.unmap(iova, size)).isEqualTo(EINVAL);
        }

        @Test
        void shouldAnswerWhatTheDeviceDoesAndKeepTheWindow() {
            behind.refusal = Optional.of(new VfioException(Errno.EIO, "it stays"));
            assertThat(dma.unmap(0x1000, 0x1000)).isEqualTo(-Errno.EIO.number());
            assertToldOnce("WARNING", "it stays");
            assertThat(mapRam(0x1000, 0x1000, 0, BOTH)).isEqualTo(EEXIST);
            behind.refusal = Optional.empty();
            assertThat(dma.unmap(0x1000, 0x1000)).isEqualTo(OK);
        }

        @Test
        void shouldCountAsUnmappedOnADeviceThatIsGone() {
            behind.device().close();
            assertThat(dma.unmap(0, 1L << 40)).isEqualTo(OK);
            assertThat(shared.spaces()).isZero();
        }

        /** A device whose client was killed in the middle of its work still works. */
        @Test
        void shouldCloseTheDeviceBeforeItsMemoryGoes() {
            dma.closeWith(behind.device()::close);
            assertThat(calls())
                    .containsExactly(
                            "map 0x1000+0x1000 BIDIRECTIONAL",
                            "map 0x4000+0x2000 BIDIRECTIONAL",
                            "close 0000:01:00.0",
                            "unmap 0x1000+0x1000",
                            "unmap 0x4000+0x2000");
            assertThat(shared.spaces()).isZero();
        }
    }

    // ---- devices of a group ----

    @Nested
    class Siblings {
        private final FakeDevice sibling = new FakeDevice("audio", behind.group());
        private final BridgedDma audio = client(sibling, "audio.sock");

        private int mapForAudio(long iova, long offset) {
            return audio.map(iova, 4 * K, offset, BOTH, list(ram.fd().duplicate()));
        }

        @AfterEach
        void closeSibling() {
            audio.unmapAll();
        }

        @Test
        void shouldHaveTheSameGuestsMemoryOnce() {
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            assertThat(mapForAudio(0, 0)).isEqualTo(OK);
            assertThat(calls()).hasSize(1);
            dma.closeWith(behind.device()::close);
            assertThat(behind.group().mapped()).containsExactly(0L);
            assertThat(audio.unmap(0, 4 * K)).isEqualTo(OK);
            assertThat(behind.group().mapped()).isEmpty();
        }

        @Test
        void shouldNotBeGivenToDifferentGuests() {
            assertThat(mapRam(0, 4 * K, 0, BOTH)).isEqualTo(OK);
            assertThat(mapForAudio(0, 4 * K)).isEqualTo(EEXIST);
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .startsWith("WARNING audio.sock: DMA refused: ")
                    .endsWith("all devices of a group must go to the same guest");
        }

        /** All of a guest's windows come at once, and its VMM waits 5 s for all of them. */
        @Test
        void shouldBeKeptWaitingOnce() {
            BridgedDma patient =
                    new BridgedDma(
                            sibling.device(),
                            shared,
                            new BarWindows(sibling.device(), config.memory, () -> {}, () -> {}),
                            OptionalInt.empty(),
                            "audio.sock",
                            () -> 0,
                            Duration.ofMillis(300));
            long before = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                assertThat(mapRam(i * 4L * K, 4 * K, 0, BOTH)).isEqualTo(OK);
                assertThat(patient.map(i * 4L * K, 4 * K, 8 * K, BOTH, list(ram.fd().duplicate())))
                        .isEqualTo(EEXIST);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .isBetween(Duration.ofMillis(300), Duration.ofSeconds(10));
        }
    }
}
