/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * What a bridge promises its guest by No_Soft_Reset, and so how deep the device may sleep: a guest
 * that reads 1 relies on the function's context surviving D3hot, which D3cold does not let it (spec
 * E).
 *
 * @param noSoftReset what the guest reads
 * @param deep whether the host may take the device to D3cold
 * @param reason why, as a sentence for the operator
 */
public record BridgePromise(boolean noSoftReset, boolean deep, String reason) {
    /** Of a function without power management, which its guest cannot put to sleep. */
    public static final BridgePromise OF_NOTHING =
            new BridgePromise(
                    true,
                    false,
                    "nothing is promised: the device has no power management, so its guest cannot"
                            + " put it to sleep");

    /** What the host makes of {@code d3cold_allowed}. */
    public enum D3cold {
        /** D3cold is out of reach, as far as the bridge can see to it. */
        FORBIDDEN,
        /** It is allowed, because the bridge wants it or may not forbid it. */
        ALLOWED,
        /** Nobody tells: the host side of the device is not there, or has no such attribute. */
        UNKNOWN
    }

    /**
     * Decides.
     *
     * @param noSoftReset what the device itself says
     * @param deepAsked whether the operator asked for the deepest sleep
     * @param d3cold what the host lets the bridge have
     */
    public static BridgePromise of(boolean noSoftReset, boolean deepAsked, D3cold d3cold) {
        boolean deep = d3cold != D3cold.FORBIDDEN;
        if (!noSoftReset) {
            return new BridgePromise(
                    false,
                    deep,
                    "No_Soft_Reset=0 is shown: the device itself loses its context in D3hot, so"
                            + " nothing is lost by going deeper");
        }
        if (!deep) {
            return new BridgePromise(
                    true,
                    false,
                    "No_Soft_Reset=1 is shown, as the device has it, and kept: d3cold_allowed is 0"
                            + (deepAsked ? " and this process may not write it" : "")
                            + ", so the device sleeps in D3hot, with its context"
                            + (deepAsked ? "" : " (--deep lets it go deeper)"));
        }
        String shown = "No_Soft_Reset=0 is shown in place of the device's 1: ";
        if (deepAsked) {
            return new BridgePromise(
                    false,
                    true,
                    shown + "--deep lets the host go to D3cold, where the context is lost");
        }
        return new BridgePromise(
                false,
                true,
                shown
                        + (d3cold == D3cold.UNKNOWN
                                ? "whether its host goes to D3cold, where the context is lost, is"
                                        + " not to be seen from here"
                                : "d3cold_allowed is 1 and this process may not write it, so the"
                                        + " host may go to D3cold, where the context is lost"));
    }
}
