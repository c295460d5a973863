/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** Something the executor must do, in order, after a step and outside the lock. */
public sealed interface Effect {

    /** Whether its failure ends the list; otherwise it is only warned about. */
    default boolean essential() {
        return false;
    }

    /** Carried out through {@link PowerActions}, hence within the turn. */
    sealed interface Action extends Effect {}

    /**
     * {@link PowerActions#showMappings} with the view that holds when it is carried out: a step may
     * be decided outside the turn, and another one's view come before it.
     */
    record ShowMappings() implements Action {}

    /** The same for an entry, which must not succeed while a mapping works (spec I3). */
    record RevokeMappings() implements Action {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /** {@link PowerActions#maskIntx}; reported by {@link PowerEvent.IntxMasked}. */
    record MaskIntx() implements Action {}

    /** {@link PowerActions#unmaskIntx}. */
    record UnmaskIntx() implements Action {}

    /**
     * {@link PowerActions#suspend}.
     *
     * @param from where the function still is
     * @param target where it goes
     */
    record Suspend(PciPowerState from, PciPowerState target) implements Action {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /** {@link PowerActions#resume}. */
    record Resume(PciPowerState from) implements Action {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /**
     * {@link PowerActions#resume} before a reset, which comes whether or not the model wakes for
     * it.
     */
    record ResumeForReset(PciPowerState from) implements Action {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /** {@link PowerActions#setPowerState} and its delay; reported by PowerStateReached. */
    record SetPowerState(PciPowerState from, PciPowerState to) implements Action {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /** {@link PowerActions#armPme}. */
    record ArmPme(boolean armed) implements Action {}

    /** {@link PowerActions#reset}. */
    record Reset() implements Action {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /** {@link PowerActions#tearDown}. */
    record TearDown() implements Action {}

    /** {@link PowerActions#requestRelease}. */
    record RequestRelease() implements Action {}

    /** {@link Wakeup#signal}. */
    record Signal(Wakeup wakeup) implements Action {}

    /** {@link Wakeup#drop}. */
    record Drop(Wakeup wakeup) implements Action {}

    /** {@link PowerActions#pmeAsserted}; whoever raises PME must not wait for a transition. */
    record SignalPme() implements Effect {}

    /** {@link PowerActions#warn}. */
    record Warn(String message) implements Effect {}

    /** Queue the workqueue's {@link PowerEvent.Work}. */
    record Schedule() implements Effect {}

    /** Take a reference on the parent and wake it, if there is one; EBUSY if it does not wake. */
    record ParentGet() implements Effect {
        @Override
        public boolean essential() {
            return true;
        }
    }

    /** Give the parent's reference back. */
    record ParentPut() implements Effect {}

    /** Tell the parent that this child is active. */
    record ParentChildActive() implements Effect {}

    /** Tell the parent that this child is suspended. */
    record ParentChildSuspended() implements Effect {}

    /** Feed the next event; its outcome replaces the step's. */
    record Then(PowerEvent event) implements Effect {}
}
