/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What the argument checks say of a feature request (spec A2). */
public sealed interface Verdict {

    /**
     * Refused.
     *
     * @param why the errno of the reply
     * @param step which of the steps 2 to 15 of spec A2 refused it; for logs and tests
     */
    record Refused(Refusal why, int step) implements Verdict {}

    /** A probe that found the feature and the operation: answered with success, nothing done. */
    record Probed(Feature feature) implements Verdict {}

    /**
     * All arguments are good; from {@link LowPowerFeatures} it means that it is done.
     *
     * @param feature which
     * @param set SET, else GET
     */
    record Proceed(Feature feature, boolean set) implements Verdict {}
}
