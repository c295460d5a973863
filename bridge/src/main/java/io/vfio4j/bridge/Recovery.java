/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;

/**
 * Sees that a device is back from low power: that it answers, that it is the same one, and that its
 * registers are as the guest left them. The kernel restores them (spec B3); what it did not is
 * written again, and said.
 */
final class Recovery {
    private static final System.Logger LOG = System.getLogger(Recovery.class.getName());
    private static final int REGION = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
    private static final int NOBODY = -1;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

    private final VfioDevice device;
    private final Sleeper sleeper;
    private final BridgedConfig config;
    private final Duration patience;
    private final String name;

    /** The PCI Express capability, whose control registers are the guest's too. */
    private final Optional<Integer> express;

    Recovery(
            VfioDevice device,
            Sleeper sleeper,
            BridgedConfig config,
            Optional<Integer> express,
            Duration patience,
            String name) {
        this.device = device;
        this.sleeper = sleeper;
        this.config = config;
        this.express = express;
        this.patience = patience;
        this.name = name;
    }

    /**
     * Waits until the device is back, no longer than a wake may take.
     *
     * @throws VfioException with ENODEV if it is not, with what the operator can do
     */
    void verify() {
        long deadline = System.nanoTime() + patience.toNanos();
        Optional<String> trouble = trouble();
        while (trouble.isPresent() && deadline - System.nanoTime() > 0) {
            pause();
            trouble = trouble();
        }
        if (trouble.isPresent()) {
            throw new VfioException(Errno.ENODEV, trouble.get());
        }
        // What the client writes meanwhile must not be taken for a change.
        sleeper.alone(this::restore);
    }

    private Optional<String> trouble() {
        int expected = config.remembered(0);
        int answer = device.readInt(REGION, 0);
        if (answer == NOBODY) {
            return Optional.of(
                    "it reads all ones: try a reset (write 1 to its reset attribute), then remove"
                            + " and rescan it; if it does so each time, keep it out of D3cold"
                            + " (d3cold_allowed 0) or serve it with --entry pmcsr");
        }
        if (answer != expected) {
            return Optional.of("it says that it is %08x, and was %08x".formatted(answer, expected));
        }
        return config.inD0()
                ? Optional.empty()
                : Optional.of(
                        "it answers, but stays in D3hot: try a reset (write 1 to its reset"
                                + " attribute)");
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_LOOKS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void restore() {
        restore(PciRegs.PCI_COMMAND);
        restore(PciRegs.PCI_CACHE_LINE_SIZE);
        express.ifPresent(at -> {
            restore(at + PciRegs.PCI_EXP_DEVCTL);
            restore(at + PciRegs.PCI_EXP_LNKCTL);
            restore(at + PciRegs.PCI_EXP_DEVCTL2);
        });
    }

    /** Two bytes that only software changes. */
    private void restore(int at) {
        if (at + Short.BYTES > Math.min(config.size(), PciRegs.PCI_CFG_SPACE_SIZE)) {
            return;
        }
        short before = config.copy().getShort(at);
        if (device.readShort(REGION, at) == before) {
            return;
        }
        device.writeShort(REGION, at, before);
        boolean restored = device.readShort(REGION, at) == before;
        LOG.log(
                restored ? Level.INFO : Level.WARNING,
                "{0}: the register at 0x{1} came back from low power changed and was {2}",
                name,
                Integer.toHexString(at),
                restored ? "restored" : "not to be restored: the guest's driver may not cope");
    }
}
