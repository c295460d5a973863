/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * Who a PCI function says it is: the read-only identification registers of its configuration space.
 *
 * @param vendorId offset 0x00, 0..0xfffe
 * @param deviceId offset 0x02, 0..0xffff
 * @param classCode base class, sub-class and programming interface as one 24-bit number
 * @param revision offset 0x08, 0..0xff
 * @param subsystemVendorId offset 0x2c, 0..0xffff
 * @param subsystemId offset 0x2e, 0..0xffff
 */
public record PciIdentity(
        int vendorId,
        int deviceId,
        int classCode,
        int revision,
        int subsystemVendorId,
        int subsystemId) {

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a number does not fit its register; vendor 0xffff is what
     *     an absent device reads as, so no device may have it
     */
    public PciIdentity {
        fits("vendor id", vendorId, 0xfffe);
        fits("device id", deviceId, 0xffff);
        fits("class code", classCode, 0xff_ffff);
        fits("revision", revision, 0xff);
        fits("subsystem vendor id", subsystemVendorId, 0xffff);
        fits("subsystem id", subsystemId, 0xffff);
    }

    /**
     * A function without a subsystem of its own, revision 0.
     *
     * @param vendorId 0..0xfffe
     * @param deviceId 0..0xffff
     * @param classCode 24 bits
     * @return the identity
     */
    public static PciIdentity of(int vendorId, int deviceId, int classCode) {
        return new PciIdentity(vendorId, deviceId, classCode, 0, 0, 0);
    }

    private static void fits(String what, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(
                    "%s 0x%x does not fit its register (0..0x%x)".formatted(what, value, max));
        }
    }
}
