/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.PciCapability;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.uapi.PciRegs;

import java.util.ArrayList;
import java.util.List;

/** What a PCI capability says, in words. */
final class CapabilityText {
    /** Registers of any capability that is described here, bytes. */
    private static final int READ = 12;

    private CapabilityText() {}

    /** A few words; empty for a capability that has none here, or that does not fit its space. */
    static String of(PciCapability capability, PciConfig config) {
        if (capability.extended() || capability.offset() > config.size() - READ) {
            return "";
        }
        return switch (capability.id()) {
            case PciRegs.PCI_CAP_ID_PM -> power(capability.offset(), config);
            case PciRegs.PCI_CAP_ID_MSI -> msi(capability.offset(), config);
            case PciRegs.PCI_CAP_ID_MSIX -> msix(capability.offset(), config);
            case PciRegs.PCI_CAP_ID_EXP -> express(capability.offset(), config);
            default -> "";
        };
    }

    private static String power(int offset, PciConfig config) {
        PciPowerManagement power =
                new PciPowerManagement(
                        offset,
                        config.readShort(offset + PciRegs.PCI_PM_PMC),
                        config.readShort(offset + PciRegs.PCI_PM_CTRL));
        List<String> states = new ArrayList<>(List.of("D0"));
        if (power.d1()) {
            states.add("D1");
        }
        if (power.d2()) {
            states.add("D2");
        }
        states.add("D3hot");
        return "version %d, %s, now %s, %s in D3hot%s%s"
                .formatted(
                        power.version(),
                        String.join(" ", states),
                        power.state(),
                        power.noSoftReset() ? "keeps its registers" : "loses its registers",
                        power.immediateReadiness() ? ", at once ready in D0" : "",
                        power.pmeFrom().isEmpty() ? "" : pme(power));
    }

    private static String pme(PciPowerManagement power) {
        return ", PME from %s%s%s%s"
                .formatted(
                        String.join(" ", power.pmeFrom()),
                        power.auxCurrent() > 0
                                ? " with %d mA of auxiliary power".formatted(power.auxCurrent())
                                : "",
                        power.pmeEnabled() ? ", enabled" : "",
                        power.pmeStatus() ? ", signalled" : "");
    }

    private static String msi(int offset, PciConfig config) {
        int flags = config.readShort(offset + PciRegs.PCI_MSI_FLAGS);
        int vectors = 1 << ((flags & PciRegs.PCI_MSI_FLAGS_QMASK) >>> 1);
        return "%s, %s%s"
                .formatted(
                        vectors(vectors),
                        (flags & PciRegs.PCI_MSI_FLAGS_64BIT) != 0 ? "64 bits" : "32 bits",
                        (flags & PciRegs.PCI_MSI_FLAGS_ENABLE) != 0 ? ", enabled" : "");
    }

    private static String msix(int offset, PciConfig config) {
        int flags = config.readShort(offset + PciRegs.PCI_MSIX_FLAGS);
        int table = config.readInt(offset + PciRegs.PCI_MSIX_TABLE);
        int pending = config.readInt(offset + PciRegs.PCI_MSIX_PBA);
        return "%s, table BAR%d+0x%x, pending bits BAR%d+0x%x%s"
                .formatted(
                        vectors((flags & PciRegs.PCI_MSIX_FLAGS_QSIZE) + 1),
                        table & PciRegs.PCI_MSIX_TABLE_BIR,
                        table & PciRegs.PCI_MSIX_TABLE_OFFSET,
                        pending & PciRegs.PCI_MSIX_PBA_BIR,
                        pending & PciRegs.PCI_MSIX_PBA_OFFSET,
                        (flags & PciRegs.PCI_MSIX_FLAGS_ENABLE) != 0 ? ", enabled" : "");
    }

    private static String vectors(int count) {
        return count == 1 ? "1 vector" : count + " vectors";
    }

    private static String express(int offset, PciConfig config) {
        int flags = config.readShort(offset + PciRegs.PCI_EXP_FLAGS);
        int type = (flags & PciRegs.PCI_EXP_FLAGS_TYPE) >>> 4;
        String name =
                switch (type) {
                    case PciRegs.PCI_EXP_TYPE_ENDPOINT -> "endpoint";
                    case PciRegs.PCI_EXP_TYPE_LEG_END -> "legacy endpoint";
                    case PciRegs.PCI_EXP_TYPE_RC_END -> "root complex integrated endpoint";
                    default -> "type %d".formatted(type);
                };
        return "version %d, %s".formatted(flags & PciRegs.PCI_EXP_FLAGS_VERS, name);
    }
}
