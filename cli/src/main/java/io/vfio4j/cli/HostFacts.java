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
    static HostFacts read(HostSide host, List<HostAttribute> attributes) {
        Map<HostAttribute, String> values = new LinkedHashMap<>();
        for (HostAttribute attribute : attributes) {
            try {
                values.put(attribute, host.read(attribute));
            } catch (VfioException absent) {
                // sysfs has files that exist and say EIO, and lacks others on older kernels.
                if (!absent.errno().equals(Errno.EIO) && !absent.errno().equals(Errno.ENOENT)) {
                    throw absent;
                }
            }
        }
        return new HostFacts(values);
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
