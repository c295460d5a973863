/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What {@link PciRegs#PCI_PM_CAP_AUX_POWER} encodes: how much auxiliary power a function draws to
 * signal PME from D3cold (spec E).
 */
public final class PciAuxCurrent {
    private static final int[] MILLIAMPERES = {0, 55, 100, 160, 220, 270, 320, 375};

    private PciAuxCurrent() {}

    /**
     * Decodes.
     *
     * @param pmc the PM capability's PMC register
     * @return mA; 0 if the function powers itself
     */
    public static int milliamperes(int pmc) {
        int mask = PciRegs.PCI_PM_CAP_AUX_POWER;
        return MILLIAMPERES[(pmc & mask) >> Integer.numberOfTrailingZeros(mask)];
    }

    /**
     * Encodes.
     *
     * @param milliamperes what the function draws, mA
     * @return the field's value, 0 to 7, not shifted; empty if the field cannot say that current
     */
    public static OptionalInt code(int milliamperes) {
        return IntStream.range(0, MILLIAMPERES.length)
                .filter(code -> MILLIAMPERES[code] == milliamperes)
                .findFirst();
    }
}
