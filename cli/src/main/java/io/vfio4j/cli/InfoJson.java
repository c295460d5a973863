/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.IrqInfo;
import io.vfio4j.client.PciCapability;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.RegionInfo;

import tools.jackson.core.JsonGenerator;

/** {@code info --json}. */
final class InfoJson {
    private final DeviceFacts facts;

    InfoJson(DeviceFacts facts) {
        this.facts = facts;
    }

    void write(JsonGenerator json) {
        json.writeStringProperty("target", facts.target().toString());
        json.writeBooleanProperty("pci", facts.info().pci());
        json.writeBooleanProperty("resettable", facts.info().resettable());
        facts.place().ifPresent(place -> place.write(json));
        facts.before()
                .ifPresent(host -> {
                    json.writeObjectPropertyStart("power_before");
                    host.write(json);
                    json.writeEndObject();
                });
        facts.config().ifPresent(config -> config(json, config));
        json.writeArrayPropertyStart("regions");
        facts.regions().forEach(region -> region(json, region));
        json.writeEndArray();
        json.writeArrayPropertyStart("interrupts");
        facts.irqs().forEach(irq -> irq(json, irq));
        json.writeEndArray();
        json.writeObjectPropertyStart("features");
        facts.features()
                .forEach((feature, there) -> json.writeBooleanProperty(feature.name(), there));
        json.writeEndObject();
    }

    private static void config(JsonGenerator json, PciConfig config) {
        hex(json, "vendor", config.vendorId(), 4);
        hex(json, "device", config.deviceId(), 4);
        hex(json, "class", config.classCode(), 6);
        hex(json, "revision", config.revision(), 2);
        hex(json, "subsystem_vendor", config.subsystemVendorId(), 4);
        hex(json, "subsystem_device", config.subsystemId(), 4);
        json.writeArrayPropertyStart("capabilities");
        for (PciCapability capability : config.capabilities()) {
            json.writeStartObject();
            json.writeNumberProperty("id", capability.id());
            json.writeNumberProperty("offset", capability.offset());
            json.writeBooleanProperty("extended", capability.extended());
            json.writeStringProperty("name", capability.name());
            json.writeStringProperty("says", CapabilityText.of(capability, config));
            json.writeEndObject();
        }
        json.writeEndArray();
        config.powerManagement()
                .ifPresent(power -> json.writeStringProperty("pmcsr", power.state()));
    }

    /** As sysfs has them. */
    private static void hex(JsonGenerator json, String name, int value, int digits) {
        json.writeStringProperty(name, ("0x%0" + digits + "x").formatted(value));
    }

    private static void region(JsonGenerator json, RegionInfo region) {
        json.writeStartObject();
        json.writeNumberProperty("index", region.index());
        json.writeStringProperty("name", DeviceFacts.regionName(region.index()));
        json.writeNumberProperty("size", region.size());
        json.writeBooleanProperty("read", region.readable());
        json.writeBooleanProperty("write", region.writable());
        json.writeArrayPropertyStart("mappable");
        for (RegionInfo.MappableArea area : region.mappable()) {
            json.writeStartObject();
            json.writeNumberProperty("offset", area.offset());
            json.writeNumberProperty("size", area.size());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("capabilities");
        region.capabilities().forEach(capability -> json.writeString(capability.name()));
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void irq(JsonGenerator json, IrqInfo irq) {
        json.writeStartObject();
        json.writeNumberProperty("index", irq.index());
        json.writeStringProperty("name", DeviceFacts.irqName(irq.index()));
        json.writeNumberProperty("count", irq.count());
        json.writeArrayPropertyStart("flags");
        InfoText.flags(irq).forEach(json::writeString);
        json.writeEndArray();
        json.writeEndObject();
    }
}
