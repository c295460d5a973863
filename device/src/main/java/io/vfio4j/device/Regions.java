/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.MappingView;
import io.vfio4j.uapi.VfioPci;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/** The regions of a function, and the memory of its BARs. */
final class Regions implements AutoCloseable {
    private final Region[] regions = new Region[VfioPci.VFIO_PCI_NUM_REGIONS];

    /**
     * What a description asks for.
     *
     * @param model answers for registers
     * @param table answers in the BAR of MSI-X
     * @throws io.vfio4j.linux.LinuxException ENOMEM if there is no memory for a BAR
     */
    Regions(PciDevice model, PciDescription description, ConfigSpace config, MsixTable table) {
        Arrays.fill(regions, AbsentRegion.ABSENT);
        regions[VfioPci.VFIO_PCI_CONFIG_REGION_INDEX] = config;
        try {
            description.bars().forEach(bar -> regions[bar.index()] = behind(bar, model, table));
        } catch (RuntimeException | Error noMemory) {
            close();
            throw noMemory;
        }
    }

    private static Region behind(BarDescription bar, PciDevice model, MsixTable table) {
        return switch (bar.backing()) {
            case REGISTERS -> new RegisterRegion(model, bar);
            case MEMORY -> new PlainMemory(bar.size());
            case MSIX -> table;
            case MAPPABLE -> new MappableMemory("vfio4j-bar" + bar.index(), bar.size());
        };
    }

    /** The region of an index, 0 to 8. */
    Region get(int index) {
        return regions[index];
    }

    /**
     * The memory behind a BAR.
     *
     * @throws IllegalArgumentException if there is none
     */
    BarMemory memory(int bar) {
        if (bar >= 0 && bar < regions.length && regions[bar] instanceof BarMemory memory) {
            return memory;
        }
        throw new IllegalArgumentException("BAR %d is not memory".formatted(bar));
    }

    /** What clients see from now on where they have mapped a BAR. */
    void show(MappingView view) {
        forEachMappable(memory -> memory.show(view));
    }

    /** The client is gone: what it has mapped faults for good. */
    void renew() {
        forEachMappable(MappableMemory::renew);
    }

    /** One that fails keeps none of the others from it. */
    private void forEachMappable(Consumer<MappableMemory> what) {
        Optional<RuntimeException> failed = Optional.empty();
        for (Region region : regions) {
            if (region instanceof MappableMemory memory) {
                try {
                    what.accept(memory);
                } catch (RuntimeException e) {
                    failed = Optional.of(e);
                }
            }
        }
        if (failed.isPresent()) {
            throw failed.get();
        }
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        for (Region region : regions) {
            if (region instanceof PlainMemory memory) {
                memory.close();
            } else if (region instanceof MappableMemory memory) {
                memory.close();
            }
        }
    }
}
