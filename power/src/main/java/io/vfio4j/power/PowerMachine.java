/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Holds the state, steps it under the lock, carries effects out in the turn. Decides nothing.
 *
 * <p><b>Fast path.</b> {@code borrowed} is a change of usage that has not been folded into {@code
 * state} yet: the true usage is {@code state.usage() + borrowed}. Every step folds first. A
 * reference is borrowed only where the rules would answer "usage + 1, no effects, done": ACTIVE and
 * no sticky error (see {@code RuntimePmRules.acquire}); it is given back only where they would
 * answer "usage - 1, no effects, done": true usage above 1 (see {@code RuntimePmRules.put}). Both
 * conditions are kept in plain fields next to {@code borrowed}, so that the two paths differ in
 * nothing but speed; a property test compares them.
 */
final class PowerMachine {
    private final PowerRules rules;
    private final PowerConfig config;
    private final PowerActions actions;
    private final Scheduler scheduler;
    private final PowerClock clock;
    private final Optional<PowerMachine> parent;

    private final ReentrantLock turn = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition settled = lock.newCondition();
    private final Announcer announcer = new Announcer(lock);
    private final PowerTimes times;

    private PowerState state;
    private int borrowed;
    private int foldedUsage;
    private boolean borrowable;
    private volatile boolean mappingsAccessible;
    private volatile boolean memoryAccessible;

    PowerMachine(
            PowerConfig config,
            PowerActions actions,
            Scheduler scheduler,
            PowerClock clock,
            Optional<PowerMachine> parent) {
        this.rules = new PowerRules(config, parent.isPresent());
        this.config = config;
        this.actions = actions;
        this.scheduler = scheduler;
        this.clock = clock;
        this.parent = parent;
        this.times = new PowerTimes(clock);
        this.state = PowerState.bound(config);
        remember();
    }

