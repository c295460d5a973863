/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Spec C, "Wake source while W-S": every row for a device that sleeps in D3hot and in D3cold.
 *
 * <p>Sources that never reach this machine are left out of their rows. The user's (pread of nothing
 * or of a bad region, mmap(), the touch of a mapping, dup and close, another opener) are tested
 * over the wire by the server's {@code UnwrappedRequestsTest} and {@code ClientsTest}; the host's
 * (vendor, resource, irq, enable) by the device's {@code HostAttributesTest}. A bus rescan does not
 * exist here.
 */
class WakeSourceTest {
    private static final PowerConfig D3HOT =
            DeviceUnderTest.ALL_STATES
                    .withPm(
                            new PmCapability(
                                    true,
                                    false,
                                    false,
                                    true,
                                    Set.of(PciPowerState.D3HOT, PciPowerState.D3COLD)))
                    .withPlatformWake(true);
    private static final PowerConfig D3COLD = D3HOT.withPlatformD3cold(true);

    private enum Says {
        SIGNAL,
        NO,
        /** "may": it does here. */
        MAY
    }

    private record Row(
            String source, Says d3hot, Says d3cold, List<Consumer<DeviceUnderTest>> variants) {}

    private static Row row(
            String source, Says d3hot, Says d3cold, List<Consumer<DeviceUnderTest>> variants) {
        return new Row(source, d3hot, d3cold, variants);
    }

    private static final List<Row> TABLE =
            List.of(
                    row(
                            "user ioctl (any result), user pread/pwrite n>0 of a valid region",
                            Says.SIGNAL,
                            Says.SIGNAL,
                            List.of(
                                    DeviceUnderTest::touch,
                                    d -> d.exit(),
                                    d -> d.writePmcsr(PciPowerState.D0))),
                    row(
                            "ioeventfd, INTx-unmask eventfd",
                            Says.NO,
                            Says.NO,
                            List.of(
                                    d -> d.power.ioeventfdKick(() -> fail()),
                                    d -> d.power.intxUnmaskKick(() -> fail()))),
                    row(
                            "sysfs config, /proc/bus/pci read (lspci), current_link_speed/width",
                            Says.NO,
                            Says.SIGNAL,
                            List.of(d -> d.power.host().configAccess().close())),
                    row(
                            "sysfs power_state, power/*, d3cold_allowed read",
                            Says.NO,
                            Says.NO,
                            List.of(
                                    d -> d.power.powerState(),
                                    d -> d.power.runtimeStatus(),
                                    d -> d.power.usage(),
                                    d -> d.power.activeTime(),
                                    d -> d.power.suspendedTime(),
                                    d -> d.power.host().isControlOn(),
                                    d -> d.power.host().isD3coldAllowed(),
                                    d -> d.power.host().controlAuto())),
                    row(
                            "write power/control=on; write d3cold_allowed (any value); write"
                                    + " reset; sriov_numvfs",
                            Says.SIGNAL,
                            Says.SIGNAL,
                            List.of(
                                    d -> d.power.host().controlOn(),
                                    d -> d.power.host().writeD3coldAllowed(false),
                                    d -> d.power.host().writeD3coldAllowed(true),
                                    d -> d.power.host().reset(),
                                    d -> d.power.host().enableVfs(2),
                                    d -> d.power.host().disableVfs())),
                    row(
                            "driver unbind (also fires REQ eventfd), hot reset of a bus sibling",
                            Says.SIGNAL,
                            Says.SIGNAL,
                            List.of(
                                    d -> {
                                        d.power.host().unbind();
                                        assertThat(d.actions.count("REQ")).isEqualTo(1);
                                    },
                                    d ->
                                            DevicePower.hotReset(
                                                    List.of(
                                                            DeviceUnderTest.open(D3HOT).power,
                                                            d.power)))),
                    row(
                            "system s2idle device phase (direct-complete)",
                            Says.NO,
                            Says.NO,
                            List.of(d -> d.power.host().systemSleep(SystemSleep.S2IDLE))),
                    row(
                            "S3/hibernate, firmware leaving device powered: resume requested on"
                                    + " the way back",
                            Says.MAY,
                            Says.MAY,
                            List.of(d -> d.power.host().systemSleep(SystemSleep.S3))),
                    row(
                            "PME from the device (PCI core queues a resume)",
                            Says.SIGNAL,
                            Says.SIGNAL,
                            List.of(
                                    d -> assertThat(d.power.wakeEvent()).isTrue(),
                                    d -> d.power.host().requestResume())));

    private static void fail() {
        throw new AssertionError("carried out on a sleeping device");
    }

    static Stream<Arguments> cells() {
        List<Arguments> cells = new ArrayList<>();
        for (Row row : TABLE) {
            for (int i = 0; i < row.variants().size(); i++) {
                String name = row.source() + " #" + (i + 1);
                Consumer<DeviceUnderTest> source = row.variants().get(i);
                cells.add(argumentSet(name + " / D3hot", source, D3HOT, row.d3hot() != Says.NO));
                cells.add(argumentSet(name + " / D3cold", source, D3COLD, row.d3cold() != Says.NO));
            }
        }
        return cells.stream();
    }

    @ParameterizedTest(name = "{argumentSetName}")
    @MethodSource("cells")
    void shouldSignalOrNot(Consumer<DeviceUnderTest> source, PowerConfig config, boolean signals) {
        DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, config);
        assertThat(device.power.powerState())
                .isEqualTo(config.platformD3cold() ? PciPowerState.D3COLD : PciPowerState.D3HOT);

        source.accept(device);
        device.queue.drain();

        assertThat(device.oldWakeup.signals).hasValue(signals ? 1 : 0);
        assertThat(device.oldWakeup.drops).hasValue(0);
        assertThat(device.power.contractState())
                .isEqualTo(signals ? ContractState.OFF : ContractState.W_S);
        assertThat(device.power.runtimeStatus()).isEqualTo(signals ? "active" : "suspended");
        assertThat(device.power.state().inFlight()).isZero();
    }
}
