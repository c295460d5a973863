/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.RuntimeStatus;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.models.Edu;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

class PowerBenchTest {
    private static final int CYCLES = 2;

    // PCI's own delays, which the figures must contain: 10 ms from D3hot, 100 ms from D3cold.
    private final ServedBench served = new ServedBench(new Edu());
    private final VfioDevice device = VfioDevice.open("vfio-user:" + served.socket());
    private final HostSide host = HostSide.connect(Path.of(served.socket() + ".ctl"));

    @AfterEach
    void close() {
        host.close();
        device.close();
        served.close();
    }

    @Test
    void shouldMeasureEachStateThatTheDeviceReaches() {
        PowerReport report = PowerBench.run(device, host, CYCLES, () -> false);

        assertThat(report.states())
                .extracting(PowerReport.State::name)
                .containsExactly("D3hot", "D3cold", "D3hot by PMCSR");
        assertThat(read(report.states().getFirst())).isBetween(10_000_000L, 99_000_000L);
        assertThat(read(report.states().get(1))).isGreaterThan(100_000_000L);
        assertThat(report.states().getLast().rows())
                .hasSize(2)
                .allSatisfy(row -> assertThat(row.p50()).isBetween(10_000_000L, 99_000_000L));
        assertThat(report.toTable()).contains("D3cold  read, asleep: until its data");
        assertThat(report.toJson()).contains("\"state\":\"D3hot\"");
    }

    private static long read(PowerReport.State state) {
        return state.rows().stream()
                .filter(row -> row.name().startsWith("read, asleep"))
                .mapToLong(PowerReport.Row::p50)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldLeaveTheDeviceAsItWas() {
        host.setD3coldAllowed(false);

        PowerReport report = PowerBench.run(device, host, 1, () -> false);

        assertThat(report.states()).hasSize(3);
        assertThat(host.d3coldAllowed()).isFalse();
        assertThat(host.runtimeStatus()).isEqualTo(RuntimeStatus.ACTIVE);
        assertThat(host.runtimeUsage()).isEqualTo(1);
    }

    @Test
    void shouldSayWhyADeviceCannotSleep() {
        host.setControl(RuntimeControl.ON);

        assertThatThrownBy(() -> PowerBench.run(device, host, 1, () -> false))
                .isInstanceOf(BenchException.class)
                .hasMessageEndingWith("may not sleep: its power/control is on; write auto");
    }

    @Test
    void shouldLeaveTheDeviceAsItWasWhenItIsStopped() {
        AtomicInteger asked = new AtomicInteger();

        assertThatThrownBy(() ->
                        PowerBench.run(device, host, 1000, () -> asked.incrementAndGet() > 10))
                .isInstanceOf(BenchException.class)
                .hasMessageStartingWith("stopped");

        assertThat(host.d3coldAllowed()).isTrue();
        assertThat(host.runtimeUsage()).isEqualTo(1);
    }

    @Test
    void shouldRefuseCyclesOutOfRange() {
        for (int cycles : List.of(-1, 0, PowerBench.MAX_CYCLES + 1)) {
            assertThatThrownBy(() -> PowerBench.run(device, host, cycles, () -> false))
                    .isInstanceOf(BenchException.class)
                    .hasMessage("cycles are 1 to 1000000, not " + cycles);
        }
    }
}