    /** Borrows a reference if the device is simply awake. Allocates nothing. */
    boolean tryGet() {
        lock.lock();
        try {
            if (!borrowable) {
                return false;
            }
            borrowed++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a reference back if it is not the last one. Allocates nothing. */
    boolean tryPut() {
        lock.lock();
        try {
            if (foldedUsage + borrowed <= 1) {
                return false;
            }
            borrowed--;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** A reference on the awake device, or why not (raw). Waits for whatever it takes. */
    Optional<Refusal> acquire() {
        return tryGet()
                ? Optional.empty()
                : awaken(new PowerEvent.Acquire(), new PowerEvent.PutNoidle());
    }

    /** Gives a reference back; the last one queues the idle check. */
    void put() {
        if (!tryPut()) {
            send(new PowerEvent.Put());
        }
    }

    /** A resume without a reference; why not, if not (raw). */
    Optional<Refusal> resume() {
        return resumeUntilSettled(send(new PowerEvent.Resume()));
    }

    /**
     * An event that takes a reference and wakes the device, in one. If it is refused at once, the
     * step took no reference; if a resume fails later, {@code undo} gives it back.
     */
    Optional<Refusal> awaken(PowerEvent event, PowerEvent undo) {
        Step step;
        boolean held;
        lock.lock();
        try {
            fold();
            assertMayWait(state);
            step = rules.step(state, event);
            held = step.next().usage() > state.usage();
            adopt(step);
        } finally {
            lock.unlock();
        }
        Optional<Refusal> refusal = resumeUntilSettled(carryOut(step));
        if (refusal.isPresent() && held) {
            send(undo);
        }
        return refusal;
    }

    private Optional<Refusal> resumeUntilSettled(Outcome first) {
        Outcome outcome = first;
        while (outcome instanceof Outcome.Wait) {
            awaitSettled();
            outcome = send(new PowerEvent.Resume());
        }
        return outcome instanceof Outcome.Refused(Refusal why)
                ? Optional.of(why)
                : Optional.empty();
    }

    /** Waits until no other thread is in a transition. */
    void awaitSettled() {
        lock.lock();
        try {
            while (state.status().isTransient()) {
                assertMayWait(state);
                settled.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** One event that does not change the mapping gate, or is a transition's own. */
    Outcome send(PowerEvent event) {
        Step step;
        lock.lock();
        try {
            fold();
            step = rules.step(state, event);
            adopt(step);
        } finally {
            lock.unlock();
        }
        return carryOut(step);
    }

    /** What the workqueue runs. */
    private void work() {
        send(new PowerEvent.Work());
    }

    /** One event decided and carried out within the turn, as under the kernel's memory_lock. */
    Outcome sendInTurn(PowerEvent event) {
        turn.lock();
        try {
            return send(event);
        } finally {
            turn.unlock();
        }
    }

    private Outcome carryOut(Step step) {
        announcer.deliver(actions);
        if (step.effects().isEmpty()) {
            return step.outcome();
        }
        boolean inTurn = step.effects().stream().anyMatch(PowerMachine::needsTurn);
        if (inTurn) {
            turn.lock();
        }
        try {
            Outcome outcome = step.outcome();
            for (Effect effect : step.effects()) {
                Optional<Refusal> failure = Optional.empty();
                try {
                    if (effect instanceof Effect.Then(PowerEvent event)) {
                        outcome = send(event);
                    } else {
                        perform(effect);
                    }
                } catch (PowerFailure e) {
                    failure = failed(effect, e.refusal(), e);
                } catch (RuntimeException | Error e) {
                    // Whatever a device layer throws, a transition comes to its end: a status left
                    // transient would hang every later access.
                    failure = failed(effect, Refusal.EIO, e);
                }
                if (failure.isPresent()) {
                    return send(new PowerEvent.Failed(effect, failure.get()));
                }
            }
            return outcome;
        } finally {
            if (inTurn) {
                turn.unlock();
            }
        }
    }

    private static boolean needsTurn(Effect effect) {
        return effect instanceof Effect.Action || effect instanceof Effect.Then;
    }

    private Optional<Refusal> failed(Effect effect, Refusal why, Throwable e) {
        actions.warn(effect + " failed: " + e);
        return effect.essential() ? Optional.of(why) : Optional.empty();
    }

    private void perform(Effect effect) {
        switch (effect) {
            case Effect.ShowMappings(), Effect.RevokeMappings() ->
                    actions.showMappings(state().mappingView());
            case Effect.MaskIntx() -> send(new PowerEvent.IntxMasked(actions.maskIntx()));
            case Effect.UnmaskIntx() -> actions.unmaskIntx();
            case Effect.Suspend(_, PciPowerState target) -> actions.suspend(target);
            case Effect.Resume(PciPowerState from) -> actions.resume(from);
            case Effect.ResumeForReset(PciPowerState from) -> actions.resume(from);
            case Effect.SetPowerState(PciPowerState from, PciPowerState to) ->
                    send(new PowerEvent.PowerStateReached(move(from, to)));
            case Effect.SignalPme() -> actions.pmeAsserted();
            case Effect.ArmPme(boolean armed) -> actions.armPme(armed);
            case Effect.Reset() -> actions.reset();
            case Effect.TearDown() -> actions.tearDown();
            case Effect.RequestRelease() -> actions.requestRelease();
            case Effect.Signal(Wakeup wakeup) -> wakeup.signal();
            case Effect.Drop(Wakeup wakeup) -> wakeup.drop();
            case Effect.Warn(String message) -> actions.warn(message);
            case Effect.Schedule() -> scheduler.submit(this::work);
            case Effect.ParentGet() -> parent.ifPresent(PowerMachine::getAsParent);
            case Effect.ParentPut() -> parent.ifPresent(PowerMachine::put);
            case Effect.ParentChildActive() ->
                    parent.ifPresent(p -> p.send(new PowerEvent.ChildActive()));
            case Effect.ParentChildSuspended() ->
                    parent.ifPresent(p -> p.send(new PowerEvent.ChildSuspended()));
            case Effect.Then(PowerEvent event) -> send(event);
        }
    }

    /** A parent that does not become active is EBUSY to its child (spec E). */
    private void getAsParent() {
        if (acquire().isPresent()) {
            throw new PowerFailure(Refusal.EBUSY, "the parent did not become active");
        }
    }

    /** The move, the delay it needs, and after a power-on the poll for readiness (spec E). */
    private PciPowerState move(PciPowerState from, PciPowerState to) {
        actions.setPowerState(from, to);
        Delays delays = config.delays();
        pause(delays.between(from, to));
        if (from != PciPowerState.D3COLD) {
            return to;
        }
        long deadline = clock.nanoTime() + delays.readyTimeout().toNanos();
        Duration poll = delays.readyPoll();
        while (!actions.ready()) {
            long left = deadline - clock.nanoTime();
            if (left <= 0 || poll.isZero()) {
                return PciPowerState.D3COLD;
            }
            // The last look is at the deadline: who waits has been promised no more.
            pause(Duration.ofNanos(Math.min(left, poll.toNanos())));
            poll = delays.nextPoll(poll);
        }
        return to;
    }

    private void pause(Duration duration) {
        if (duration.isPositive()) {
            clock.sleep(duration);
        }
    }

    // ---- under the lock ----

    private void fold() {
        if (borrowed != 0) {
            state = state.addUsage(borrowed);
            borrowed = 0;
            foldedUsage = state.usage();
        }
    }

    private void adopt(Step step) {
        PowerState before = state;
        PowerState after = step.next();
        RuntimePm was = before.pm();
        RuntimePm is = after.pm();
        if (was.status() != is.status() || was.disableDepth() != is.disableDepth()) {
            times.book(was);
        }
        announcer.note(before, after);
        state = after;
        remember();
        if (was.status().isTransient() && was.status() != is.status()) {
            settled.signalAll();
        }
    }

    private void remember() {
        foldedUsage = state.usage();
        borrowable = state.status() == RuntimeStatus.ACTIVE && state.pm().error().isEmpty();
        mappingsAccessible = state.mappingsAccessible();
        memoryAccessible = state.pci().memoryAccessible();
    }

    /** A thread that carries out a transition would wait for itself. */
    private void assertMayWait(PowerState now) {
        if (turn.isHeldByCurrentThread() && now.status() != RuntimeStatus.ACTIVE) {
            throw new IllegalStateException(
                    "an action or wakeup asked for an access to its own device while it is "
                            + now.status().sysfsName()
                            + "; do it after the action has returned");
        }
    }

    // ---- snapshots ----

    PowerState state() {
        lock.lock();
        try {
            fold();
            return state;
        } finally {
            lock.unlock();
        }
    }

    boolean mappingsAccessible() {
        return mappingsAccessible;
    }

    boolean memoryAccessible() {
        return memoryAccessible;
    }

    Duration activeTime() {
        lock.lock();
        try {
            times.book(state.pm());
            return times.active();
        } finally {
            lock.unlock();
        }
    }

    Duration suspendedTime() {
        lock.lock();
        try {
            times.book(state.pm());
            return times.suspended();
        } finally {
            lock.unlock();
        }
    }

    PowerConfig config() {
        return config;
    }

    Optional<PowerMachine> parent() {
        return parent;
    }

    Announcer announcer() {
        return announcer;
    }
}
