/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.Delays;

/**
 * How a device can sleep, as its author declares it: the PM capability and the platform's power
 * resource.
 *
 * @param d1 the device has D1
 * @param d2 the device has D2
 * @param noSoftReset {@code No_Soft_Reset}: the context survives D3hot
 * @param d3cold the platform can take the device's power away (what an ACPI {@code _PR3} is to a
 *     real one)
 * @param delays how long each transition takes
 */
public record PowerManagement(
        boolean d1, boolean d2, boolean noSoftReset, boolean d3cold, Delays delays) {

    /**
     * D0 and D3hot, context kept, transitions as long as the PCI specification lets them be.
     *
     * @return the declaration
     */
    public static PowerManagement downToD3hot() {
        return new PowerManagement(false, false, true, false, Delays.SPEC);
    }

    /**
     * As {@link #downToD3hot()}, and a platform that can switch the device off.
     *
     * @return the declaration
     */
    public static PowerManagement downToD3cold() {
        return new PowerManagement(false, false, true, true, Delays.SPEC);
    }

    /**
     * The same with other delays.
     *
     * @param other the delays
     * @return the declaration
     */
    public PowerManagement withDelays(Delays other) {
        return new PowerManagement(d1, d2, noSoftReset, d3cold, other);
    }
}
