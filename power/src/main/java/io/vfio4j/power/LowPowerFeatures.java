/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A feature request from its wake to its end, in the one order of spec A2: wake (2), arguments (3
 * to 14), already engaged (15). Features 3, 4 and 5 are carried out here, all others by the device.
 */
public final class LowPowerFeatures {
    private final DevicePower power;
    private final FeatureSupport support;

    /** The features of one device. */
    public LowPowerFeatures(DevicePower power, FeatureSupport support) {
        this.power = power;
        this.support = support;
    }

    /**
     * Carries a request out. It wakes the device whatever its arguments are.
     *
     * @param wakeup makes the wakeup of feature 4 out of the request's descriptor; asked at most
     *     once, when all arguments are good. It is owned by the device if the verdict is {@link
     *     Verdict.Proceed}, else it is still the caller's
     * @param others carries out the features other than 3, 4 and 5, within the access
     * @return the verdict; {@link Verdict.Proceed} if it is done
     */
    public Verdict request(
            FeatureRequest request,
            Supplier<? extends Wakeup> wakeup,
            Function<Verdict.Proceed, Verdict> others) {
        try (Access access = power.access()) {
            return request(access, request, wakeup, others);
        } catch (PowerException e) {
            return new Verdict.Refused(e.refusal(), 2);
        }
    }

    /** The same within an access that the caller already holds. */
    public Verdict request(
            Access access,
            FeatureRequest request,
            Supplier<? extends Wakeup> wakeup,
            Function<Verdict.Proceed, Verdict> others) {
        Verdict verdict = FeatureChecks.check(request, support);
        if (!(verdict instanceof Verdict.Proceed proceed)) {
            return verdict;
        }
        return switch (proceed.feature()) {
            case LOW_POWER_ENTRY -> enter(proceed, access::enterLowPower);
            case LOW_POWER_ENTRY_WITH_WAKEUP -> {
                Wakeup owned = wakeup.get();
                yield enter(proceed, () -> access.enterLowPower(owned));
            }
            case LOW_POWER_EXIT -> {
                access.exitLowPower();
                yield proceed;
            }
            default -> others.apply(proceed);
        };
    }

    private static Verdict enter(Verdict.Proceed proceed, Runnable entry) {
        try {
            entry.run();
            return proceed;
        } catch (PowerException e) {
            return new Verdict.Refused(e.refusal(), 15);
        }
    }
}
