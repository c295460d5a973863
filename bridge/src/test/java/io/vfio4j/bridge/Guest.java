/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.PciRegs;

/** A guest's driver, on our own client: it bears faults of what it maps, and knows PME. */
final class Guest implements AutoCloseable {
    private static final int D3HOT = 3;

    final VfioDevice device;
    private final int pmcsr;

    Guest(Bridged bridged) {
        device = bridged.open();
        pmcsr = Bridged.pm(device).offset() + PciRegs.PCI_PM_CTRL;
    }

    /** The driver suspends its device. */
    void sleep() {
        device.writeByte(Bridged.CONFIG, pmcsr, (byte) D3HOT);
    }

    /** And resumes it. */
    void wake() {
        device.writeByte(Bridged.CONFIG, pmcsr, (byte) 0);
    }

    /** Wants to be woken. */
    void enablePme() {
        device.writeByte(Bridged.CONFIG, pmcsr + 1, (byte) (PciRegs.PCI_PM_CTRL_PME_ENABLE >>> 8));
    }

    PciPowerManagement pm() {
        return Bridged.pm(device);
    }

    /** The offset of PMCSR in configuration space. */
    int pmcsrOffset() {
        return pmcsr;
    }

    /** Four bytes of configuration space. */
    int config(int offset) {
        return device.readInt(Bridged.CONFIG, offset);
    }

    int register(int offset) {
        return device.readInt(Puppet.REGISTERS, offset);
    }

    void register(int offset, int value) {
        device.writeInt(Puppet.REGISTERS, offset, value);
    }

    @Override
    public void close() {
        device.close();
    }
}
