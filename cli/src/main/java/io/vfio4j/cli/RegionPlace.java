/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.VfioPci;

import java.util.Optional;

/**
 * What {@code read} and {@code write} are about: one register.
 *
 * @param region the region's index
 * @param offset bytes from its start
 * @param width 1, 2, 4 or 8 bytes
 */
record RegionPlace(int region, long offset, int width) {
    /**
     * Reads the operands.
     *
     * @throws UsageException if there is no such place
     */
    static RegionPlace of(String region, String offset, Optional<String> width) {
        return new RegionPlace(
                region(region), number(offset, "OFFSET"), width.map(RegionPlace::width).orElse(4));
    }

    private static int region(String text) {
        if (text.equals("config")) {
            return VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
        }
        if (text.matches("bar[0-5]")) {
            return text.charAt(3) - '0';
        }
        throw new UsageException("REGION is bar0 to bar5 or config, not \"%s\"".formatted(text));
    }

    private static int width(String text) {
        if (text.matches("[1248]")) {
            return text.charAt(0) - '0';
        }
        throw new UsageException("--width is 1, 2, 4 or 8 bytes, not \"%s\"".formatted(text));
    }

    /** A number as C writes it: decimal, or hexadecimal after 0x; up to 64 bits. */
    static long number(String text, String name) {
        try {
            return text.startsWith("0x")
                    ? Long.parseUnsignedLong(text.substring(2), 16)
                    : Long.parseLong(text);
        } catch (NumberFormatException bad) {
            throw new UsageException(
                    "%s is a number like 12 or 0x0c, not \"%s\"".formatted(name, text));
        }
    }

    /** Before it is accessed, so that the answer is in the user's own words. */
    private void check(VfioDevice device) {
        long size = device.region(region).size();
        if (size == 0) {
            throw new CommandException("the device has no " + name());
        }
        if (Long.compareUnsigned(offset, size) >= 0 || size - offset < width) {
            throw new CommandException(
                    "%s has 0x%x bytes: there are no %d at 0x%x"
                            .formatted(name(), size, width, offset));
        }
    }

    private String name() {
        return region == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX ? "config" : "bar" + region;
    }

    /** Reads it, zero-extended. */
    long read(VfioDevice device) {
        check(device);
        return switch (width) {
            case 1 -> device.readByte(region, offset) & 0xffL;
            case 2 -> device.readShort(region, offset) & 0xffffL;
            case 4 -> device.readInt(region, offset) & 0xffff_ffffL;
            default -> device.readLong(region, offset);
        };
    }

    /** Writes the low bytes of a value. */
    void write(VfioDevice device, long value) {
        check(device);
        switch (width) {
            case 1 -> device.writeByte(region, offset, (byte) value);
            case 2 -> device.writeShort(region, offset, (short) value);
            case 4 -> device.writeInt(region, offset, (int) value);
            default -> device.writeLong(region, offset, value);
        }
    }

    /** A value as people read it: hexadecimal, as wide as the place. */
    String text(long value) {
        return "0x%%0%dx".formatted(2 * width).formatted(value);
    }
}
