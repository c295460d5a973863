/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What a step answers to the one who caused the event. */
public sealed interface Outcome {

    /** Done, nothing to wait for once the effects are carried out. */
    record Done() implements Outcome {}

    /** Refused. */
    record Refused(Refusal why) implements Outcome {}

    /** Another thread is in a transition: wait for its end, then send {@link PowerEvent.Resume}. */
    record Wait() implements Outcome {}

    /** The one {@link Done}. */
    Outcome DONE = new Done();

    /** The one {@link Wait}. */
    Outcome WAIT = new Wait();
}
