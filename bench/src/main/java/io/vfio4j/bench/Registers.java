/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.MappedBar;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.VfioDevice;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A device's registers, by mappings where there are any. Not thread-safe. */
final class Registers implements AutoCloseable {
    private final VfioDevice device;
    private final Map<Integer, Optional<MappedBar>> bars = new HashMap<>();

    Registers(VfioDevice device) {
        this.device = device;
    }

    /** The mapping of four bytes, if they can be mapped. */
    Optional<MappedBar> mapping(int region, long offset) {
        return bars.computeIfAbsent(region, this::map)
                .filter(bar ->
                        bar.areas().stream()
                                .anyMatch(area ->
                                        offset >= area.offset()
                                                && offset + Integer.BYTES
                                                        <= area.offset() + area.size()));
    }

    private Optional<MappedBar> map(int region) {
        RegionInfo info = device.region(region);
        return info.mappable().isEmpty() ? Optional.empty() : Optional.of(device.map(region));
    }

    int get(int region, long offset) {
        Optional<MappedBar> bar = mapping(region, offset);
        return bar.isPresent() ? bar.get().getInt(offset) : device.readInt(region, offset);
    }

    void put(int region, long offset, int value) {
        Optional<MappedBar> bar = mapping(region, offset);
        if (bar.isPresent()) {
            bar.get().putInt(offset, value);
        } else {
            device.writeInt(region, offset, value);
        }
    }

    @Override
    public void close() {
        bars.values().forEach(bar -> bar.ifPresent(MappedBar::close));
        bars.clear();
    }
}
