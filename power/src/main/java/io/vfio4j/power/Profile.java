/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.List;
import java.util.Optional;

/**
 * A named set of the points in which kernels differ. Everything that is not here is the same on all
 * of them.
 *
 * @param name what a user picks it by
 * @param resumeErrorsStick a failed resume leaves a runtime error that fails every later resume
 *     (6.1, 6.12); otherwise only suspend failures do (7.3; spec E)
 * @param lastFeature the highest feature index the core knows: 8, 10 or 13 (spec A1)
 * @param disableIdleD3 the module parameter disable_idle_d3, latched at bind: a closed device stays
 *     awake (spec B2)
 */
public record Profile(
        String name, boolean resumeErrorsStick, int lastFeature, boolean disableIdleD3) {

    /** Linux 6.1. */
    public static final Profile LINUX_6_1 = new Profile("linux-6.1", true, 8, false);

    /** Linux 6.12. */
    public static final Profile LINUX_6_12 = new Profile("linux-6.12", true, 10, false);

    /** Linux 7.3; the default. */
    public static final Profile LINUX_7_3 = new Profile("linux-7.3", false, 13, false);

    private static final List<Profile> ALL = List.of(LINUX_6_1, LINUX_6_12, LINUX_7_3);

    /**
     * The one of that name.
     *
     * @param name such as {@code linux-6.1}
     * @return empty if there is none
     */
    public static Optional<Profile> named(String name) {
        return ALL.stream().filter(profile -> profile.name().equals(name)).findFirst();
    }

    /** Whether MSI-X vectors can be added while others are in use: since 6.5 (spec G). */
    public boolean dynamicMsix() {
        return lastFeature > LINUX_6_1.lastFeature;
    }

    /** The same kernel with disable_idle_d3 set or cleared. */
    public Profile withDisableIdleD3(boolean value) {
        return new Profile(name, resumeErrorsStick, lastFeature, value);
    }
}
