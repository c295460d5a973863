/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VfioUserHeader;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Where a frame ends, and whose a descriptor is. */
class FrameReaderTest {
    private static final int MAX = 4096;

    private final UnixStream[] pair = UnixStream.pair();
    private final FrameReader reader = new FrameReader(pair[0], MAX);
    private final EventFd eventFd = EventFd.create();
    private final int openBefore = Fd.openCount();

    @AfterEach
    void close() {
        reader.close();
        assertThat(Fd.openCount()).as("descriptors").isEqualTo(openBefore);
        pair[0].close();
        pair[1].close();
        eventFd.close();
    }

    private void send(byte[] bytes, int fds) {
        try (Memory out = Memory.allocate(bytes.length)) {
            out.put(0, bytes, 0, bytes.length);
            int[] numbers = new int[fds];
            Arrays.fill(numbers, eventFd.fd().number());
            pair[1].send(out, 0, bytes.length, numbers);
        }
    }

    private void send(Bytes frame) {
        send(frame.toArray(), 0);
    }

    private void send(Bytes frame, int fds) {
        send(frame.toArray(), fds);
    }

    private static Bytes frame(int id, int command, int payload) {
        return WireClient.frame(id, command, 0, new Bytes(new byte[payload]));
    }

    private static Bytes read(int id) {
        return frame(id, WireClient.REGION_READ, 16);
    }

    private static Bytes write4(int id) {
        return frame(id, WireClient.REGION_WRITE, 20);
    }

    private static Bytes exit(int id) {
        Bytes payload = new Bytes().u32(8).u32(5 | WireClient.SET);
        return WireClient.frame(id, WireClient.FEATURE, 0, payload);
    }

    private static Bytes enterWithWakeup(int id) {
        Bytes payload = new Bytes().u32(16).u32(4 | WireClient.SET).u64(0);
        return WireClient.frame(id, WireClient.FEATURE, 0, payload);
    }

    private static Bytes setIrqs(int id) {
        return frame(id, WireClient.SET_IRQS, 20);
    }

    private static Bytes map(int id) {
        return frame(id, WireClient.DMA_MAP, 32);
    }

    private static Bytes reset(int id) {
        return frame(id, WireClient.RESET, 0);
    }

    private int nextId() {
        assertThat(reader.next()).isTrue();
        return VfioUserHeader.id(reader.frame(), 0);
    }

    /** How many descriptors the current frame has; they are closed. */
    private int takeFds() {
        List<Fd> fds = reader.takeFds();
        fds.forEach(Fd::close);
        return fds.size();
    }

    private void assertNext(int id, int fds) {
        assertThat(nextId()).isEqualTo(id);
        assertThat(takeFds()).as("descriptors of frame %d", id).isEqualTo(fds);
    }

    /** After a small region access the reader asks for more than a header at once. */
    private void becomeHot() {
        send(read(1));
        assertThat(nextId()).isEqualTo(1);
    }

    @Nested
    class Frames {
        @Test
        void shouldEndWhereTheirHeaderSays() {
            send(frame(1, 9, 0));
            send(frame(2, 9, 100));
            send(frame(3, 9, 1));
            assertThat(nextId()).isEqualTo(1);
            assertThat(reader.size()).isEqualTo(16);
            assertThat(nextId()).isEqualTo(2);
            assertThat(reader.size()).isEqualTo(116);
            assertThat(nextId()).isEqualTo(3);
            assertThat(reader.size()).isEqualTo(17);
        }

