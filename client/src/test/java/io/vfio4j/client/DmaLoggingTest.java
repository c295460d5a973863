/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** The log of what a device writes (spec F), as frames. */
@Timeout(20)
class DmaLoggingTest {
    private static final int GET = 1 << 16;
    private static final int SET = 1 << 17;
    private static final int PROBE = 1 << 18;

    @TempDir static Path directory;

    private static Peer.Frame expectFeature(Peer client, int flags) {
        Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_FEATURE);
        assertThat(frame.u32(4)).as("flags 0x%x", frame.u32(4)).isEqualTo(flags);
        return frame;
    }

    private static void expectReport(Peer client, long iova, long length, long... bitmap) {
        Peer.Frame report = expectFeature(client, GET | 8);
        ByteBuffer payload = Peer.bytes(32);
        payload.put(report.payload()).flip();
        assertThat(payload.remaining()).isEqualTo(32);
        assertThat(payload.getInt(0)).as("argsz").isEqualTo(32 + 8 * bitmap.length);
        assertThat(payload.getLong(8)).as("iova").isEqualTo(iova);
        assertThat(payload.getLong(16)).as("length").isEqualTo(length);
        assertThat(payload.getLong(24)).as("page size").isEqualTo(4096);
        byte[] answer = Arrays.copyOf(report.payload(), 32 + 8 * bitmap.length);
        ByteBuffer words = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).position(32);
        for (long word : bitmap) {
            words.putLong(word);
        }
        client.reply(report, answer);
    }

    @Test
    void shouldStartReportAndStop() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame probe = expectFeature(client, PROBE | SET | 6);
                            client.reply(probe, probe.payload());
                            Peer.Frame start = expectFeature(client, SET | 6);
                            ByteBuffer wished =
                                    Peer.bytes(56)
                                            .putInt(56)
                                            .putInt(SET | 6)
                                            .putLong(4096)
                                            .putInt(2)
                                            .putInt(0)
                                            .putLong(0x10000)
                                            .putLong(0x4000)
                                            .putLong(0x100000)
                                            .putLong(0x1000);
                            assertThat(ByteBuffer.wrap(start.payload())).isEqualTo(wished.flip());
                            byte[] chosen = start.payload();
                            chosen[9] = 0x20;
                            client.reply(start, chosen);
                            expectReport(client, 0x10000, 3 * 4096, 0b101);
                            expectReport(client, 0x10000, 65 * 4096, 1L << 63 | 2, 1);
                            Peer.Frame stop = expectFeature(client, SET | 7);
                            assertThat(stop.payload()).hasSize(8);
                            client.reply(stop, stop.payload());
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                DmaLogging log = DmaLogging.of(device);
                assertThat(log.isSupported()).isTrue();
                assertThat(
                                log.start(
                                        4096,
                                        List.of(
                                                new DmaRange(0x10000, 0x4000),
                                                new DmaRange(0x100000, 0x1000))))
                        .as("the device's choice")
                        .isEqualTo(8192);
                DirtyPages few = log.report(0x10000, 3 * 4096, 4096);
                assertThat(few.count()).isEqualTo(2);
                assertThat(few.isDirty(0x10fff)).isTrue();
                assertThat(few.isDirty(0x11000)).isFalse();
                assertThat(few.isDirty(0x12000)).isTrue();
                assertThatThrownBy(() -> few.isDirty(0x13000))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> few.isDirty(0xffff))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                DirtyPages more = log.report(0x10000, 65 * 4096, 4096);
                assertThat(more.ranges())
                        .containsExactly(new DmaRange(0x11000, 4096), new DmaRange(0x4f000, 8192));
                log.stop();
            }
        }
    }

    @Test
    void shouldAskInPartsForWhatOneMessageCannotBring() {
        long part = 512 * 1024 * 8L * 4096;
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            long[] full = new long[512 * 1024 / 8];
                            full[full.length - 1] = 1L << 63;
                            expectReport(client, 0, part, full);
                            expectReport(client, part, 4096, 1);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThat(DmaLogging.of(device).report(0, part + 4096, 4096).ranges())
                        .containsExactly(new DmaRange(part - 4096, 8192));
            }
        }
    }

    @Test
    void shouldRefuseAReportThatIsCutOff() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame report = expectFeature(client, GET | 8);
                            client.reply(report, report.payload());
                            client.error(expectFeature(client, GET | 8), 22);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                DmaLogging log = DmaLogging.of(device);
                assertThatThrownBy(() -> log.report(0, 4096, 4096))
                        .isInstanceOf(VfioException.class)
                        .hasMessageContaining("24 bytes of 32");
                assertThatThrownBy(() -> log.report(0, 4096, 2048)).hasMessageContaining("EINVAL");
                for (long[] none : new long[][] {{0, 4096}, {4096, 0}, {-1, 4096}, {1L << 62, 1}}) {
                    assertThatThrownBy(() -> log.report(0, none[0], none[1]))
                            .isInstanceOf(IllegalArgumentException.class);
                }
            }
        }
    }

    @Test
    void shouldHaveNoRangesWhereNothingWasWritten() {
        assertThat(new DirtyPages(0, 4096, 4096, new BitSet()).ranges()).isEmpty();
    }
}
