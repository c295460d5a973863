/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.util.List;

/** Reads and writes of regions: what they refuse, and in which order (spec B5). */
final class RegionAccesses {
    private RegionAccesses() {}

    static List<Case> cases() {
        return List.of(
                region("config-end", "config space past its end", RegionAccesses::configEnd),
                region("bar-end", "a BAR past its end", RegionAccesses::barEnd)
                        .needing(Need.MEMORY_BAR),
                region("absent", "a BAR that does not exist", RegionAccesses::absent)
                        .needing(Need.ABSENT_BAR),
                region("rom-write", "a write of the ROM", RegionAccesses::romWrite)
                        .needing(Need.ROM),
                region("vga", "VGA of a device without", RegionAccesses::vga),
                region("memory-off", "a BAR whose memory is disabled", RegionAccesses::memoryOff)
                        .needing(Need.MEMORY_BAR),
                region(
                                "memory-off-asleep",
                                "a BAR whose memory is disabled, asleep",
                                RegionAccesses::memoryOffAsleep)
                        .needing(Need.MEMORY_BAR),
                region("msix-table", "the MSI-X table", RegionAccesses::msixTable)
                        .needing(Need.MSIX_TABLE),
                region("D3cold", "a BAR, the device being in D3cold", RegionAccesses::barInD3cold)
                        .needing(Need.MEMORY_BAR, Need.D3COLD));
    }

    private static Case region(String id, String title, Case.Body body) {
        return Case.of("B5." + id, title, "spec B5", body);
    }

    private static void configEnd(Trial t) {
        int size = t.facts().configSize();
        t.does("the last byte", "0", () -> t.device().readByte(Acts.CONFIG, size - 1));
        t.does("the next byte", "EFAULT", () -> t.device().readByte(Acts.CONFIG, size));
        t.does("a write of it", "EFAULT", () -> t.device().writeByte(Acts.CONFIG, size, (byte) 0));
    }

    private static void barEnd(Trial t) {
        int bar = t.facts().memoryBar().orElseThrow().region();
        long size = t.facts().region(bar).orElseThrow().size();
        t.does("a read", "EINVAL", () -> t.device().readInt(bar, size));
        t.does("a write", "EINVAL", () -> t.device().writeInt(bar, size, 0));
    }

    private static void absent(Trial t) {
        int bar = t.facts().absentBar().orElseThrow();
        t.does("a read", "EINVAL", () -> t.device().readInt(bar, 0));
        t.does("a write", "EINVAL", () -> t.device().writeInt(bar, 0, 0));
    }

    private static void romWrite(Trial t) {
        int rom = VfioPci.VFIO_PCI_ROM_REGION_INDEX;
        t.does("a write", "EINVAL", () -> t.device().writeInt(rom, 0, 0));
    }

    private static void vga(Trial t) {
        int vga = VfioPci.VFIO_PCI_VGA_REGION_INDEX;
        t.does("a read", "EINVAL", () -> t.device().readByte(vga, 0x3c0));
    }

    private static void memoryOff(Trial t) {
        Spot spot = t.facts().memoryBar().orElseThrow();
        Mappings.memory(t, false);
        t.does("a read", "EIO", () -> Acts.read(t.device(), spot));
        t.does("a write", "EIO", () -> t.device().writeInt(spot.region(), spot.offset(), 0));
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        Mappings.memory(t, true);
        t.does("a read", "0", () -> Acts.read(t.device(), spot));
    }

    private static void memoryOffAsleep(Trial t) {
        Spot spot = t.facts().memoryBar().orElseThrow();
        Mappings.memory(t, false);
        t.bring(State.N_S);
        t.does("a read", "EIO", () -> Acts.read(t.device(), spot));
        t.woke();
        t.does(
                "COMMAND",
                "0",
                () -> {
                    int command = t.device().readShort(Acts.CONFIG, PciRegs.PCI_COMMAND);
                    t.expect("memory is off", (command & PciRegs.PCI_COMMAND_MEMORY) == 0);
                });
        After.N.see(t);
    }

    /** The kernel owns the real table and shows ones; a device host is the hardware itself. */
    private static void msixTable(Trial t) {
        Spot table = t.facts().msixTable().orElseThrow();
        int written = 0x1234_5670;
        t.does("a write", "0", () -> t.device().writeInt(table.region(), table.offset(), written));
        int read = t.device().readInt(table.region(), table.offset());
        String seen = read == -1 ? "all ones" : read == written ? "as written" : "something else";
        t.expect(t.facts().vfioPci() ? "all ones" : "as written", seen);
    }

    private static void barInD3cold(Trial t) {
        t.sleepInD3cold();
        Spot spot = t.facts().memoryBar().orElseThrow();
        t.bring(State.N_S);
        t.does("a read", "0", () -> Acts.read(t.device(), spot));
        t.woke();
        After.N.see(t);
    }
}
