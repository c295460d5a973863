/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

/** The effective states of a device, which are the truth table's columns (spec B1). */
enum State {
    /** Not engaged. */
    OFF("OFF", false, false),
    /** Engaged without wakeup, awake. */
    N_A("N-A", false, false),
    /** Engaged without wakeup, asleep. */
    N_S("N-S", false, true),
    /** Engaged with wakeup, awake. */
    W_A("W-A", true, false),
    /** Engaged with wakeup, asleep. */
    W_S("W-S", true, true);

    private final String text;
    private final boolean wakeup;
    private final boolean asleep;

    State(String text, boolean wakeup, boolean asleep) {
        this.text = text;
        this.wakeup = wakeup;
        this.asleep = asleep;
    }

    boolean engaged() {
        return this != OFF;
    }

    boolean wakeup() {
        return wakeup;
    }

    boolean asleep() {
        return asleep;
    }

    /** Engaged and awake: something must hold it, or it would fall asleep any moment. */
    boolean held() {
        return engaged() && !asleep;
    }

    @Override
    public String toString() {
        return text;
    }
}
