/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.IrqInfo;
import io.vfio4j.client.PciCapability;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.VfioFeature;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** {@code info} for people. */
final class InfoText {
    private final DeviceFacts facts;
    private final List<String> lines = new ArrayList<>();

    InfoText(DeviceFacts facts) {
        this.facts = facts;
    }

    String text() {
        line(facts.target().toString());
        identity();
        facts.place().ifPresent(this::place);
        power();
        facts.before().filter(HostFacts::bridged).ifPresent(this::bridge);
        facts.config().ifPresent(this::capabilities);
        regions();
        interrupts();
        features();
        return String.join("\n", lines);
    }

    private void identity() {
        String kind =
                (facts.info().pci() ? "PCI" : "not PCI")
                        + (facts.info().resettable() ? ", can be reset" : "");
        facts.config()
                .ifPresentOrElse(
                        pci ->
                                line(
                                        ("  %04x:%04x, class %06x, revision %02x, subsystem %04x:%04x;"
                                                        + " %s")
                                                .formatted(
                                                        pci.vendorId(),
                                                        pci.deviceId(),
                                                        pci.classCode(),
                                                        pci.revision(),
                                                        pci.subsystemVendorId(),
                                                        pci.subsystemId(),
                                                        kind)),
                        () -> line("  %s".formatted(kind)));
    }

    private void place(PciPlace place) {
        line(
                "  driver %s, %s, opened by %s"
                        .formatted(place.driver(), place.groupText(), place.file()));
    }

    private void power() {
        title("power, before this command opened the device, which wakes it");
        facts.before()
                .ifPresentOrElse(
                        host ->
                                line(
                                        ("  %s, %s; usage %s, control %s, d3cold_allowed %s, has"
                                                        + " slept %s ms")
                                                .formatted(
                                                        host.get(HostAttribute.POWER_STATE),
                                                        host.get(
                                                                HostAttribute.POWER_RUNTIME_STATUS),
                                                        host.get(HostAttribute.POWER_RUNTIME_USAGE),
                                                        host.get(HostAttribute.POWER_CONTROL),
                                                        host.get(HostAttribute.D3COLD_ALLOWED),
                                                        host.get(
                                                                HostAttribute
                                                                        .POWER_RUNTIME_SUSPENDED_TIME))),
                        () -> line("  unknown: the device has no host side"));
    }

    private void bridge(HostFacts host) {
        title("bridge, before this command opened the device");
        line("  " + host.get(HostAttribute.BRIDGE_PROMISE));
        line(
                "  %s; guest's PMCSR %s; locked %s; client %s"
                        .formatted(
                                host.get(HostAttribute.BRIDGE_STATE),
                                host.get(HostAttribute.BRIDGE_PMCSR),
                                host.get(HostAttribute.BRIDGE_LOCKED),
                                host.get(HostAttribute.BRIDGE_CLIENT)));
        line("  so far: " + host.get(HostAttribute.BRIDGE_WAKES));
    }

    private void capabilities(PciConfig config) {
        title("capabilities");
        if (config.capabilities().isEmpty()) {
            line("  none");
        }
        for (PciCapability capability : config.capabilities()) {
            line(
                    "  0x%03x  %-24s %s"
                            .formatted(
                                    capability.offset(),
                                    capability.name(),
                                    CapabilityText.of(capability, config)));
        }
    }

    private void regions() {
        title("regions");
        for (RegionInfo region : facts.regions()) {
            if (region.size() > 0) {
                line(
                        "  %d  %-8s %10s  %s"
                                .formatted(
                                        region.index(),
                                        DeviceFacts.regionName(region.index()),
                                        size(region.size()),
                                        access(region)));
            }
        }
    }

    private static String access(RegionInfo region) {
        List<String> words = new ArrayList<>();
        if (region.readable()) {
            words.add("read");
        }
        if (region.writable()) {
            words.add("write");
        }
        for (RegionInfo.MappableArea area : region.mappable()) {
            words.add("map [0x%x, 0x%x)".formatted(area.offset(), area.offset() + area.size()));
        }
        if (!region.capabilities().isEmpty()) {
            words.add(
                    region.capabilities().stream()
                            .map(RegionInfo.RegionCapability::name)
                            .collect(Collectors.joining(" ", "capabilities ", "")));
        }
        return String.join(", ", words);
    }

    private void interrupts() {
        title("interrupts");
        for (IrqInfo irq : facts.irqs()) {
            if (irq.count() > 0) {
                line(
                        "  %d  %-8s %10d  %s"
                                .formatted(
                                        irq.index(),
                                        DeviceFacts.irqName(irq.index()),
                                        irq.count(),
                                        String.join(", ", flags(irq))));
            }
        }
    }

    static List<String> flags(IrqInfo irq) {
        List<String> flags = new ArrayList<>();
        if (irq.eventFd()) {
            flags.add("eventfd");
        }
        if (irq.maskable()) {
            flags.add("maskable");
        }
        if (irq.automasked()) {
            flags.add("automasked");
        }
        if (irq.noResize()) {
            flags.add("noresize");
        }
        return flags;
    }

    private void features() {
        title("features, by probes");
        facts.features()
                .forEach((feature, there) -> {
                    if (there) {
                        line("  %2d  %s".formatted(feature.number(), feature));
                    }
                });
        String missing =
                facts.features().entrySet().stream()
                        .filter(entry -> !entry.getValue())
                        .map(entry -> Integer.toString(entry.getKey().number()))
                        .collect(Collectors.joining(" "));
        if (!missing.isEmpty()) {
            line("  not: %s (of 0 to %d)".formatted(missing, VfioFeature.values().length - 1));
        }
    }

    private void title(String text) {
        lines.add("");
        lines.add(text);
    }

    private void line(String text) {
        lines.add(text.stripTrailing());
    }

    /** In the largest unit that divides it. */
    static String size(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        long size = bytes;
        int unit = 0;
        while (unit < units.length - 1 && size >= 1024 && size % 1024 == 0) {
            size /= 1024;
            unit++;
        }
        return size + " " + units[unit];
    }
}