        @Test
        void shouldComeInAnyPiecesAndTogether() {
            Random random = new Random(7);
            Bytes stream = new Bytes();
            int frames = 300;
            for (int id = 0; id < frames; id++) {
                int kind = random.nextInt(4);
                Bytes payload = new Bytes();
                int length = kind == 0 ? random.nextInt(200) : new int[] {0, 16, 20, 24}[kind];
                for (int i = 0; i < length; i++) {
                    payload.u8(id + i);
                }
                stream.bytes(WireClient.frame(id, kind == 0 ? 16 : 8 + kind, 0, payload).toArray());
            }
            byte[] all = stream.toArray();
            Thread.ofPlatform()
                    .daemon()
                    .start(() -> {
                        int at = 0;
                        while (at < all.length) {
                            int piece = Math.min(all.length - at, 1 + random.nextInt(90));
                            send(Arrays.copyOfRange(all, at, at + piece), 0);
                            at += piece;
                        }
                    });
            for (int id = 0; id < frames; id++) {
                assertThat(nextId()).isEqualTo(id);
                for (int i = 16; i < reader.size(); i++) {
                    assertThat(reader.frame().getByte(i)).isEqualTo((byte) (id + i - 16));
                }
            }
        }

        @Test
        void shouldTakeTheLargestAndRefuseLarger() {
            send(frame(1, 9, MAX - 16));
            assertThat(nextId()).isEqualTo(1);
            send(frame(2, 9, MAX - 15));
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(reader::next)
                    .withMessageContaining("4097");
        }

        @ParameterizedTest
        @ValueSource(longs = {0, 1, 15, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL})
        void shouldRefuseASizeThatCannotBe(long size) {
            send(new Bytes().u16(1).u16(9).u32(size).u32(0).u32(0));
            assertThatExceptionOfType(ProtocolException.class).isThrownBy(reader::next);
        }

        @Test
        void shouldEndWithTheStream() {
            send(frame(1, 9, 4));
            pair[1].shutdown();
            assertThat(nextId()).isEqualTo(1);
            assertThat(reader.next()).isFalse();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 15, 16, 17, 31})
        void shouldRefuseAnEndWithinAFrame(int bytes) {
            send(Arrays.copyOf(read(1).toArray(), bytes), 0);
            pair[1].shutdown();
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(reader::next)
                    .withMessageContaining("after %d bytes".formatted(bytes));
        }

