/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.HostLine;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The host side over its socket: lines in, lines out, and whatever is none. */
@Timeout(30)
class ControlSocketTest {
    private static final Duration SOON = Duration.ofSeconds(5);

    private final LogLines log = new LogLines();
    private final Served served = Served.one();

    @AfterEach
    void close() {
        served.close();
        log.close();
        assertThat(log.lines()).noneMatch(line -> line.startsWith("SEVERE"));
        Awaitility.await()
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> assertThat(ServerThreads.running()).isEmpty());
    }

    private LineClient host() {
        return new LineClient(served.socket());
    }

    private void awaitSessions(int count) {
        Awaitility.await()
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> assertThat(ServerThreads.running("control ")).hasSize(count));
    }

    @Nested
    class Lines {
        @Test
        void shouldBeAnsweredOneByOne() {
            try (LineClient host = host()) {
                assertThat(host.ask("read vendor")).isEqualTo("ok 0x1234");
                assertThat(host.ask("write power/control on")).isEqualTo("ok");
                assertThat(host.ask("read power/control")).isEqualTo("ok on");
                assertThat(host.ask("write power/control auto")).isEqualTo("ok");
                assertThat(host.ask("read config 0 4")).isEqualTo("ok 34129999");
                assertThat(host.ask("write power/control off"))
                        .startsWith("error 22 power/control is");
            }
        }

        @Test
        void shouldCarryTheWholeConfigurationSpace() {
            try (LineClient host = host()) {
                assertThat(host.ask("read config")).hasSize(3 + 2 * 4096);
            }
        }

        @Test
        void shouldComeInAnyPieces() {
            try (LineClient host = host()) {
                byte[] lines =
                        "read vendor\nread device\nread irq\n".getBytes(StandardCharsets.UTF_8);
                host.raw(lines);
                assertThat(host.receive()).isEqualTo("ok 0x1234");
                assertThat(host.receive()).isEqualTo("ok 0x9999");
                assertThat(host.receive()).isEqualTo("ok 0");
                for (byte b : lines) {
                    host.raw(new byte[] {b});
                }
                assertThat(host.receive()).isEqualTo("ok 0x1234");
                assertThat(host.receive()).isEqualTo("ok 0x9999");
                assertThat(host.receive()).isEqualTo("ok 0");
            }
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    " ",
                    "read",
                    "read ",
                    "read nothing",
                    "read config 0",
                    "read config -1 4",
                    "read config 0 99999999999",
                    "read config 4095 2",
                    "write",
                    "write config 0",
                    "write config 0 xyz",
                    "write config 0 123",
                    "write power/control",
                    "write power/control a\\b",
                    "watch me",
                    "write signal wake",
                    "hello",
                    "read vendor\r",
                    "read vendor\u0000",
                    "réad vendor",
                })
        void shouldBeAnErrorWhenTheyAreNoRequestAndTheConnectionGoesOn(String line) {
            try (LineClient host = host()) {
                assertThat(host.ask(line)).startsWith("error 22 ");
                assertThat(host.ask("read vendor")).isEqualTo("ok 0x1234");
            }
        }

        @Test
        void shouldFitWhateverTheirValueIs() {
            try (LineClient host = host()) {
                String longest = "write reset " + "\\\\".repeat(HostLine.MAX_BYTES / 2 - 7);
                assertThat(longest).hasSize(HostLine.MAX_BYTES - 2);
                assertThat(host.ask(longest)).startsWith("error 22 ");
                assertThat(host.ask("read vendor")).isEqualTo("ok 0x1234");
            }
        }

        @Test
        void shouldEndTheConnectionWhenOneNeverEnds() {
            try (LineClient host = host()) {
                byte[] endless = new byte[HostLine.MAX_BYTES];
                Arrays.fill(endless, (byte) 'a');
                host.raw(endless);
                assertThat(host.receive()).startsWith("error 22 host line of more than");
                assertThat(host.tryReceive()).isEmpty();
            }
            assertThat(log.lines())
                    .anyMatch(line -> line.contains("host-side connection closed: host line"));
        }

        @Test
        void shouldEndTheConnectionWhenTheyAreNoText() {
            try (LineClient host = host()) {
                host.raw(new byte[] {(byte) 0xff, (byte) 0xfe, '\n'});
                assertThat(host.receive()).isEqualTo("error 22 host line is not UTF-8");
                assertThat(host.tryReceive()).isEmpty();
            }
        }

        @Test
        void shouldNotBringDescriptorsAlong() {
            try (LineClient host = host();
                    Fd fd = Descriptors.of("eventfd")) {
                host.ask("read vendor");
                int before = Fd.openCount();
                Fd[] many = new Fd[253];
                Arrays.fill(many, fd);
                for (int i = 0; i < 10; i++) {
                    host.raw("read vendor\n".getBytes(StandardCharsets.UTF_8), many);
                    assertThat(host.receive()).isEqualTo("ok 0x1234");
                }
                assertThat(Fd.openCount()).isEqualTo(before);
            }
        }

        @Test
        void shouldBeAnsweredOrTheConnectionClosedWhateverTheBytes() {
            long seed = System.nanoTime() & 0xffff_ffffL;
            Random random = new Random(seed);
            String[] words = {
                "read",
                "write",
                "watch",
                "config",
                "power/control",
                "0",
                "-1",
                "on",
                "\\n",
                " ",
                "\n"
            };
            long end = System.nanoTime() + 1_000_000_000L;
            while (System.nanoTime() < end) {
                try (LineClient host = host()) {
                    for (int i = random.nextInt(8); i >= 0; i--) {
                        byte[] noise = new byte[1 + random.nextInt(100)];
                        random.nextBytes(noise);
                        StringBuilder text = new StringBuilder();
                        for (int w = random.nextInt(6); w >= 0; w--) {
                            text.append(words[random.nextInt(words.length)]).append(' ');
                        }
                        host.raw(
                                random.nextBoolean()
                                        ? noise
                                        : text.append('\n')
                                                .toString()
                                                .getBytes(StandardCharsets.UTF_8));
                    }
                    if (random.nextBoolean()) {
                        host.tryReceiveAll();
                    }
                } catch (LinuxException closed) {
                    assertThat(closed.getMessage()).as("seed %d", seed).contains("send");
                }
            }
            try (LineClient host = host()) {
                assertThat(host.ask("read vendor")).as("seed %d", seed).isEqualTo("ok 0x1234");
            }
        }
    }

    @Nested
    class Clients {
        @Test
        void shouldBeManyButNotTooMany() {
            List<LineClient> hosts = new ArrayList<>();
            for (int i = 0; i < ControlService.MAX_CLIENTS; i++) {
                hosts.add(host());
                assertThat(hosts.getLast().ask("read vendor")).isEqualTo("ok 0x1234");
            }
            try (LineClient surplus = host()) {
                assertThat(surplus.tryReceive()).as("turned away").isEmpty();
            }
            assertThat(log.lines()).anyMatch(line -> line.contains("refused: too many"));
            hosts.removeFirst().close();
            awaitSessions(ControlService.MAX_CLIENTS - 1);
            try (LineClient next = host()) {
                assertThat(next.ask("read vendor")).isEqualTo("ok 0x1234");
            }
            hosts.forEach(LineClient::close);
            awaitSessions(0);
        }

        @Test
        void shouldComeAndGoWithoutATrace() {
            host().close();
            awaitSessions(0);
            int before = Fd.openCount();
            for (int i = 0; i < 100; i++) {
                try (LineClient host = host()) {
                    host.raw("read ven".getBytes(StandardCharsets.UTF_8));
                    if (i % 3 == 0) {
                        host.raw("dor\nwatch\n".getBytes(StandardCharsets.UTF_8));
                    }
                }
            }
            awaitSessions(0);
            Awaitility.await()
                    .atMost(SOON)
                    .untilAsserted(() -> assertThat(Fd.openCount()).isEqualTo(before));
        }

        @Test
        void shouldNotHoldUpTheServersEnd() {
            try (LineClient deaf = host();
                    LineClient halfway = host()) {
                halfway.raw("read".getBytes(StandardCharsets.UTF_8));
                Thread flood =
                        Thread.ofPlatform()
                                .daemon()
                                .start(() -> {
                                    try {
                                        while (true) {
                                            deaf.send("read config");
                                        }
                                    } catch (LinuxException | IllegalStateException closed) {
                                        // Its end.
                                    }
                                });
                Awaitility.await()
                        .atMost(SOON)
                        .until(() -> flood.getState() == Thread.State.RUNNABLE);
                long start = System.nanoTime();
                served.server.close();
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isLessThan(Duration.ofSeconds(3));
            }
        }
    }

    @Nested
    class Watching {
        private final EventFd wakeup = EventFd.create();

        @AfterEach
        void closeWakeup() {
            wakeup.close();
        }

        private void awaitWatchers(int count) {
            Awaitility.await()
                    .atMost(SOON)
                    .pollInterval(Duration.ofMillis(2))
                    .untilAsserted(
                            () -> assertThat(ServerThreads.running("watch ")).hasSize(count));
        }

        @Test
        void shouldTellOfEverythingFromTheAnswerOn() {
            try (WireClient client = served.client()) {
                for (int round = 0; round < 20; round++) {
                    try (LineClient host = host()) {
                        assertThat(host.ask("watch")).isEqualTo("ok");
                        assertThat(client.enter(wakeup)).isZero();
                        List<String> down = new ArrayList<>();
                        for (int i = 0; i < 5; i++) {
                            down.add(host.receive());
                        }
                        assertThat(down)
                                .startsWith("event low_power W-A")
                                .contains(
                                        "event power/runtime_status suspending",
                                        "event power_state D3cold",
                                        "event power/runtime_status suspended",
                                        "event low_power W-S");
                        client.load(0, 0, 4);
                        List<String> up = new ArrayList<>();
                        while (!up.contains("event power/runtime_status active")) {
                            up.add(host.receive());
                        }
                        assertThat(up)
                                .contains(
                                        "event power/runtime_status resuming",
                                        "event power_state D0",
                                        "event low_power OFF");
                        assertThat(wakeup.drain()).as("watching wakes nobody").isEqualTo(1);
                    }
                }
            }
        }

        @Test
        void shouldAnswerRequestsBetweenTheEvents() {
            try (LineClient host = host()) {
                assertThat(host.ask("watch")).isEqualTo("ok");
                host.send("write power/control on");
                List<String> lines = new ArrayList<>();
                while (!lines.contains("ok")) {
                    lines.add(host.receive());
                }
                assertThat(host.ask("watch")).as("again").isNotNull();
            }
        }

        @Test
        void shouldTellOfPme() {
            PciDescription signalling =
                    Probe.DESCRIPTION.withPower(
                            PowerManagement.downToD3cold()
                                    .withDelays(Delays.ZERO)
                                    .withPme(PciPowerState.D0, PciPowerState.D3COLD));
            try (Served own = new Served(1, signalling);
                    WireClient client = own.client();
                    LineClient host = new LineClient(own.socket())) {
                assertThat(host.ask("watch")).isEqualTo("ok");
                client.store(7, 0x44, 2, 0x0100);
                assertThat(host.receive()).isEqualTo("event pme_enabled 1");
                host.send("write signal wake");
                assertThat(List.of(host.receive(), host.receive()))
                        .containsExactlyInAnyOrder("ok", "event pme_status 1");
                client.store(7, 0x44, 2, 0x8000);
                assertThat(List.of(host.receive(), host.receive()))
                        .containsExactly("event pme_enabled 0", "event pme_status 0");
            }
        }

        @Test
        void shouldTellOnceHoweverOftenItIsAskedFor() {
            served.await(ContractState.OFF);
            Awaitility.await()
                    .atMost(SOON)
                    .until(() -> served.device().power().runtimeStatus().equals("suspended"));
            try (LineClient host = host();
                    LineClient other = host()) {
                assertThat(host.ask("watch")).isEqualTo("ok");
                assertThat(host.ask("watch")).isEqualTo("ok");
                assertThat(other.ask("write power/control on")).isEqualTo("ok");
                List<String> lines = new ArrayList<>();
                while (!lines.contains("event power/runtime_status active")) {
                    lines.add(host.receive());
                }
                assertThat(lines).doesNotHaveDuplicates();
                assertThat(host.hasLine(Duration.ofMillis(20))).isFalse();
            }
        }

        @Test
        void shouldDropAWatcherThatDoesNotReadAndNotTheDevice() {
            try (LineClient deaf = host();
                    LineClient host = host()) {
                assertThat(deaf.ask("watch")).isEqualTo("ok");
                awaitWatchers(1);
                // Four lines a round: more than its socket and its queue hold.
                for (int i = 0; i < 20_000 && ServerThreads.running("watch ").count() > 0; i++) {
                    assertThat(host.ask("write power/control on")).isEqualTo("ok");
                    assertThat(host.ask("write power/control auto")).isEqualTo("ok");
                    assertThat(host.ask("write d3cold_allowed 1")).isEqualTo("ok");
                }
                awaitSessions(1);
                assertThat(log.lines().stream().filter(line -> line.contains("too slow")))
                        .hasSize(1);
            }
        }

        @Test
        void shouldEndWithTheWatcher() {
            try (LineClient host = host()) {
                assertThat(host.ask("watch")).isEqualTo("ok");
                awaitWatchers(1);
            }
            awaitSessions(0);
            awaitWatchers(0);
        }
    }

    /** Spec C through the socket, with a client in W-S. */
    @Nested
    class Waking {
        @Test
        void shouldBeAsTableCSays() {
            try (WireClient client = served.client();
                    LineClient host = host();
                    EventFd wakeup = EventFd.create()) {
                for (String line :
                        List.of(
                                "read config 0 4",
                                "read current_link_speed",
                                "write d3cold_allowed 1",
                                "write power/control on",
                                "write reset 1")) {
                    assertThat(client.enter(wakeup)).isZero();
                    served.await(ContractState.W_S);
                    for (String quiet :
                            List.of(
                                    "read power_state",
                                    "read power/runtime_status",
                                    "read power/runtime_usage",
                                    "read d3cold_allowed",
                                    "read vendor",
                                    "read resource")) {
                        assertThat(host.ask(quiet)).startsWith("ok ");
                    }
                    assertThat(wakeup.drain()).as("before %s", line).isZero();
                    assertThat(served.contract()).isEqualTo(ContractState.W_S);

                    assertThat(host.ask(line)).startsWith("ok");

                    assertThat(wakeup.drain()).as(line).isEqualTo(1);
                    assertThat(served.contract()).isEqualTo(ContractState.OFF);
                    assertThat(host.ask("write power/control auto")).isEqualTo("ok");
                }
            }
        }
    }
}
