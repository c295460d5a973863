/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A device that is passed on by the command, from the first line to the last. */
@Timeout(60)
class BridgeCommandTest {
    private static final byte D3HOT = 3;

    @TempDir Path folder;
    private final ServedEdu edu = new ServedEdu();
    private final List<Run.Running> running = new ArrayList<>();

    @AfterEach
    void stop() {
        running.forEach(command -> {
            command.stop().request();
            Run _ = command.end();
        });
        edu.close();
    }

    private Path socket() {
        return folder.resolve("b.sock");
    }

    private String target() {
        return "vfio-user:" + socket();
    }

    private String control() {
        return socket() + ".ctl";
    }

    /** Passes the edu device on, and waits until clients can connect. */
    private Run.Running bridge(String... options) {
        List<String> words =
                new ArrayList<>(List.of("bridge", edu.target(), "--socket", socket().toString()));
        words.addAll(List.of(options));
        return started(words);
    }

    private Run.Running started(List<String> words) {
        Run.Running command = Run.start(words.toArray(String[]::new));
        running.add(command);
        await().until(() -> command.printed().contains("listening") || command.code().isDone());
        assertThat(command.code()).as(command.printed()).isNotDone();
        return command;
    }

    @Test
    void shouldSayWhatItPassesOnBeforeClientsCanConnect() {
        Run.Running bridge = bridge();

        assertThat(bridge.printed().lines().toList())
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .isEqualTo(edu.target() + ": 1234:11e8, class 00ff00"),
                        line ->
                                assertThat(line)
                                        .startsWith("  promise   No_Soft_Reset=1 is shown")
                                        .contains("(--deep lets it go deeper)"),
                        line -> assertThat(line).startsWith("  sleep     when its guest asks"),
                        line -> assertThat(line).isEqualTo("  mapped    BAR2 [0x0, 0x10000)"),
                        line ->
                                assertThat(line)
                                        .isEqualTo("  messages  BAR0 (1 MiB), BAR4 (8 KiB)"),
                        line ->
                                assertThat(line)
                                        .startsWith("  QEMU      -object memory-backend-memfd,")
                                        .endsWith(
                                                ("'{\"driver\":\"vfio-user-pci\",\"socket\":"
                                                                + "{\"type\":\"unix\",\"path\":\"%s\"}}'")
                                                        .formatted(socket())),
                        line -> assertThat(line).isEqualTo("listening " + socket()));
    }

    @Test
    void shouldLeaveNoSocketAndTheHostAsItWas() {
        Run.Running bridge = bridge();
        assertThat(edu.host().d3coldAllowed()).isFalse();
        assertThat(Run.of("host", control(), "write", "bridge/locked", "1").code()).isZero();

        bridge.stop().request();

        assertThat(bridge.end().code()).isZero();
        assertThat(bridge.end().err()).isEmpty();
        assertThat(folder).isEmptyDirectory();
        assertThat(edu.host().d3coldAllowed()).isTrue();
        assertThat(edu.host().read(HostAttribute.POWER_CONTROL)).isEqualTo("auto");
    }

    @Test
    void shouldLetTheDeviceSleepForItsGuest() {
        Run.Running _ = bridge("--grace", "1ms");
        try (VfioDevice guest = VfioDevice.open(new Target.VfioUser(socket()));
                HostSide host = HostSide.connect(Path.of(control()))) {
            PciPowerManagement pm = PciConfig.of(guest).powerManagement().orElseThrow();
            assertThat(pm.noSoftReset()).isTrue();
            int pmcsr = pm.offset() + PciRegs.PCI_PM_CTRL;

            guest.writeByte(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, pmcsr, D3HOT);
            await().until(() -> edu.host().powerState().equals("D3hot"));

            assertThat(host.read(HostAttribute.BRIDGE_STATE)).isEqualTo("asleep");
            assertThat(host.read(HostAttribute.BRIDGE_CLIENT))
                    .startsWith(ProcessHandle.current().pid() + " ");
            assertThat(edu.host().powerState()).as("asked without a wake").isEqualTo("D3hot");
            guest.writeByte(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, pmcsr, (byte) 0);
            assertThat(edu.host().powerState()).isEqualTo("D0");
            assertThat(host.read(HostAttribute.BRIDGE_WAKES)).startsWith("entries 1 guest 1 ");
        }
    }

    @Test
    void shouldTellTheGuestThatItsContextIsLostIfTheHostMayGoDeeper() {
        Run.Running bridge = bridge("--deep", "--bars", "message", "--wake-timeout", "20s");

        assertThat(bridge.printed())
                .contains("No_Soft_Reset=0 is shown in place of the device's 1: --deep")
                .contains("  mapped    nothing (--bars message)")
                .contains("  messages  BAR0 (1 MiB), BAR2 (64 KiB), BAR4 (8 KiB)")
                .contains("\"x-msg-timeout\":21000}'");
        try (VfioDevice guest = VfioDevice.open(new Target.VfioUser(socket()))) {
            assertThat(PciConfig.of(guest).powerManagement().orElseThrow().noSoftReset()).isFalse();
            assertThat(guest.region(2).mappable()).isEmpty();
        }
        assertThat(edu.host().d3coldAllowed()).isTrue();
    }

    @Test
    void shouldSayHowElseTheDeviceCanBeLetSleep() {
        assertThat(bridge("--entry", "plain").printed())
                .contains("by low power without a wakeup")
                .doesNotContain("PME");
    }

    @Test
    void shouldPassSeveralDevicesOnInOneProcess() {
        try (ServedEdu other = new ServedEdu()) {
            Path another = folder.resolve("another.sock");
            Run.Running bridge =
                    started(
                            List.of(
                                    "bridge",
                                    edu.target(),
                                    other.target(),
                                    "--socket=" + socket(),
                                    "--socket=" + another));
            await().until(() -> bridge.printed().endsWith("listening " + another + "\n"));

            assertThat(bridge.printed()).contains("listening " + socket() + "\n");
            assertThat(Run.of("info", target()).code()).isZero();
            assertThat(Run.of("info", "vfio-user:" + another).code()).isZero();
            bridge.stop().request();
            assertThat(bridge.end().code()).isZero();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldNameSocketsAfterTheirDevices() {
        Run.Running bridge =
                started(List.of("bridge", edu.target(), "--sockets", folder.toString()));

        assertThat(bridge.printed())
                .endsWith("listening %s\n".formatted(folder.resolve("edu.sock")));
    }

    @Test
    void shouldTellProgramsTheSame() {
        List<JsonNode> lines =
                bridge("--json").printed().lines().map(new JsonMapper()::readTree).toList();

        assertThat(lines)
                .extracting(line -> line.get("event").asString())
                .containsExactly("found", "listening");
        JsonNode found = lines.getFirst();
        assertThat(found.get("vendor").asString()).isEqualTo("0x1234");
        assertThat(found.get("no_soft_reset").asBoolean()).isTrue();
        assertThat(found.get("can_sleep").asBoolean()).isTrue();
        assertThat(found.get("entry").asString()).isEqualTo("wakeup");
        assertThat(found.get("mapped").get(0).asString()).isEqualTo("BAR2 [0x0, 0x10000)");
        assertThat(found.get("qemu").get(5).asString()).contains("vfio-user-pci");
        assertThat(lines.getLast().get("host_side").asString()).isEqualTo(control());
    }

    @Test
    void shouldBeSeenByStatusAndInfo() {
        Run.Running _ = bridge();

        Run status = Run.of("power", "status", target());
        assertThat(status.lines())
                .anyMatch(line -> line.matches("bridge/promise +No_Soft_Reset=1 is shown, .*"))
                .anyMatch(line -> line.matches("bridge/state +closed"))
                .anyMatch(line -> line.matches("bridge/wakes +entries 0 .*"));
        JsonNode facts = Run.of("power", "status", target(), "--json").json();
        assertThat(facts.get("bridge/client").asString()).isEqualTo("none");
        Run info = Run.of("info", target());
        assertThat(info.out())
                .contains("\nbridge, before this command opened the device\n  No_Soft_Reset=1")
                .contains("  closed; guest's PMCSR D0 pme_enabled=0 pme_status=0; locked 0");
        await().until(() ->
                Run.of("host", control(), "read", "bridge/state").out().equals("closed\n"));
        JsonNode before = Run.of("info", target(), "--json").json().get("power_before");
        assertThat(before.get("bridge/state").asString()).isEqualTo("closed");
        assertThat(Run.of("power", "status", edu.target()).out()).doesNotContain("bridge/");
        assertThat(Run.of("info", edu.target()).out()).doesNotContain("bridge");
    }

    @Test
    void shouldBeWatched() {
        Run.Running _ = bridge();
        Run.Running watch = Run.start("power", "watch", target());
        running.add(watch);
        await().until(() -> watch.printed().matches("(?s).* bridge/state +closed\n.*"));

        VfioDevice.open(new Target.VfioUser(socket())).close();

        await().until(() ->
                watch.printed().matches("(?s).* bridge/state +awake\n.* bridge/state +closed\n.*"));
        assertThat(watch.printed()).contains("power_state");
    }

    @Test
    void shouldQuoteAnAwkwardPathForTheShell() {
        var qemu = new QemuOptions(Path.of("/tmp/it's \"here\""), java.time.Duration.ofSeconds(4));

        assertThat(qemu.shell()).endsWith("\"path\":\"/tmp/it'\\''s \\\"here\\\"\"}}'");
    }
}