        @Test
        void shouldBeWaitedForOnlySoLong() {
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> reader.next(Duration.ofMillis(20)));
        }

        @Test
        void shouldNotBeDrippedToKeepUsWaiting() {
            Thread drip =
                    Thread.ofPlatform()
                            .daemon()
                            .start(() -> {
                                byte[] bytes = read(1).toArray();
                                for (int i = 0; i < bytes.length - 1; i++) {
                                    send(new byte[] {bytes[i]}, 0);
                                    try {
                                        Thread.sleep(10);
                                    } catch (InterruptedException over) {
                                        return;
                                    }
                                }
                            });
            long start = System.nanoTime();
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> reader.next(Duration.ofMillis(100)));
            assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
            drip.interrupt();
        }
    }

    @Nested
    class Descriptors {
        @Test
        void shouldBelongToTheFrameTheyCameWith() {
            send(map(1), 1);
            send(map(2));
            send(map(3), 3);
            assertNext(1, 1);
            assertNext(2, 0);
            assertNext(3, 3);
        }

        @Test
        void shouldBeClosedWithAFrameThatDoesNotTakeThem() {
            send(reset(1), 2);
            send(map(2));
            assertThat(nextId()).isEqualTo(1);
            assertNext(2, 0);
            assertThat(Fd.openCount()).isEqualTo(openBefore);
        }

        @Test
        void shouldBelongToTheFrameWhoseMiddleTheyCameIn() {
            byte[] bytes = map(1).toArray();
            send(Arrays.copyOf(bytes, 20), 0);
            send(Arrays.copyOfRange(bytes, 20, bytes.length), 1);
            send(map(2), 0);
            assertNext(1, 1);
            assertNext(2, 0);
        }

        @Test
        void shouldAddUpOverTheBytesOfAFrame() {
            for (byte b : map(1).toArray()) {
                send(new byte[] {b}, 1);
            }
            assertThat(nextId()).isEqualTo(1);
            assertThat(reader.fdsRefused()).as("48 are more than 16").isTrue();
            assertThat(takeFds()).isEqualTo(48);
        }

        @Test
        void shouldBeRefusedBeyondWhatVersionAllows() {
            send(map(1), FrameReader.MAX_FDS);
            send(map(2), FrameReader.MAX_FDS + 1);
            send(map(3), 253);
            send(map(4), 1);
            for (int id = 1; id <= 4; id++) {
                assertThat(nextId()).isEqualTo(id);
                assertThat(reader.fdsRefused()).isEqualTo(id == 2 || id == 3);
            }
        }

        @Test
        void shouldBeRefusedIfSomeWereLost() {
            byte[] bytes = map(1).toArray();
            send(Arrays.copyOf(bytes, 8), 253);
            send(Arrays.copyOfRange(bytes, 8, bytes.length), 253);
            send(map(2));
            assertThat(nextId()).isEqualTo(1);
            assertThat(reader.fdsRefused()).isTrue();
            assertThat(nextId()).isEqualTo(2);
            assertThat(reader.fdsRefused()).isFalse();
        }

        @Test
        void shouldBelongToTheFirstOfSeveralFramesInOnePiece() {
            send(map(1).bytes(map(2)).bytes(read(3)), 1);
            assertNext(1, 1);
            assertNext(2, 0);
            assertNext(3, 0);
        }
    }

    /** One call may bring the start of the next frames along, with their descriptors. */
    @Nested
    class DescriptorsInARunOfRegionAccesses {
        @Test
        void shouldBelongToTheFrameTheyCameWith() {
            becomeHot();
            send(read(2));
            send(map(3), 1);
            send(map(4), 2);
            assertNext(2, 0);
            assertNext(3, 1);
            assertNext(4, 2);
        }

        @Test
        void shouldNotGoToAFrameThatCouldCarryThemButHasNone() {
            becomeHot();
            send(exit(2));
            send(enterWithWakeup(3), 1);
            assertNext(2, 0);
            assertNext(3, 1);
        }

        @Test
        void shouldNotBeMixedWithThoseOfTheFrameAfterNext() {
            becomeHot();
            send(read(2));
            send(enterWithWakeup(3), 1);
            send(setIrqs(4), 2);
            send(map(5), 3);
            assertNext(2, 0);
            assertNext(3, 1);
            assertNext(4, 2);
            assertNext(5, 3);
        }

        @Test
        void shouldReachOverTwoFramesWithoutABody() {
            becomeHot();
            send(reset(2));
            send(reset(3));
            send(map(4), 1);
            assertNext(2, 0);
            assertNext(3, 0);
            assertNext(4, 1);
        }

        @Test
        void shouldGoWithARegionAccessThatTheyCameWith() {
            becomeHot();
            send(read(2), 1);
            send(map(3));
            assertNext(2, 1);
            assertNext(3, 0);
        }

        @Test
        void shouldBelongToTheFirstOfSeveralFramesInOnePieceIfItAsksForOne() {
            becomeHot();
            send(enterWithWakeup(2).bytes(read(3)).bytes(map(4)), 1);
            assertNext(2, 1);
            assertNext(3, 0);
            assertNext(4, 0);
            becomeHot();
            send(setIrqs(5).bytes(read(6)), 1);
            assertNext(5, 1);
            assertNext(6, 0);
            becomeHot();
            send(map(7).bytes(read(8)), 1);
            assertNext(7, 1);
            assertNext(8, 0);
        }

        @Test
        void shouldFindTheirFrameThroughWritesToo() {
            send(write4(1));
            assertNext(1, 0);
            send(write4(2));
            send(exit(3));
            send(setIrqs(4), 4);
            assertNext(2, 0);
            assertNext(3, 0);
            assertNext(4, 4);
        }

        /** Whatever a client sends before, each frame that is sent by itself gets its own. */
        @Test
        void shouldAlwaysFindTheirFrame() {
            long seed = System.nanoTime();
            Random random = new Random(seed);
            for (int round = 0; round < 200; round++) {
                List<Integer> expected = new ArrayList<>();
                int frames = 1 + random.nextInt(12);
                for (int id = 0; id < frames; id++) {
                    Bytes frame =
                            switch (random.nextInt(7)) {
                                case 0 -> read(id);
                                case 1 -> write4(id);
                                case 2 -> exit(id);
                                case 3 -> reset(id);
                                case 4 -> setIrqs(id);
                                case 5 -> enterWithWakeup(id);
                                default -> map(id);
                            };
                    boolean must = frame.length() == 32 && frame.u16At(2) == WireClient.FEATURE;
                    int fds = must || random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
                    expected.add(fds);
                    send(frame, fds);
                }
                for (int id = 0; id < frames; id++) {
                    assertThat(nextId()).as("seed %d round %d", seed, round).isEqualTo(id);
                    assertThat(takeFds())
                            .as("seed %d round %d frame %d of %s", seed, round, id, expected)
                            .isEqualTo(expected.get(id));
                }
            }
        }
    }

    /** A frame is kept while others are read: what a DMA message within a register write needs. */
    @Nested
    class Keeping {
        @Test
        void shouldGiveTheFrameBackAsItWas() {
            send(WireClient.frame(1, 10, 0, WireClient.access(0, 0x10, 4).u32(0xcafe)));
            send(read(2));
            send(read(3));
            assertThat(nextId()).isEqualTo(1);
            FrameReader.Kept kept = reader.keep();
            assertThat(nextId()).isEqualTo(2);
            reader.restore(kept);
            assertThat(VfioUserHeader.id(reader.frame(), 0)).isEqualTo(1);
            assertThat(reader.size()).isEqualTo(36);
            assertThat(reader.frame().getInt(32)).isEqualTo(0xcafe);
            assertThat(nextId()).isEqualTo(3);
        }

        @Test
        void shouldCarryWhatHasBegunOver() {
            becomeHot();
            send(read(2).bytes(map(3)).bytes(map(4)));
            assertThat(nextId()).isEqualTo(2);
            FrameReader.Kept kept = reader.keep();
            reader.restore(kept);
            assertThat(nextId()).isEqualTo(3);
            kept = reader.keep();
            assertThat(nextId()).isEqualTo(4);
            reader.restore(kept);
            send(read(5));
            assertThat(nextId()).isEqualTo(5);
        }

        @Test
        void shouldKeepDescriptorsWithTheirFrames() {
            becomeHot();
            send(read(2));
            send(map(3), 1);
            send(map(4), 2);
            assertThat(nextId()).isEqualTo(2);
            FrameReader.Kept kept = reader.keep();
            reader.restore(kept);
            assertThat(takeFds()).isZero();
            kept = reader.keep();
            assertNext(3, 1);
            reader.restore(kept);
            assertNext(4, 2);
        }

        @Test
        void shouldNotPassADescriptorOnThatTheKeptFrameDidNotTake() {
            send(write4(1), 1);
            send(map(2));
            assertThat(nextId()).isEqualTo(1);
            FrameReader.Kept kept = reader.keep();
            assertThat(Fd.openCount()).as("closed").isEqualTo(openBefore);
            assertNext(2, 0);
            reader.restore(kept);
            assertThat(takeFds()).isZero();
        }

        @Test
        void shouldWorkOftenInARow() {
            for (int round = 0; round < 100; round++) {
                send(write4(1));
                send(read(2));
                send(enterWithWakeup(3), 1);
                send(read(4));
                assertThat(nextId()).isEqualTo(1);
                FrameReader.Kept kept = reader.keep();
                assertNext(2, 0);
                assertNext(3, 1);
                reader.restore(kept);
                assertNext(4, 0);
            }
        }
    }
}
