/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Fd;
import io.vfio4j.models.Edu;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** Against servers in this process; the floor's peer is a process of its own as always. */
@Timeout(60)
class BenchRunTest {
    private static final BenchProgress QUIET = (_, _) -> {};

    @Test
    void shouldMeasureEveryRowOfTheBenchDevice() throws InterruptedException {
        try (ServedBench served = new ServedBench()) {
            List<Duration> progress = new ArrayList<>();
            BenchReport report =
                    BenchRun.run(shortly(served.socket()), (elapsed, _) -> progress.add(elapsed));
            String server = "vfio-user:" + served.socket();
            assertThat(rows(report, server)).extracting(BenchRow::name).isEqualTo(allRows());
            assertThat(rows(report, server))
                    .allSatisfy(row -> {
                        BenchResult.Measured measured = measured(row);
                        assertThat(measured.rate()).isPositive();
                        assertThat(measured.floorRatio()).isPresent();
                        assertThat(measured.latency().isEmpty())
                                .isEqualTo(row.name().equals("posted write 4 B"));
                    });
            assertThat(rows(report, BenchReport.FLOOR))
                    .allSatisfy(row -> assertThat(measured(row).floorRatio()).isEmpty());
            assertThat(report.rounds()).isPositive();
            assertThat(progress).isSorted().isNotEmpty();
            assertThat(report.failed()).isFalse();
        }
    }

    @Test
    void shouldMeasureServersInTurns() throws InterruptedException {
        try (ServedBench one = new ServedBench();
                ServedBench other = new ServedBench()) {
            BenchOptions options =
                    BenchOptions.of(List.of(one.socket(), other.socket()))
                            .withRows(Set.of("read 4 B"))
                            .withWarmUp(Duration.ZERO)
                            .withTime(Duration.ofMillis(100));
            assertThat(BenchRun.run(options, QUIET).rows())
                    .extracting(BenchRow::target)
                    .containsExactly(
                            BenchReport.FLOOR,
                            "vfio-user:" + one.socket(),
                            "vfio-user:" + other.socket());
        }
    }

    @Test
    void shouldSayWhatADeviceLacks() throws InterruptedException {
        try (ServedBench served = new ServedBench(new Edu())) {
            BenchReport report = BenchRun.run(shortly(served.socket()), QUIET);
            assertThat(row(report, served.socket(), "DMA read 4 KiB").result())
                    .isEqualTo(
                            new BenchResult.NotAvailable("BAR2 is not that of the bench device"));
            assertThat(row(report, served.socket(), "interrupt").result())
                    .isInstanceOf(BenchResult.NotAvailable.class);
            measured(row(report, served.socket(), "read 4 B"));
        }
    }

    @Test
    void shouldMarkAFailedRowAndGoOnWithANewConnection() throws Exception {
        try (PeculiarServer server =
                new PeculiarServer(PeculiarServer.Habit.REFUSES_LARGE_WRITES)) {
            BenchOptions options =
                    shortly(server.socket())
                            .withTime(Duration.ofMillis(300))
                            .withRows(Set.of("write 4 KiB", "read 1 MiB", "write 1 MiB"));
            BenchReport report = BenchRun.run(options, QUIET);
            assertThat(row(report, server.socket(), "write 1 MiB").result())
                    .isEqualTo(new BenchResult.Failed("the server answered EINVAL (22)"));
            measured(row(report, server.socket(), "write 4 KiB"));
            measured(row(report, server.socket(), "read 1 MiB"));
            assertThat(report.failed()).isTrue();
            assertThat(server.clients()).isEqualTo(2);
        }
    }

    @Test
    void shouldMarkARowWhoseAnswerDoesNotCome() throws Exception {
        try (PeculiarServer server = new PeculiarServer(PeculiarServer.Habit.STUCK_AT_4K_READS)) {
            BenchOptions options =
                    shortly(server.socket())
                            .withRows(Set.of("read 4 KiB", "read 4 B"))
                            .withTimeout(Duration.ofMillis(200));
            BenchReport report = BenchRun.run(options, QUIET);
            assertThat(row(report, server.socket(), "read 4 KiB").result())
                    .isEqualTo(new BenchResult.Failed("no answer within 200 ms"));
            measured(row(report, server.socket(), "read 4 B"));
        }
    }

    @Test
    void shouldMarkARowWithAWrongAnswer() throws Exception {
        try (PeculiarServer server = new PeculiarServer(PeculiarServer.Habit.ANSWERS_TOO_MUCH)) {
            BenchOptions options = shortly(server.socket()).withRows(Set.of("read 4 B"));
            assertThat(row(BenchRun.run(options, QUIET), server.socket(), "read 4 B").result())
                    .isEqualTo(
                            new BenchResult.Failed(
                                    "the server's reply has 37 bytes instead of 36"));
        }
    }

