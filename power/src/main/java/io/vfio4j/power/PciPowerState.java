/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** The power states of a PCI function, shallowest first (spec E). */
public enum PciPowerState {
    /** Fully on. */
    D0("D0", 0, 11),
    /** Light sleep: answers config accesses only. Optional. */
    D1("D1", 1, 12),
    /** Deeper sleep: answers config accesses only. Optional. */
    D2("D2", 2, 13),
    /** Software off: answers config accesses only. */
    D3HOT("D3hot", 3, 14),
    /** Power removed by the platform: nothing answers. Never reached by a PMCSR write. */
    D3COLD("D3cold", 3, 15);

    private final String sysfsName;
    private final int pmcsrBits;
    private final int pmeBit;

    PciPowerState(String sysfsName, int pmcsrBits, int pmeBit) {
        this.sysfsName = sysfsName;
        this.pmcsrBits = pmcsrBits;
        this.pmeBit = pmeBit;
    }

    /** As sysfs {@code power_state} writes it: "D0", "D1", "D2", "D3hot" or "D3cold" (spec B9). */
    public String sysfsName() {
        return sysfsName;
    }

    /** The PMCSR PowerState bits 1:0, 0 to 3; D3cold reads as 3. */
    public int pmcsrBits() {
        return pmcsrBits;
    }

    /** The bit of PMC's PME_Support that stands for this state, 11 to 15. */
    public int pmeBit() {
        return pmeBit;
    }

    /** The state that PMCSR bits 1:0 of a write ask for; other bits are ignored. */
    public static PciPowerState ofPmcsrBits(int value) {
        return switch (value & 3) {
            case 0 -> D0;
            case 1 -> D1;
            case 2 -> D2;
            default -> D3HOT;
        };
    }

    /** Whether memory space is decoded as far as the power state goes: shallower than D3hot. */
    public boolean decodesMemory() {
        return compareTo(D3HOT) < 0;
    }
}
