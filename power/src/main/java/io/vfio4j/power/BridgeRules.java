/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The power of a device that is passed on to a guest: when it is let sleep, who is told of its
 * wakes, what the guest's PMCSR does. The guest's VMM knows nothing of the low-power contract; this
 * speaks it for the guest, by the protocol of spec J.
 *
 * <p>A pure function of state, event and time. Whoever carries the effects out does so one event
 * after the other.
 */
public final class BridgeRules {
    /** PMCSR bits that the rules keep, in the low and in the high byte. */
    private static final int LOW = 1;

    private static final int HIGH = 2;
    private static final int PME_EN = 1 << 8;
    private static final int PME_STATUS = 1 << 15;

    private final BridgeConfig config;

    /** The rules of one bridge. */
    public BridgeRules(BridgeConfig config) {
        this.config = config;
    }

    /**
     * One step.
     *
     * @param s the state before
     * @param event what has happened
     * @param now the clock's time, nanoseconds
     * @return the state after, and what to do
     */
    public BridgeStep step(BridgeState s, BridgeEvent event, long now) {
        return switch (event) {
            case BridgeEvent.Opened(boolean mapped) -> opened(s.mapped(mapped));
            case BridgeEvent.Closed() -> closed(s);
            case BridgeEvent.GuestWrote(int value, int bytes) -> guestWrote(s, value, bytes);
            case BridgeEvent.Touched() ->
                    s.untouchable(config) ? wake(s, WakeCause.REQUEST) : BridgeStep.done(s);
            case BridgeEvent.WasReset() ->
                    BridgeStep.done(s.guest(PciPowerState.D0).moveTo(BridgePhase.AWAKE));
            case BridgeEvent.ClientEntered() -> clientEntered(s);
            case BridgeEvent.Unmapped() -> unmapped(s.mapped(false));
            case BridgeEvent.Mapped() -> mapped(s.mapped(true));
            case BridgeEvent.Woken() -> woken(s, now);
            case BridgeEvent.Reminded(long epoch) ->
                    epoch == s.epoch() ? reminded(s) : BridgeStep.done(s);
            case BridgeEvent.Locked(String reason) -> locked(s, reason);
            case BridgeEvent.Unlocked() -> unlocked(s);
            case BridgeEvent.Entered() -> entered(s, now);
            case BridgeEvent.EntryRefused(String reason) -> entryRefused(s, reason);
            case BridgeEvent.Awoken(WakeCause cause, Duration took) -> awoken(s, cause, took);
            case BridgeEvent.Lost(WakeCause cause, String reason) -> lost(s, cause, reason);
            case BridgeEvent.Inspected(boolean mapped) -> inspected(s.mapped(mapped));
        };
    }

    // ---- the client ----

    private BridgeStep opened(BridgeState s) {
        return s.phase() == BridgePhase.ASLEEP
                ? wake(s, WakeCause.CLIENT)
                : BridgeStep.done(s.moveTo(BridgePhase.AWAKE));
    }

    /** Low power ends with the last close (spec B3), and with it all that the client had set. */
    private BridgeStep closed(BridgeState s) {
        BridgeState left =
                s.guest(PciPowerState.D0)
                        .pme(Pme.OFF)
                        .selfManaged(false)
                        .mapped(false)
                        .stayAwake(false)
                        .spent(false)
                        .pause(config.hysteresis());
        if (!config.keep()) {
            return BridgeStep.done(left.moveTo(BridgePhase.CLOSED));
        }
        boolean stillAsleep = s.phase() == BridgePhase.ASLEEP && config.sleepsWhileKept();
        if (stillAsleep) {
            return BridgeStep.done(left);
        }
        return s.phase() == BridgePhase.ASLEEP
                ? wake(left, WakeCause.OPERATOR)
                : BridgeStep.done(left.moveTo(BridgePhase.AWAKE));
    }

    private BridgeStep clientEntered(BridgeState s) {
        BridgeState itself = s.selfManaged(true).moveTo(BridgePhase.AWAKE);
        // What was virtual until now is the device's from here on.
        return s.selfManaged() || s.guest() == PciPowerState.D0
                ? BridgeStep.done(itself)
                : BridgeStep.done(itself, new BridgeEffect.WritePmcsr(s.guest().pmcsrBits(), LOW));
    }

    // ---- PMCSR ----