    @Test
    void shouldGiveUpOnAServerThatIsGone() throws Exception {
        try (PeculiarServer server = new PeculiarServer(PeculiarServer.Habit.ENDS_AT_FIRST_WRITE)) {
            BenchOptions options =
                    shortly(server.socket())
                            .withRows(Set.of("read 4 B", "write 4 B", "read 4 KiB"));
            BenchReport report = BenchRun.run(options, QUIET);
            assertThat(row(report, server.socket(), "write 4 B").result())
                    .isEqualTo(new BenchResult.Failed("the server closed the connection"));
            assertThat(row(report, server.socket(), "read 4 KiB").result())
                    .isInstanceOfSatisfying(
                            BenchResult.Failed.class,
                            failed ->
                                    assertThat(failed.reason())
                                            .startsWith("the server was lost: connect"));
        }
    }

    @Test
    void shouldEndEarlyIfNothingIsLeftToMeasure() throws Exception {
        try (PeculiarServer server = new PeculiarServer(PeculiarServer.Habit.ANSWERS_TOO_MUCH)) {
            BenchOptions options =
                    shortly(server.socket())
                            .withRows(Set.of("read 4 B"))
                            .withTime(Duration.ofHours(1));
            assertThat(BenchRun.run(options, QUIET).failed()).isTrue();
        }
    }

    @Test
    void shouldRefuseToStartWithoutAServer() {
        Path nobody = Path.of("/nonexistent/socket");
        assertThatThrownBy(() -> BenchRun.run(shortly(nobody), QUIET))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("vfio-user:/nonexistent/socket")
                .hasMessageContaining("ENOENT");
    }

    @Test
    void shouldRefuseToStartWithAServerThatSaysNothing() throws Exception {
        try (PeculiarServer server = new PeculiarServer(PeculiarServer.Habit.SILENT)) {
            BenchOptions options = shortly(server.socket()).withTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() -> BenchRun.run(options, QUIET))
                    .isInstanceOf(BenchException.class)
                    .hasMessageContaining("no answer within 200 ms to VERSION");
        }
    }

    @Test
    void shouldRefuseAProcessorThatIsNotThere() {
        try (ServedBench served = new ServedBench()) {
            BenchOptions options = shortly(served.socket()).withCpus(1000, 1000);
            assertThatThrownBy(() -> BenchRun.run(options, QUIET))
                    .isInstanceOf(BenchException.class)
                    .hasMessageContaining("processor 1000");
        }
    }

    @Test
    void shouldEndWhenInterrupted() throws InterruptedException {
        try (ServedBench served = new ServedBench()) {
            AtomicBoolean started = new AtomicBoolean();
            AtomicBoolean ended = new AtomicBoolean();
            BenchOptions options = shortly(served.socket()).withTime(Duration.ofHours(1));
            Thread caller =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    BenchRun.run(options, (_, _) -> started.set(true));
                                } catch (InterruptedException expected) {
                                    ended.set(true);
                                }
                            });
            Awaitility.await().untilTrue(started);
            caller.interrupt();
            caller.join();
            assertThat(ended).isTrue();
        }
    }

    @Test
    void shouldLeaveNoDescriptorBehind() throws InterruptedException {
        try (ServedBench served = new ServedBench()) {
            BenchOptions options = shortly(served.socket()).withRows(Set.of("read 4 B"));
            BenchRun.run(options, QUIET);
            int before = Fd.openCount();
            BenchRun.run(options, QUIET);
            Awaitility.await().until(() -> Fd.openCount() <= before);
        }
    }

    private static BenchOptions shortly(Path socket) {
        return BenchOptions.of(List.of(socket))
                .withWarmUp(Duration.ZERO)
                .withTime(Duration.ofMillis(50));
    }

    private static List<String> allRows() {
        return Arrays.stream(Measure.values()).map(Measure::title).toList();
    }

    private static List<BenchRow> rows(BenchReport report, String target) {
        return report.rows().stream().filter(row -> row.target().equals(target)).toList();
    }

    private static BenchRow row(BenchReport report, Path socket, String name) {
        return rows(report, "vfio-user:" + socket).stream()
                .filter(row -> row.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static BenchResult.Measured measured(BenchRow row) {
        assertThat(row.result()).as(row.name()).isInstanceOf(BenchResult.Measured.class);
        return (BenchResult.Measured) row.result();
    }
}
