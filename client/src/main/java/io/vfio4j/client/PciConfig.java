/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A PCI device's configuration space, read and decoded. Each method reads what it needs when it is
 * called: of a {@link VfioDevice} by requests, which wake a sleeping device, of bytes without.
 *
 * <p>Threads: any. Failures are those of the reads. What is read is not trusted: a capability list
 * that runs in a circle, or out of the space, ends there.
 */
public final class PciConfig {
    private static final int ABSENT = 0xffff;
    private static final int CAP_FIRST = 0x40;

    private final int size;
    private final Source source;

    private PciConfig(int size, Source source) {
        this.size = size;
        this.source = source;
    }

    /** Reads one, two or four bytes, little-endian, unsigned but for four. */
    @FunctionalInterface
    private interface Source {
        int read(int offset, int width);
    }

    /**
     * The configuration space of a device, read live.
     *
     * @throws VfioException as {@link VfioDevice#region}
     */
    public static PciConfig of(VfioDevice device) {
        int region = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
        long size = Math.min(device.region(region).size(), PciRegs.PCI_CFG_SPACE_EXP_SIZE);
        return new PciConfig(
                (int) size,
                (offset, width) ->
                        switch (width) {
                            case 1 -> device.readByte(region, offset) & 0xff;
                            case 2 -> device.readShort(region, offset) & 0xffff;
                            default -> device.readInt(region, offset);
                        });
    }

    /** Configuration space that was read before, as by {@link HostSide#readConfig}. */
    public static PciConfig of(byte[] bytes) {
        byte[] copy = bytes.clone();
        return new PciConfig(
                copy.length,
                (offset, width) -> {
                    int value = 0;
                    for (int i = 0; i < width; i++) {
                        value |= (copy[offset + i] & 0xff) << (8 * i);
                    }
                    return value;
                });
    }

    /** Bytes there are: 256, or 4096 for PCI Express. */
    public int size() {
        return size;
    }

    /**
     * Reads one byte.
     *
     * @param offset 0 to {@link #size} - 1
     * @throws IndexOutOfBoundsException if there is no such byte; as for all reads here
     */
    public int readByte(int offset) {
        return read(offset, 1);
    }

    /** Reads two bytes, unsigned. */
    public int readShort(int offset) {
        return read(offset, 2);
    }

    /** Reads four bytes. */
    public int readInt(int offset) {
        return read(offset, 4);
    }

    /** The vendor, 0xffff if no device answers. */
    public int vendorId() {
        return readShort(PciRegs.PCI_VENDOR_ID);
    }

    /** The device. */
    public int deviceId() {
        return readShort(PciRegs.PCI_DEVICE_ID);
    }

    /** The command register. */
    public int command() {
        return readShort(PciRegs.PCI_COMMAND);
    }

    /** The status register. */
    public int status() {
        return readShort(PciRegs.PCI_STATUS);
    }

    /** The revision. */
    public int revision() {
        return readByte(PciRegs.PCI_REVISION_ID);
    }

    /** The class: base class, subclass and programming interface, 24 bits. */
    public int classCode() {
        return readInt(PciRegs.PCI_CLASS_REVISION) >>> 8;
    }

    /** The vendor of the board. */
    public int subsystemVendorId() {
        return readShort(PciRegs.PCI_SUBSYSTEM_VENDOR_ID);
    }

    /** The board. */
    public int subsystemId() {
        return readShort(PciRegs.PCI_SUBSYSTEM_ID);
    }

    /** The capabilities, in the order of their lists: the conventional ones, then the extended. */
    public List<PciCapability> capabilities() {
        List<PciCapability> found = new ArrayList<>();
        if (size < PciRegs.PCI_CFG_SPACE_SIZE || vendorId() == ABSENT) {
            return found;
        }
        BitSet seen = new BitSet();
        if ((status() & PciRegs.PCI_STATUS_CAP_LIST) != 0) {
            int offset = readByte(PciRegs.PCI_CAPABILITY_LIST) & ~3;
            while (offset >= CAP_FIRST && !seen.get(offset)) {
                seen.set(offset);
                int header = readShort(offset);
                if (header == ABSENT) {
                    break;
                }
                found.add(new PciCapability(header & 0xff, offset, false));
                offset = header >>> 8 & ~3;
            }
        }
        int offset = PciRegs.PCI_CFG_SPACE_SIZE;
        while (offset >= PciRegs.PCI_CFG_SPACE_SIZE && offset <= size - 4 && !seen.get(offset)) {
            seen.set(offset);
            int header = readInt(offset);
            if (header == 0 || header == -1) {
                break;
            }
            int id = header & 0xffff;
            // An empty list begins with an id of 0, and may still have a version.
            if (id != 0) {
                found.add(new PciCapability(id, offset, true));
            }
            offset = header >>> 20 & ~3;
        }
        return List.copyOf(found);
    }

    /** The first conventional capability with that id, {@code PCI_CAP_ID_*}. */
    public Optional<PciCapability> find(int id) {
        return capabilities().stream().filter(c -> !c.extended() && c.id() == id).findFirst();
    }

    /** The power management capability and its state now; empty if the device has none. */
    public Optional<PciPowerManagement> powerManagement() {
        return find(PciRegs.PCI_CAP_ID_PM)
                .filter(pm -> pm.offset() <= size - PciRegs.PCI_PM_SIZEOF)
                .map(pm ->
                        new PciPowerManagement(
                                pm.offset(),
                                readShort(pm.offset() + PciRegs.PCI_PM_PMC),
                                readShort(pm.offset() + PciRegs.PCI_PM_CTRL)));
    }

    private int read(int offset, int width) {
        java.util.Objects.checkFromIndexSize(offset, width, size);
        return source.read(offset, width);
    }
}
