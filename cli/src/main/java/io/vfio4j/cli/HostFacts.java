/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.HostAttribute;

import tools.jackson.core.JsonGenerator;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the host side said when it was asked.
 *
 * @param values in the order of the attributes; those that have no value just now are not in it
 */
record HostFacts(Map<HostAttribute, String> values) {
    /** What a bridge says of itself, in the order of interest. */
    static final List<HostAttribute> BRIDGE =
            List.of(
                    HostAttribute.BRIDGE_PROMISE,
                    HostAttribute.BRIDGE_STATE,
                    HostAttribute.BRIDGE_PMCSR,
                    HostAttribute.BRIDGE_LOCKED,
                    HostAttribute.BRIDGE_WAKES,
                    HostAttribute.BRIDGE_CLIENT);

    static HostFacts read(HostSide host, List<HostAttribute> attributes) {
        Map<HostAttribute, String> values = new LinkedHashMap<>();
        for (HostAttribute attribute : attributes) {
            try {
                values.put(attribute, host.read(attribute));
            } catch (VfioException absent) {
                if (!expected(attribute, absent.errno())) {
                    throw absent;
                }
            }
        }
        return new HostFacts(values);
    }

    /**
     * Sysfs has files that exist and say EIO, and lacks others on older kernels; a server may be
     * older than bridges are.
     */
    private static boolean expected(HostAttribute attribute, Errno errno) {
        return errno.equals(Errno.EIO)
                || errno.equals(Errno.ENOENT)
                || (attribute.ofBridge() && errno.equals(Errno.EINVAL));
    }

    /** Those and, if a bridge passes the device on, what it says of itself. */
    static HostFacts readAll(HostSide host, List<HostAttribute> attributes) {
        Map<HostAttribute, String> values = new LinkedHashMap<>();
        values.putAll(read(host, attributes).values());
        if (!read(host, List.of(HostAttribute.BRIDGE_PROMISE)).values().isEmpty()) {
            values.putAll(read(host, BRIDGE).values());
        }
        return new HostFacts(values);
    }

    /** Whether a bridge passes the device on. */
    boolean bridged() {
        return values.containsKey(HostAttribute.BRIDGE_PROMISE);
    }

    String get(HostAttribute attribute) {
        return values.getOrDefault(attribute, "unknown");
    }

    static String unit(HostAttribute attribute) {
        return attribute.sysfsName().endsWith("_time") ? " ms" : "";
    }

    /** As properties named like the attributes; numbers are numbers. */
    void write(JsonGenerator json) {
        values.forEach((attribute, value) -> {
            if (value.matches("[0-9]{1,18}")) {
                json.writeNumberProperty(attribute.sysfsName(), Long.parseLong(value));
            } else {
                json.writeStringProperty(attribute.sysfsName(), value);
            }
        });
    }
}
