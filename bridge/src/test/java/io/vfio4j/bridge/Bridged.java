/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDevice;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A hosted device, a bridge to it, and a client of the bridge. */
final class Bridged implements AutoCloseable {
    static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;

    final HostedDevice behind;
    final BridgedDevice bridge;
    private final Path folder;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();

    Bridged(PciDevice model, BridgeOptions options) {
        try {
            folder = Files.createTempDirectory("vfio4j-bridge-test");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        behind = new HostedDevice(model, HostOptions.system(events));
        server.serve(folder.resolve("behind.sock"), behind);
        bridge =
                BridgedDevice.of(
                        new Target.VfioUser(folder.resolve("behind.sock")),
                        options,
                        events,
                        new SharedWindows());
        server.serve(socket(), bridge);
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
        events.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(f -> f.delete());
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
