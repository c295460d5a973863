/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * The two PME bits of PMCSR (spec E). Both are out of reach of a D3hot to D0 transition, and of a
 * reset too if the function can signal PME from D3cold.
 *
 * @param enabled {@code PME_En}: the function may signal
 * @param status {@code PME_Status}: a wake event has happened; set whether or not {@code enabled}
 */
public record Pme(boolean enabled, boolean status) {
    static final Pme OFF = new Pme(false, false);

    /** Whether PME is being signalled: both bits are set. */
    public boolean asserted() {
        return enabled && status;
    }

    /** A wake event. */
    Pme event() {
        return new Pme(enabled, true);
    }

    /** A write of PMCSR's high byte. */
    Pme written(boolean enable, boolean clearStatus) {
        return new Pme(enable, status && !clearStatus);
    }
}
