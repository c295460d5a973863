/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.OpenOptions;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;

import java.time.Duration;

/** Options, one word for each that is not the default. A test's times are short. */
final class Wanted {
    private OpenOptions open = OpenOptions.DEFAULTS;
    private boolean deep;
    private SleepEntry entry = SleepEntry.WAKEUP;
    private Reentry reentry = Reentry.GUEST;
    private Duration hysteresis = Duration.ofMillis(50);
    private Duration grace = Duration.ofMillis(30);
    private Duration wakeTimeout = Duration.ofSeconds(4);
    private boolean mappable = true;
    private boolean keep;

    private Wanted() {}

    static Wanted bridge() {
        return new Wanted();
    }

    Wanted answersWithin(Duration time) {
        open = open.withAnswerTimeout(time);
        return this;
    }

    Wanted deep() {
        deep = true;
        return this;
    }

    Wanted entry(SleepEntry by) {
        entry = by;
        return this;
    }

    Wanted reentry(Reentry policy) {
        reentry = policy;
        return this;
    }

    Wanted hysteresis(Duration time) {
        hysteresis = time;
        return this;
    }

    Wanted grace(Duration time) {
        grace = time;
        return this;
    }

    Wanted wakeTimeout(Duration time) {
        wakeTimeout = time;
        return this;
    }

    Wanted byMessage() {
        mappable = false;
        return this;
    }

    Wanted keep() {
        keep = true;
        return this;
    }

    BridgeOptions options() {
        return new BridgeOptions(
                open, deep, entry, reentry, hysteresis, grace, wakeTimeout, mappable, keep);
    }
}