    private BridgeStep guestWrote(BridgeState s, int value, int bytes) {
        List<BridgeEffect> effects = new ArrayList<>();
        BridgeState next = s;
        if ((bytes & HIGH) != 0) {
            boolean enable = (value & PME_EN) != 0 && !config.pmeFrom().isEmpty();
            next = next.pme(s.pme().written(enable, (value & PME_STATUS) != 0));
            if (next.pme().asserted() && !s.pme().asserted()) {
                effects.add(new BridgeEffect.TellPme());
            }
        }
        if (next.selfManaged()) {
            effects.add(new BridgeEffect.WritePmcsr(value, bytes));
            return BridgeStep.done(next, effects);
        }
        if ((bytes & LOW) == 0) {
            return BridgeStep.done(next, effects);
        }
        return after(effects, moveGuest(next, PciPowerState.ofPmcsrBits(value)));
    }

    /** D1 and D2 are not shown to the guest, so writing them changes nothing (spec E). */
    private BridgeStep moveGuest(BridgeState s, PciPowerState to) {
        if (to == s.guest()) {
            return BridgeStep.done(s);
        }
        return switch (to) {
            case D3HOT -> sleep(s.guest(to).stayAwake(false));
            case D0 -> wake(s, WakeCause.GUEST);
            default -> BridgeStep.done(s);
        };
    }

    private static BridgeStep after(List<BridgeEffect> first, BridgeStep step) {
        List<BridgeEffect> all = new ArrayList<>(first);
        all.addAll(step.effects());
        return new BridgeStep(step.next(), all, step.refusal());
    }

    // ---- to sleep ----

    private boolean maySleep(BridgeState s) {
        return s.guest() == PciPowerState.D3HOT
                && !s.selfManaged()
                && !s.stayAwake()
                && !s.spent()
                && s.lock().isEmpty();
    }

    private BridgeStep sleep(BridgeState s) {
        if (!maySleep(s)) {
            return BridgeStep.done(s.moveTo(BridgePhase.AWAKE));
        }
        if (s.mapped()) {
            return waiting(s, BridgePhase.UNMAPPING, config.grace());
        }
        return BridgeStep.done(
                s.moveTo(BridgePhase.ENTERING), new BridgeEffect.Enter(config.entry()));
    }

    private BridgeStep pause(BridgeState s) {
        if (!maySleep(s)) {
            return BridgeStep.done(s.moveTo(BridgePhase.AWAKE));
        }
        return waiting(s, BridgePhase.PAUSING, s.pause());
    }

    private static BridgeStep waiting(BridgeState s, BridgePhase in, Duration time) {
        BridgeState waiting = s.moveTo(in);
        return BridgeStep.done(waiting, new BridgeEffect.Remind(time, waiting.epoch()));
    }

    private BridgeStep reminded(BridgeState s) {
        return switch (s.phase()) {
            case PAUSING -> sleep(s);
            case UNMAPPING -> BridgeStep.done(s, new BridgeEffect.Inspect());
            default -> BridgeStep.done(s);
        };
    }

    /** It stays in {@link BridgePhase#UNMAPPING}: should the client unmap after all, good. */
    private BridgeStep inspected(BridgeState s) {
        if (s.phase() != BridgePhase.UNMAPPING) {
            return BridgeStep.done(s);
        }
        return s.mapped()
                ? BridgeStep.done(
                        s.counts(s.counts().failure()),
                        new BridgeEffect.Warn(
                                "the guest is in D3hot, but its VMM still has BARs mapped, which"
                                        + " would fault: not put to sleep until they are unmapped"
                                        + " (--bars message serves them without mappings)"))
                : sleep(s);
    }

    /**
     * QEMU says so before it has really done it: another of the guest's processors may be in the
     * middle of an access.
     */
    private BridgeStep unmapped(BridgeState s) {
        return s.phase() == BridgePhase.UNMAPPING
                ? waiting(s, BridgePhase.PAUSING, config.grace())
                : BridgeStep.done(s);
    }

    /** A mapping that the guest can reach while the device sleeps is its VMM's end. */
    private BridgeStep mapped(BridgeState s) {
        return s.untouchable(config) ? wake(s, WakeCause.REQUEST) : BridgeStep.done(s);
    }

    private static BridgeStep entered(BridgeState s, long now) {
        return BridgeStep.done(
                s.phase(BridgePhase.ASLEEP).asleepSince(now).counts(s.counts().entry()));
    }

    private static BridgeStep entryRefused(BridgeState s, String reason) {
        return BridgeStep.done(
                s.moveTo(BridgePhase.AWAKE).stayAwake(true).counts(s.counts().failure()),
                new BridgeEffect.Warn("the device was not let sleep: " + reason));
    }

    // ---- awake again ----

    private static BridgeStep wake(BridgeState s, WakeCause cause) {
        return BridgeStep.done(s.moveTo(BridgePhase.WAKING), new BridgeEffect.Wake(cause));
    }

