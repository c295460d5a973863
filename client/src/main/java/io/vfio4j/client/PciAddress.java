/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a PCI function sits, as sysfs writes it: {@code 0000:01:00.0}.
 *
 * @param domain 0 to 0xffffffff, written with at least four digits
 * @param bus 0 to 255
 * @param device 0 to 31
 * @param function 0 to 7
 */
public record PciAddress(long domain, int bus, int device, int function)
        implements Comparable<PciAddress> {
    private static final Pattern FORM =
            Pattern.compile("(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}):([01][0-9a-fA-F])\\.([0-7])");

    /** Refuses what is out of range. */
    public PciAddress {
        if (domain < 0
                || domain > 0xffffffffL
                || bus < 0
                || bus > 0xff
                || device < 0
                || device > 0x1f
                || function < 0
                || function > 7) {
            throw new IllegalArgumentException(
                    "there is no PCI address %x:%x:%x.%x".formatted(domain, bus, device, function));
        }
    }

    /**
     * Reads an address.
     *
     * @param text such as {@code 0000:01:00.0} or, in domain 0, {@code 01:00.0}
     * @return the address; empty if that is none
     */
    public static Optional<PciAddress> of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        String domain = form.group(1);
        return Optional.of(
                new PciAddress(
                        domain == null ? 0 : Long.parseLong(domain, 16),
                        Integer.parseInt(form.group(2), 16),
                        Integer.parseInt(form.group(3), 16),
                        Integer.parseInt(form.group(4), 16)));
    }

    @Override
    public int compareTo(PciAddress other) {
        return java.util.Comparator.comparingLong(PciAddress::domain)
                .thenComparingInt(PciAddress::bus)
                .thenComparingInt(PciAddress::device)
                .thenComparingInt(PciAddress::function)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return "%04x:%02x:%02x.%d".formatted(domain, bus, device, function);
    }
}
