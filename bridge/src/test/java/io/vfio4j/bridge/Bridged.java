/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.server.DeviceService;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.awaitility.core.ConditionFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A hosted device, a bridge to it, and a client of the bridge. */
final class Bridged implements AutoCloseable {
    static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;

    /** Longer than anything takes that comes at all, on a slow machine. */
    static final Duration SOON = Duration.ofSeconds(10);

    /** How long a client may keep a device that the host wants. */
    static final Duration RELEASE = Duration.ofMillis(300);

    final BridgedDevice bridge;
    HostedDevice behind;
    private final UnaryOperator<PowerManagement> power;
    private final Path folder;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();
    private final VfioUserServer serverBehind = new VfioUserServer();
    private DeviceService serviceBehind;

    Bridged(PciDevice model, BridgeOptions options) {
        this(model, options, UnaryOperator.identity());
    }

    Bridged(PciDevice model, Wanted wanted) {
        this(model, wanted.options());
    }

    Bridged(PciDevice model, BridgeOptions options, UnaryOperator<PowerManagement> power) {
        this.power = power;
        try {
            folder = Files.createTempDirectory("vfio4j-bridge-test");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        behind = hosted(model);
        serviceBehind = serverBehind.serve(target().socket(), behind);
        try {
            bridge = BridgedDevice.of(target(), options, events, new SharedWindows(), RELEASE);
        } catch (RuntimeException refused) {
            close();
            throw refused;
        }
        server.serve(socket(), bridge);
    }

    private HostedDevice hosted(PciDevice model) {
        return new HostedDevice(model, HostOptions.system(events).withPower(power));
    }

    /** The device, past the bridge. */
    Target.VfioUser target() {
        return new Target.VfioUser(folder.resolve("behind.sock"));
    }

    /** A second bridge to the same device, served to nobody. */
    BridgedDevice another(Wanted wanted) {
        return BridgedDevice.of(target(), wanted.options(), events, new SharedWindows());
    }

    /** The bridge ends, the device behind stays. */
    void end() {
        server.close();
    }

    /** The device behind goes away, with its server. */
    void unplug() {
        serviceBehind.close();
    }

    /** Another one is there in its place. */
    void plug(PciDevice model) {
        behind = hosted(model);
        serviceBehind = serverBehind.serve(target().socket(), behind);
    }

    Path socket() {
        return folder.resolve("bridge.sock");
    }

    VfioDevice open() {
        return VfioDevice.open(new Target.VfioUser(socket()));
    }

    HostSide host() {
        return HostSide.connect(folder.resolve("bridge.sock.ctl"));
    }

    // ---- what the host sees of the bridge ----

    private String read(HostAttribute attribute) {
        try (HostSide host = host()) {
            return host.read(attribute);
        }
    }

    /** Where it is, as {@code bridge/state} has it. */
    String state() {
        return read(HostAttribute.BRIDGE_STATE);
    }

    /** Waits for what can be seen. */
    static ConditionFactory soon() {
        return await().atMost(SOON).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
    }

    void awaitState(String state) {
        soon().untilAsserted(() -> assertThat(state()).isEqualTo(state));
    }

    /** What has happened so far, as {@code bridge/wakes} has it. */
    String wakes() {
        return read(HostAttribute.BRIDGE_WAKES);
    }

    /** Why it is held awake, as {@code bridge/locked} has it. */
    String locked() {
        return read(HostAttribute.BRIDGE_LOCKED);
    }

    /** What the operator does about that. */
    void lock(boolean on) {
        try (HostSide host = host()) {
            host.write(HostAttribute.BRIDGE_LOCKED, on ? "1" : "0");
        }
    }

    // ---- what is behind, past everything ----

    boolean sleeps() {
        return behind.power().runtimeStatus().equals("suspended");
    }

    /** Waits until the device is asleep, and the bridge knows. */
    void awaitAsleep() {
        awaitState("asleep");
        soon().untilAsserted(() -> assertThat(sleeps()).isTrue());
    }

    /** Waits until nobody has the device open any more. */
    void awaitClosed() {
        soon().until(() -> !behind.power().state().contract().open());
    }

    static PciPowerManagement pm(VfioDevice device) {
        return PciConfig.of(device).powerManagement().orElseThrow();
    }

    /** As a guest writes it: the state, and nothing else of the low byte. */
    static void write(VfioDevice device, PciPowerManagement pm, PciPowerState state) {
        device.writeByte(CONFIG, pm.offset() + PciRegs.PCI_PM_CTRL, (byte) state.pmcsrBits());
    }

    @Override
    public void close() {
        server.close();
        serverBehind.close();
        events.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(f -> f.delete());
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
