/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * What the rules need to know about a device and where it sits; fixed for its life.
 *
 * @param pm the function's PM capability
 * @param platformD3cold the platform can take the power away (_PR3)
 * @param platformWake something upstream can turn a PME into a wake
 * @param profile which kernel to be like
 * @param delays how long the device needs between states
 * @param stateKept what a client leaves in the device is the next client's, so a closed device that
 *     has had one sleeps no deeper than it keeps that; a real device is reset instead
 */
public record PowerConfig(
        PmCapability pm,
        boolean platformD3cold,
        boolean platformWake,
        Profile profile,
        Delays delays,
        boolean stateKept) {

    /** D3hot only, like Linux 7.3, no delays. */
    public static final PowerConfig DEFAULT =
            new PowerConfig(
                    PmCapability.D3HOT_ONLY, false, false, Profile.LINUX_7_3, Delays.ZERO, false);

    /** The same with another PM capability. */
    public PowerConfig withPm(PmCapability value) {
        return new PowerConfig(value, platformD3cold, platformWake, profile, delays, stateKept);
    }

    /** The same with or without a power resource for D3cold. */
    public PowerConfig withPlatformD3cold(boolean value) {
        return new PowerConfig(pm, value, platformWake, profile, delays, stateKept);
    }

    /** The same with or without something upstream that hears a PME. */
    public PowerConfig withPlatformWake(boolean value) {
        return new PowerConfig(pm, platformD3cold, value, profile, delays, stateKept);
    }

    /** The same like another kernel. */
    public PowerConfig withProfile(Profile value) {
        return new PowerConfig(pm, platformD3cold, platformWake, value, delays, stateKept);
    }

    /** The same with other delays. */
    public PowerConfig withDelays(Delays value) {
        return new PowerConfig(pm, platformD3cold, platformWake, profile, value, stateKept);
    }

    /** The same, keeping or not keeping a client's state for the next one. */
    public PowerConfig withStateKept(boolean value) {
        return new PowerConfig(pm, platformD3cold, platformWake, profile, delays, value);
    }
}