    private BridgeStep awoken(BridgeState s, WakeCause cause, Duration took) {
        BridgeState up = s.counts(s.counts().wake(cause));
        if (took.compareTo(config.wakeTimeout()) > 0) {
            BridgeStep slow = hold(up, "its wake took %d ms".formatted(took.toMillis()));
            return new BridgeStep(
                    afterWake(slow.next(), cause).next(), slow.effects(), Optional.empty());
        }
        return afterWake(up, cause);
    }

    private BridgeStep afterWake(BridgeState s, WakeCause cause) {
        return switch (cause) {
            case GUEST ->
                    BridgeStep.done(
                            s.guest(PciPowerState.D0).stayAwake(false).moveTo(BridgePhase.AWAKE));
            case REQUEST -> pause(s);
            case CLIENT, OPERATOR -> BridgeStep.done(s.moveTo(BridgePhase.AWAKE));
        };
    }

    /** The cause's request fails; the guest stays where it was, and may try again. */
    private BridgeStep lost(BridgeState s, WakeCause cause, String reason) {
        BridgeStep held = hold(s.moveTo(BridgePhase.AWAKE), reason);
        return cause == WakeCause.OPERATOR
                ? held
                : new BridgeStep(held.next(), held.effects(), Optional.of(Refusal.EIO));
    }

    /** A device that does badly once is not let sleep again until somebody has looked at it. */
    private static BridgeStep hold(BridgeState s, String reason) {
        BridgeState held = s.lock(Optional.of(reason)).counts(s.counts().failure());
        BridgeEffect warn =
                new BridgeEffect.Warn(
                        "the device did not come back from low power as it should: "
                                + reason
                                + "; it is held awake from now on, until bridge/locked is written 0");
        return s.lock().isPresent()
                ? BridgeStep.done(held, warn)
                : BridgeStep.done(held, warn, new BridgeEffect.HoldAwake(true));
    }

    /**
     * Somebody else's wake: low power has ended (spec B3). A signal in any other phase is the echo
     * of a wake of our own (spec J).
     */
    private BridgeStep woken(BridgeState s, long now) {
        if (s.phase() != BridgePhase.ASLEEP || config.entry() != SleepEntry.WAKEUP) {
            return BridgeStep.done(s);
        }
        List<BridgeEffect> effects = new ArrayList<>();
        effects.add(new BridgeEffect.Check());
        BridgeState up = s.counts(s.counts().foreignWake()).pause(nextPause(s, now));
        if (s.pme().enabled()) {
            up = up.pme(s.pme().event());
            if (!s.pme().asserted()) {
                effects.add(new BridgeEffect.TellPme());
            }
        }
        BridgeStep next =
                switch (config.reentry()) {
                    case GUEST -> BridgeStep.done(up.stayAwake(true).moveTo(BridgePhase.AWAKE));
                    case AUTO -> pause(up);
                    case NEVER -> BridgeStep.done(up.spent(true).moveTo(BridgePhase.AWAKE));
                };
        return after(effects, next);
    }

    /**
     * A sleep that was shorter than the pause before it was not worth it: the pause doubles. After
     * one that was longer it is the shortest again.
     */
    private Duration nextPause(BridgeState s, long now) {
        Duration slept = Duration.ofNanos(now - s.asleepSince());
        if (slept.compareTo(s.pause()) >= 0) {
            return config.hysteresis();
        }
        Duration doubled = s.pause().multipliedBy(2);
        return doubled.compareTo(config.longestPause()) > 0 ? config.longestPause() : doubled;
    }

    // ---- the operator ----

    private static BridgeStep locked(BridgeState s, String reason) {
        BridgeState held = s.lock(Optional.of(reason));
        List<BridgeEffect> hold =
                s.lock().isPresent() ? List.of() : List.of(new BridgeEffect.HoldAwake(true));
        if (s.phase() == BridgePhase.ASLEEP) {
            return after(hold, wake(held, WakeCause.OPERATOR));
        }
        return BridgeStep.done(
                s.phase() == BridgePhase.CLOSED ? held : held.moveTo(BridgePhase.AWAKE), hold);
    }

    private BridgeStep unlocked(BridgeState s) {
        if (s.lock().isEmpty() && !s.stayAwake() && !s.spent()) {
            return BridgeStep.done(s);
        }
        BridgeState free = s.lock(Optional.empty()).stayAwake(false).spent(false);
        List<BridgeEffect> let =
                s.lock().isEmpty() ? List.of() : List.of(new BridgeEffect.HoldAwake(false));
        return s.phase() == BridgePhase.CLOSED
                ? BridgeStep.done(free, let)
                : after(let, sleep(free));
    }
}
