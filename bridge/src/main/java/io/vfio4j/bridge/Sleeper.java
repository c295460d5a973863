/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.power.BridgeConfig;
import io.vfio4j.power.BridgeEffect;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.BridgePhase;
import io.vfio4j.power.BridgeRules;
import io.vfio4j.power.BridgeState;
import io.vfio4j.power.BridgeStep;
import io.vfio4j.power.Refusal;
import io.vfio4j.power.WakeCause;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Carries out what the bridge's rules decide, one event after the other, on a thread of its own: a
 * device that takes seconds to wake, or never does, holds up nobody but that thread. Idle, it costs
 * nothing.
 *
 * <p>The gate keeps the device from being let sleep under a request: whoever reaches the device for
 * its client does so within {@link #reach}. No wake is waited for with the gate held.
 */
final class Sleeper implements AutoCloseable {
    /** What is told of every change. */
    interface Listener {
        void changed(BridgeState before, BridgeState after);
    }

    private static final System.Logger LOG = System.getLogger(Sleeper.class.getName());

    /** A wake that is answered just in time is not given up for the time that this takes. */
    private static final Duration A_LITTLE_MORE = Duration.ofMillis(100);

    /** How long a device may take at the bridge's end for what is under way. */
    private static final Duration PARTING = Duration.ofSeconds(1);

    private final BridgeRules rules;
    private final BridgeConfig config;
    private final Hands hands;
    private final String name;
    private final ScheduledThreadPoolExecutor thread;
    private final ReentrantLock gate = new ReentrantLock();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile BridgeState state;

    Sleeper(BridgeConfig config, Hands hands, String name) {
        this.config = config;
        this.rules = new BridgeRules(config);
        this.hands = hands;
        this.name = name;
        state = BridgeState.initial(config);
        thread =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("power " + name).factory());
        thread.setRemoveOnCancelPolicy(true);
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** As it is now. */
    BridgeState state() {
        return state;
    }

    void listen(Listener listener) {
        listeners.add(listener);
    }

    void forget(Listener listener) {
        listeners.remove(listener);
    }

    /**
     * Tells what has happened and waits until what follows from it is done.
     *
     * @return why the event's cause is refused: EIO for a device that does not wake, ETIMEDOUT if
     *     it has not in time; what is under way goes on then
     */
    Optional<Refusal> tell(BridgeEvent event) {
        Future<Optional<Refusal>> done;
        try {
            done = thread.submit(() -> process(event));
        } catch (RejectedExecutionException closed) {
            return Optional.of(Refusal.ENODEV);
        }
        try {
            return done.get(
                    config.wakeTimeout().plus(A_LITTLE_MORE).toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            LOG.log(
                    Level.ERROR,
                    "{0}: the device has not come back from low power within {1} ms: the client is"
                            + " told EIO; a VMM that is to wait longer needs --wake-timeout and, for"
                            + " QEMU, x-msg-timeout",
                    name,
                    config.wakeTimeout().toMillis());
            return Optional.of(Refusal.ETIMEDOUT);
        } catch (ExecutionException bug) {
            LOG.log(Level.ERROR, name + ": an error in the bridge's power", bug.getCause());
            return Optional.of(Refusal.EIO);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return Optional.of(Refusal.EIO);
        }
    }

    /** Tells what has happened if that still counts when its turn has come; waits for nothing. */
    void post(BooleanSupplier counts, BridgeEvent event) {
        try {
            thread.execute(() -> {
                if (counts.getAsBoolean()) {
                    quietly(event);
                }
            });
        } catch (RejectedExecutionException closed) {
            LOG.log(Level.DEBUG, "{0}: {1} comes too late", name, event);
        }
    }

    /** Tells what has happened and waits for nothing. */
    void post(BridgeEvent event) {
        post(() -> true, event);
    }

    /** Tells what has happened; who holds the gate does not wait, as what follows may need it. */
    void note(BridgeEvent event) {
        if (gate.isHeldByCurrentThread()) {
            post(event);
        } else {
            Optional<Refusal> _ = tell(event);
        }
    }

    private void quietly(BridgeEvent event) {
        try {
            Optional<Refusal> _ = process(event);
        } catch (RuntimeException | Error bug) {
            LOG.log(Level.ERROR, name + ": an error in the bridge's power", bug);
        }
    }

    /** Something that a client's request does to its device. */
    interface Reaching {
        int reach();
    }

    /**
     * Reaches the device for its client, awake, and keeps it so meanwhile.
     *
     * @return what the request comes to, or minus an errno if the device does not wake
     */
    int reach(Reaching request) {
        while (true) {
            gate.lock();
            try {
                if (!state.untouchable(config)) {
                    return request.reach();
                }
            } finally {
                gate.unlock();
            }
            Optional<Refusal> refusal = tell(new BridgeEvent.Touched());
            if (refusal.isPresent()) {
                return -Refusal.EIO.errno();
            }
        }
    }

    /** Reaches the device, or does something else if it must be left alone just now. */
    int reachOrElse(Reaching request, Reaching otherwise) {
        gate.lock();
        try {
            return state.untouchable(config) ? otherwise.reach() : request.reach();
        } finally {
            gate.unlock();
        }
    }

    /** Does something to the device while nobody reaches it for its client. */
    void alone(Runnable act) {
        gate.lock();
        try {
            act.run();
        } finally {
            gate.unlock();
        }
    }

    // ---- on the thread ----

    private Optional<Refusal> process(BridgeEvent event) {
        if (state.phase() == BridgePhase.ASLEEP && hands.signalled()) {
            // Somebody else's wake came before: a wake of our own would hide it.
            Optional<Refusal> _ = step(new BridgeEvent.Woken());
        }
        return step(event);
    }

    /** An event and all that follows from it. */
    private Optional<Refusal> step(BridgeEvent first) {
        Optional<Refusal> refusal = Optional.empty();
        Deque<BridgeEvent> events = new ArrayDeque<>(List.of(first));
        while (!events.isEmpty()) {
            BridgeStep step = rules.step(state, events.remove(), System.nanoTime());
            adopt(step.next());
            refusal = refusal.or(step::refusal);
            for (BridgeEffect effect : step.effects()) {
                perform(effect).ifPresent(events::add);
            }
        }
        return refusal;
    }

    private void adopt(BridgeState next) {
        BridgeState before = state;
        state = next;
        if (next.phase() == BridgePhase.CLOSED && before.phase() != BridgePhase.CLOSED) {
            hands.closed();
        }
        if (!before.equals(next)) {
            listeners.forEach(listener -> tell(listener, before, next));
        }
    }

    private void tell(Listener listener, BridgeState before, BridgeState next) {
        try {
            listener.changed(before, next);
        } catch (RuntimeException bug) {
            // What has been decided is carried out, whoever hears of it.
            LOG.log(Level.ERROR, name + ": a listener failed", bug);
        }
    }

    /** What came of it. */
    private Optional<BridgeEvent> perform(BridgeEffect effect) {
        return switch (effect) {
            case BridgeEffect.Enter enter -> Optional.of(enter(enter));
            case BridgeEffect.Wake(var cause) -> Optional.of(wake(cause));
            case BridgeEffect.Check() -> check();
            case BridgeEffect.Inspect() ->
                    Optional.of(new BridgeEvent.Inspected(hands.clientHasMappings()));
            case BridgeEffect.WritePmcsr(int value, int bytes) ->
                    orWarn("writing PMCSR", () -> hands.writePmcsr(value, bytes));
            case BridgeEffect.Remind(Duration after, long epoch) -> {
                var _ =
                        thread.schedule(
                                () -> quietly(new BridgeEvent.Reminded(epoch)),
                                after.toNanos(),
                                TimeUnit.NANOSECONDS);
                yield Optional.empty();
            }
            case BridgeEffect.TellPme() -> orWarn("telling PME", hands::tellPme);
            case BridgeEffect.HoldAwake(boolean hold) ->
                    orWarn("holding the device awake", () -> hands.holdAwake(hold));
            case BridgeEffect.Warn(String message) -> {
                LOG.log(Level.WARNING, "{0}: {1}", name, message);
                yield Optional.empty();
            }
        };
    }

    private Optional<BridgeEvent> orWarn(String what, Runnable effect) {
        try {
            effect.run();
        } catch (RuntimeException failed) {
            LOG.log(Level.WARNING, "{0}: {1} failed: {2}", name, what, failed.getMessage());
        }
        return Optional.empty();
    }

    private BridgeEvent enter(BridgeEffect.Enter enter) {
        try {
            hands.prepare();
        } catch (RuntimeException refused) {
            return new BridgeEvent.EntryRefused(String.valueOf(refused.getMessage()));
        }
        // Whoever reaches the device now has come before; whoever comes later sees it untouchable.
        gate.lock();
        try {
            hands.enter(enter.by());
            return new BridgeEvent.Entered();
        } catch (RuntimeException refused) {
            return new BridgeEvent.EntryRefused(String.valueOf(refused.getMessage()));
        } finally {
            gate.unlock();
        }
    }

    private BridgeEvent wake(WakeCause cause) {
        long start = System.nanoTime();
        try {
            hands.wake();
            return new BridgeEvent.Awoken(cause, Duration.ofNanos(System.nanoTime() - start));
        } catch (RuntimeException lost) {
            return new BridgeEvent.Lost(cause, String.valueOf(lost.getMessage()));
        }
    }

    private Optional<BridgeEvent> check() {
        try {
            hands.check();
            return Optional.empty();
        } catch (RuntimeException lost) {
            return Optional.of(
                    new BridgeEvent.Lost(WakeCause.OPERATOR, String.valueOf(lost.getMessage())));
        }
    }

    /**
     * Ends the thread after what it is in the middle of, for which it waits a little: the device is
     * closed, and with that comes most of what it may be waiting for.
     */
    @Override
    public void close() {
        try {
            thread.execute(hands::closed);
        } catch (RejectedExecutionException again) {
            return;
        }
        thread.shutdown();
        try {
            if (!thread.awaitTermination(PARTING.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.log(Level.WARNING, "{0}: the device is left in the middle of a wake", name);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
