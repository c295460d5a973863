/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bridge.BridgedDevice;
import io.vfio4j.bridge.FirstLook;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.SysfsPci;
import io.vfio4j.client.Target;
import io.vfio4j.power.BridgePromise;
import io.vfio4j.power.SleepEntry;

import tools.jackson.core.JsonGenerator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What {@code bridge} says of one device before its first client. */
final class BridgeReport {
    private static final int PAGE = 4096;

    private final BridgePlace place;
    private final FirstLook look;
    private final BridgePromise promise;
    private final SleepEntry entry;
    private final QemuOptions qemu;
    private final Terminal terminal;
    private final boolean json;

    BridgeReport(BridgePlace place, BridgedDevice device, Terminal terminal, boolean json) {
        this.place = place;
        this.terminal = terminal;
        this.json = json;
        look = device.firstLook();
        promise = device.config().promise();
        entry = device.config().entry();
        qemu = new QemuOptions(place.socket(), place.options().wakeTimeout());
    }

    /** Says what the device was found to be. */
    void found() {
        if (json) {
            terminal.say(this::write);
            return;
        }
        terminal.say(
                "%s: %04x:%04x, class %06x%s"
                        .formatted(
                                place.target(),
                                look.vendor(),
                                look.device(),
                                look.classCode(),
                                pci().map(BridgeReport::seat).orElse("")));
        line("promise", promise.reason());
        line("sleep", sleep());
        line("mapped", mapped().isEmpty() ? nothing() : String.join(", ", mapped()));
        if (!served().isEmpty()) {
            line("messages", String.join(", ", served()));
        }
        line("QEMU", qemu.shell());
    }

    /** Says that clients can connect. */
    void listening() {
        if (json) {
            terminal.say(fields -> {
                fields.writeStringProperty("event", "listening");
                place(fields);
            });
        } else {
            terminal.say("listening " + place.socket());
        }
    }

    private void line(String title, String text) {
        terminal.say(String.format(Locale.ROOT, "  %-9s %s", title, text));
    }

    private Optional<SysfsPci> pci() {
        return place.target() instanceof Target.Pci(var address)
                ? Optional.of(SysfsPci.of(address))
                : Optional.empty();
    }

    private static String seat(SysfsPci pci) {
        String group =
                pci.iommuGroup().stream()
                        .mapToObj(number -> ", IOMMU group " + number)
                        .findFirst()
                        .orElse("");
        List<String> others = PciPlace.neighbours(pci);
        return ", driver %s%s%s"
                .formatted(
                        pci.driver().orElse("none"),
                        group,
                        others.isEmpty() ? "" : " with " + String.join(" and ", others));
    }

    private String sleep() {
        if (look.powerManagement().isEmpty()) {
            return "never: it has no power management registers, so its guest cannot ask for D3hot";
        }
        String by =
                switch (entry) {
                    case WAKEUP ->
                            "when its guest asks for D3hot, by low power with a wakeup: the guest"
                                    + " hears of wakes by others (PME)";
                    case PLAIN ->
                            "when its guest asks for D3hot, by low power without a wakeup: it falls"
                                    + " asleep again after a wake by others, of which nobody hears";
                    case PMCSR ->
                            "when its guest asks for D3hot, by PMCSR only, as VMMs do it: never"
                                    + " D3cold, and the port above it stays awake";
                };
        return entry == place.options().entry() ? by : by + " (" + fallback() + ")";
    }

    private String fallback() {
        return place.target() instanceof Target.Pci
                ? "this kernel has no low-power features: Linux 6.1 and newer have"
                : "it has no low-power features";
    }

    private List<String> mapped() {
        List<String> bars = new ArrayList<>();
        if (place.options().mappable()) {
            for (RegionInfo bar : look.bars()) {
                for (RegionInfo.MappableArea area : bar.mappable()) {
                    bars.add(
                            "%s [0x%x, 0x%x)"
                                    .formatted(
                                            DeviceFacts.regionName(bar.index()),
                                            area.offset(),
                                            area.offset() + area.size()));
                }
            }
        }
        return bars;
    }

    private String nothing() {
        return place.options().mappable() ? "nothing" : "nothing (--bars message)";
    }

    /** BARs of which nothing is mapped; why so, where it is plain. */
    private List<String> served() {
        List<String> bars = new ArrayList<>();
        for (RegionInfo bar : look.bars()) {
            if (!place.options().mappable() || bar.mappable().isEmpty()) {
                bars.add(
                        "%s (%s%s)"
                                .formatted(
                                        DeviceFacts.regionName(bar.index()),
                                        InfoText.size(bar.size()),
                                        bar.size() < PAGE ? ", less than a page" : ""));
            }
        }
        return bars;
    }

    private void write(JsonGenerator json) {
        json.writeStringProperty("event", "found");
        place(json);
        json.writeStringProperty("vendor", "0x%04x".formatted(look.vendor()));
        json.writeStringProperty("device", "0x%04x".formatted(look.device()));
        json.writeStringProperty("class", "0x%06x".formatted(look.classCode()));
        pci().ifPresent(pci -> {
            json.writeStringProperty("driver", pci.driver().orElse("none"));
            pci.iommuGroup().ifPresent(group -> json.writeNumberProperty("iommu_group", group));
        });
        json.writeBooleanProperty("no_soft_reset", promise.noSoftReset());
        json.writeBooleanProperty("deep", promise.deep());
        json.writeStringProperty("promise", promise.reason());
        json.writeBooleanProperty("can_sleep", look.powerManagement().isPresent());
        json.writeStringProperty("entry", entry.name().toLowerCase(Locale.ROOT));
        json.writeStringProperty("sleep", sleep());
        strings(json, "mapped", mapped());
        strings(json, "messages", served());
        strings(json, "qemu", qemu.words());
    }

    private void place(JsonGenerator json) {
        json.writeStringProperty("target", place.target().toString());
        json.writeStringProperty("socket", place.socket().toString());
        json.writeStringProperty("host_side", place.socket() + Arguments.CONTROL_SUFFIX);
    }

    private static void strings(JsonGenerator json, String name, List<String> values) {
        json.writeArrayPropertyStart(name);
        values.forEach(json::writeString);
        json.writeEndArray();
    }
}
