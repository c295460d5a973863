/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PowerClock;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A device that needs a second and more between its power states holds up who asks for it, and
 * nobody else (spec E).
 */
class SlowDeviceTest {
    private static final int CONFIG = 7;
    private static final int PMCSR = 0x44;
    private static final int D3HOT = 3;
    private static final Duration AT_ONCE = Duration.ofSeconds(5);

    /** Time that does not pass until the test lets it. */
    private static final class HeldClock implements PowerClock {
        private final Semaphore asked = new Semaphore(0);
        private final Semaphore passed = new Semaphore(0);
        private volatile boolean held;

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void sleep(Duration duration) {
            if (held) {
                asked.release();
                passed.acquireUninterruptibly();
            }
        }

        void awaitAsked() throws InterruptedException {
            assertThat(asked.tryAcquire(AT_ONCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }

        void passAll() {
            held = false;
            passed.release(100);
        }
    }

    private final HeldClock clock = new HeldClock();
    private final Served others = Served.one();
    private final Path socket = others.directory.resolve("slow");
    private final HostedDevice slow =
            new HostedDevice(
                    new Probe(
                            Probe.DESCRIPTION.withPower(
                                    PowerManagement.downToD3hot().withDelays(Delays.SLOW))),
                    new HostOptions(
                            HostOptions.system(others.loop).scheduler(),
                            clock,
                            others.loop,
                            HostOptions.system(others.loop).profile()));

    @BeforeEach
    void serve() {
        others.server.serve(socket, slow);
    }

    @AfterEach
    void close() {
        clock.passAll();
        others.close();
    }

    @Test
    void shouldHoldUpNobodyButItsClient() throws InterruptedException {
        try (WireClient client = WireClient.open(socket);
                WireClient neighbour = others.client()) {
            clock.held = true;
            Bytes d3hot = WireClient.access(CONFIG, PMCSR, 2).u8(D3HOT).u8(0);
            client.send(WireClient.REGION_WRITE, WireClient.COMMAND, d3hot);
            clock.awaitAsked();

            neighbour.store(0, 0, 4, 5);
            assertThat(neighbour.load(0, 0, 4)).as("another device").isEqualTo(5);
            neighbour.store(CONFIG, PMCSR, 2, D3HOT);
            neighbour.store(CONFIG, PMCSR, 2, 0);
            assertThat(neighbour.load(0, 0, 4)).isEqualTo(5);

            try (LineClient host = new LineClient(socket)) {
                host.send("read power/runtime_status");
                assertThat(host.tryReceive()).as("the host side of it").isPresent();
            }
            try (WireClient second = WireClient.connect(socket)) {
                assertThat(second.version(0, 0, WireClient.CAPABILITIES).isError())
                        .as("a second client is refused at once")
                        .isTrue();
            }
            assertThat(client.hasReply(Duration.ZERO)).isFalse();

            clock.passAll();
            assertThat(client.hasReply(AT_ONCE)).isTrue();
        }
    }
}
