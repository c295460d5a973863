/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.HostWatch;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Attributes in a map, and a list of what was asked for, in order. */
final class StubHostSide implements HostSide {
    private final Map<HostAttribute, String> values = new EnumMap<>(HostAttribute.class);
    private final Set<HostAttribute> readOnly = EnumSet.noneOf(HostAttribute.class);
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

    StubHostSide with(HostAttribute attribute, String value) {
        values.put(attribute, value);
        return this;
    }

    /** As for a user who may read it only. */
    StubHostSide readOnly(HostAttribute attribute) {
        readOnly.add(attribute);
        return this;
    }

    String value(HostAttribute attribute) {
        return values.getOrDefault(attribute, "none");
    }

    /** What was asked since the last time. */
    List<String> asked() {
        List<String> all = List.copyOf(asked);
        asked.clear();
        return all;
    }

    @Override
    public String read(HostAttribute attribute) {
        asked.add("read " + attribute);
        String value = values.get(attribute);
        if (value == null) {
            throw new VfioException(Errno.ENOENT, "the device has no " + attribute);
        }
        return value;
    }

    @Override
    public void write(HostAttribute attribute, String value) {
        asked.add("write %s %s".formatted(attribute, value));
        if (readOnly.contains(attribute)) {
            throw new VfioException(
                    Errno.EACCES, "writing \"%s\" to %s needs root".formatted(value, attribute));
        }
        values.put(attribute, value);
    }

    @Override
    public byte[] readConfig(int offset, int length) {
        asked.add("read config %d %d".formatted(offset, length));
        return new byte[length];
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        asked.add("write config %d %s".formatted(offset, HexFormat.of().formatHex(bytes)));
    }

    @Override
    public HostWatch watch(Consumer<HostEvent> listener) {
        throw new VfioException(Errno.EOPNOTSUPP, "it cannot be watched");
    }

    @Override
    public void close() {
        asked.add("close");
    }
}
