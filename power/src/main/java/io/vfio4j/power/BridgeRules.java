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
 * after the other: what comes of a step's effects is told before anything else that has happened.
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
        if (s.phase() == BridgePhase.CLOSED && !concernsAClosedDevice(event)) {
            return BridgeStep.done(s);
        }
        return switch (event) {
            case BridgeEvent.Opened(boolean mapped) -> opened(s, mapped, now);
            case BridgeEvent.Closed() -> closed(s, now);
            case BridgeEvent.Surrendered() -> surrendered(s);
            case BridgeEvent.GuestWrote(int value, int bytes) -> guestWrote(s, value, bytes, now);
            case BridgeEvent.Touched() ->
                    s.untouchable(config) ? wakeToReach(s, now) : BridgeStep.done(s);
            case BridgeEvent.WasReset() -> wasReset(s, now);
            case BridgeEvent.ClientEntered() -> clientEntered(s, now);
            case BridgeEvent.Unmapped() -> unmapped(s, now);
            case BridgeEvent.Proceeded() ->
                    s.awaitsRequest() ? unmapped(s, now) : BridgeStep.done(s);
            case BridgeEvent.Mapped() -> mapped(s.with(s.client().bars().mapped()), now);
            case BridgeEvent.Woken() -> woken(s, now);
            case BridgeEvent.Reminded(long epoch) ->
                    epoch == s.epoch() ? reminded(s, now) : BridgeStep.done(s);
            case BridgeEvent.Locked(String reason) -> locked(s, reason, now);
            case BridgeEvent.Unlocked() -> unlocked(s, now);
            case BridgeEvent.Entered() -> entered(s, now);
            case BridgeEvent.EntryRefused(String reason) -> entryRefused(s, reason);
            case BridgeEvent.Awoken(WakeCause cause, Duration took) -> awoken(s, cause, took);
            case BridgeEvent.Lost(WakeCause cause, String reason) -> lost(s, cause, reason);
            case BridgeEvent.Inspected(boolean mapped) -> inspected(s, mapped);
        };
    }

    /** All else is the echo of a client that has gone. */
    private static boolean concernsAClosedDevice(BridgeEvent event) {
        return event instanceof BridgeEvent.Opened
                || event instanceof BridgeEvent.Locked
                || event instanceof BridgeEvent.Unlocked;
    }

    // ---- the client ----

    private BridgeStep opened(BridgeState s, boolean mayMap, long now) {
        BridgeState theirs = s.with(BridgeState.Client.of(mayMap)).pause(config.hysteresis());
        return s.asleep() || s.phase() == BridgePhase.LOST
                ? wake(theirs, WakeCause.CLIENT, now)
                : BridgeStep.done(theirs.moveTo(BridgePhase.AWAKE));
    }

    /** Low power ends with the last close (spec B3), and with it all that the client had set. */
    private BridgeStep closed(BridgeState s, long now) {
        if (!config.keep()) {
            return surrendered(s);
        }
        BridgeState left = s.with(s.hold().clientGone()).pause(config.hysteresis());
        return kept(left.with(s.client().gone()), s.selfManaged(), now);
    }

    private BridgeStep surrendered(BridgeState s) {
        return BridgeStep.done(
                s.with(s.hold().clientGone())
                        .pause(config.hysteresis())
                        .with(BridgeState.Client.NONE)
                        .moveTo(BridgePhase.CLOSED));
    }

    /** The next client finds it awake, whatever the last one has done; until then it may sleep. */
    private BridgeStep kept(BridgeState s, boolean wasSelfManaged, long now) {
        if (wasSelfManaged) {
            return after(
                    List.of(new BridgeEffect.WritePmcsr(s.guest().pmcsrBits(), LOW | HIGH)),
                    wake(s, WakeCause.OPERATOR, now));
        }
        return switch (s.phase()) {
            case ENTERING, ASLEEP, WAKING ->
                    config.sleepsWhileKept()
                            ? BridgeStep.done(s)
                            : wake(s, WakeCause.OPERATOR, now);
            case AWAKE, UNMAPPING, PAUSING -> pause(s);
            case CLOSED, LOST -> BridgeStep.done(s);
        };
    }

    /** What was virtual until now is the device's from here on. */
    private BridgeStep clientEntered(BridgeState s, long now) {
        if (s.phase() == BridgePhase.LOST) {
            return BridgeStep.refused(s, Refusal.EIO);
        }
        BridgeState theirs = s.with(s.client().selfManaged(true));
        List<BridgeEffect> handOver =
                s.selfManaged() || s.guest() == PciPowerState.D0
                        ? List.of()
                        : List.of(new BridgeEffect.WritePmcsr(s.guest().pmcsrBits(), LOW));
        return s.asleep()
                ? before(handOver, wake(theirs, WakeCause.REQUEST, now))
                : BridgeStep.done(theirs.moveTo(BridgePhase.AWAKE), handOver);
    }

    /** A reset leaves D0, and of PME only what aux power keeps (spec E). */
    private BridgeStep wasReset(BridgeState s, long now) {
        BridgeState fresh = config.pmeFrom().contains(PciPowerState.D3COLD) ? s : s.pme(Pme.OFF);
        return s.asleep() || s.phase() == BridgePhase.LOST
                ? wake(fresh, WakeCause.GUEST, now)
                : BridgeStep.done(inD0(fresh));
    }

    // ---- PMCSR ----

    private BridgeStep guestWrote(BridgeState s, int value, int bytes, long now) {
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
        return after(effects, moveGuest(next, PciPowerState.ofPmcsrBits(value), now));
    }

    /** D1 and D2 are not shown to the guest, so writing them changes nothing (spec E). */
    private BridgeStep moveGuest(BridgeState s, PciPowerState to, long now) {
        if (to == s.guest()) {
            return BridgeStep.done(s);
        }
        return switch (to) {
            case D3HOT -> sleep(s.guest(to).with(s.client().bars().unknown()), now);
            case D0 -> wake(s, WakeCause.GUEST, now);
            default -> BridgeStep.done(s);
        };
    }

    private BridgeState inD0(BridgeState s) {
        return s.guest(PciPowerState.D0)
                .with(s.hold().asked())
                .pause(config.hysteresis())
                .moveTo(BridgePhase.AWAKE);
    }

    // ---- to sleep ----

    private boolean maySleep(BridgeState s) {
        boolean wanted =
                s.connected()
                        ? s.guest() == PciPowerState.D3HOT && !s.selfManaged()
                        : config.sleepsWhileKept();
        return wanted && !s.hold().holds();
    }

    private BridgeStep sleep(BridgeState s, long now) {
        if (!maySleep(s)) {
            return stay(s);
        }
        if (s.mapped()) {
            return waiting(s, BridgePhase.UNMAPPING, config.grace());
        }
        Duration left = s.client().bars().leftOf(config.grace(), now);
        return left.isPositive() ? waiting(s, BridgePhase.PAUSING, left) : enter(s);
    }

    private BridgeStep enter(BridgeState s) {
        return BridgeStep.done(
                s.moveTo(BridgePhase.ENTERING), new BridgeEffect.Enter(config.entry()));
    }

    private BridgeStep pause(BridgeState s) {
        return maySleep(s) ? waiting(s, BridgePhase.PAUSING, s.pause()) : stay(s);
    }

    private static BridgeStep stay(BridgeState s) {
        return BridgeStep.done(s.moveTo(BridgePhase.AWAKE));
    }

    private static BridgeStep waiting(BridgeState s, BridgePhase in, Duration time) {
        BridgeState waiting = s.moveTo(in);
        return BridgeStep.done(waiting, new BridgeEffect.Remind(time, waiting.epoch()));
    }

    private BridgeStep reminded(BridgeState s, long now) {
        return switch (s.phase()) {
            case PAUSING -> sleep(s, now);
            case UNMAPPING -> BridgeStep.done(s, new BridgeEffect.Inspect());
            default -> BridgeStep.done(s);
        };
    }

    /**
     * A client that has nothing mapped now may map again, without a word, once its guest is back in
     * D0: so this counts for one entry. One that has stays waited for, should it unmap after all.
     */
    private BridgeStep inspected(BridgeState s, boolean mapped) {
        if (s.phase() != BridgePhase.UNMAPPING) {
            return BridgeStep.done(s);
        }
        if (!mapped) {
            return enter(s);
        }
        BridgeState counted = s.with(s.counts().failure());
        return s.connected()
                ? BridgeStep.done(
                        counted,
                        new BridgeEffect.Warn(
                                "the guest is in D3hot, but its VMM still has BARs mapped, which"
                                        + " would fault: not put to sleep until they are unmapped"
                                        + " (--bars message serves them without mappings)"))
                : BridgeStep.done(
                        counted.moveTo(BridgePhase.AWAKE),
                        new BridgeEffect.Warn(
                                "the client is gone, but its process still has BARs mapped, which"
                                        + " would fault: not put to sleep until the next client"
                                        + " comes, or bridge/locked is written 0"));
    }

    /**
     * A VMM says so, or sends its next request, before it has really done it: another of the
     * guest's processors may be in the middle of an access.
     */
    private BridgeStep unmapped(BridgeState s, long now) {
        BridgeState out = s.with(s.client().bars().unmapped(now));
        return s.phase() == BridgePhase.UNMAPPING ? sleep(out, now) : BridgeStep.done(out);
    }

    /** A mapping that the guest can reach while the device sleeps is its VMM's end. */
    private BridgeStep mapped(BridgeState s, long now) {
        return s.asleep() || s.phase() == BridgePhase.LOST
                ? wakeToReach(s, now)
                : BridgeStep.done(s);
    }

    private static BridgeStep entered(BridgeState s, long now) {
        return s.phase() == BridgePhase.ENTERING
                ? BridgeStep.done(s.with(s.sleep().begun(now)).with(s.counts().entry()))
                : BridgeStep.done(s);
    }

    private static BridgeStep entryRefused(BridgeState s, String reason) {
        return s.phase() == BridgePhase.ENTERING
                ? BridgeStep.done(
                        s.moveTo(BridgePhase.AWAKE).with(s.counts().failure()),
                        new BridgeEffect.Warn("the device was not let sleep: " + reason))
                : BridgeStep.done(s);
    }

    // ---- awake again ----

    private BridgeStep wake(BridgeState s, WakeCause cause, long now) {
        BridgeState up =
                s.phase() == BridgePhase.ASLEEP
                        ? s.with(s.counts().wake(cause)).pause(nextPause(s, now))
                        : s;
        return BridgeStep.done(up.moveTo(BridgePhase.WAKING), new BridgeEffect.Wake(cause));
    }

    /** Each try would take as long as the one that failed: only who asks for it gets another. */
    private BridgeStep wakeToReach(BridgeState s, long now) {
        return s.phase() == BridgePhase.LOST
                ? BridgeStep.refused(s, Refusal.EIO)
                : wake(s, WakeCause.REQUEST, now);
    }

    private BridgeStep awoken(BridgeState s, WakeCause cause, Duration took) {
        if (s.phase() != BridgePhase.WAKING) {
            return BridgeStep.done(s);
        }
        if (took.compareTo(config.wakeTimeout()) > 0) {
            BridgeStep slow = hold(s, "its wake took %d ms".formatted(took.toMillis()));
            return after(slow.effects(), afterWake(slow.next(), cause));
        }
        return afterWake(s, cause);
    }

    private BridgeStep afterWake(BridgeState s, WakeCause cause) {
        return switch (cause) {
            case GUEST, CLIENT -> BridgeStep.done(inD0(s));
            case REQUEST, OPERATOR -> pause(s);
        };
    }

    /**
     * The cause's request fails; the guest stays where it was, and may try again. What its VMM has
     * made of the failure is not known: it may have mapped the BARs all the same.
     */
    private BridgeStep lost(BridgeState s, WakeCause cause, String reason) {
        BridgeState gone = s.with(s.client().selfManaged(false)).moveTo(BridgePhase.LOST);
        BridgeState theirs =
                switch (cause) {
                    case GUEST -> gone.with(gone.hold().awaitGuest());
                    case CLIENT -> gone.with(BridgeState.Client.NONE);
                    case REQUEST, OPERATOR -> gone;
                };
        BridgeStep held = hold(theirs, reason);
        return new BridgeStep(held.next(), held.effects(), Optional.of(Refusal.EIO));
    }

    /** A device that does badly once is not let sleep again until somebody has looked at it. */
    private static BridgeStep hold(BridgeState s, String reason) {
        BridgeState held = s.with(s.hold().lock(reason)).with(s.counts().failure());
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
        BridgeState up = s.with(s.counts().foreignWake()).pause(nextPause(s, now));
        if (s.pme().enabled()) {
            up = up.pme(s.pme().event());
            if (!s.pme().asserted()) {
                effects.add(new BridgeEffect.TellPme());
            }
        }
        return after(effects, afterForeignWake(up));
    }

    /** The policy is for a guest's sleep. */
    private BridgeStep afterForeignWake(BridgeState s) {
        if (!s.connected()) {
            return pause(s);
        }
        return switch (config.reentry()) {
            case GUEST -> stay(s.with(s.hold().awaitGuest()));
            case AUTO -> pause(s);
            case NEVER -> stay(s.with(s.hold().spend()));
        };
    }

    /**
     * A sleep that was shorter than the pause before it was not worth it: the pause doubles. After
     * one that was longer it is the shortest again.
     */
    private Duration nextPause(BridgeState s, long now) {
        Duration slept = Duration.ofNanos(now - s.asleepSince());
        Duration unit = config.shortestGrownPause();
        Duration worth = longer(s.pause(), unit);
        if (slept.compareTo(worth) >= 0) {
            return config.hysteresis();
        }
        Duration grown = longer(s.pause().multipliedBy(2), unit);
        Duration longest = unit.multipliedBy(BridgeConfig.LONGEST_PAUSE);
        return grown.compareTo(longest) > 0 ? longest : grown;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    // ---- the operator ----

    private BridgeStep locked(BridgeState s, String reason, long now) {
        BridgeState held = s.with(s.hold().lock(reason));
        List<BridgeEffect> hold =
                s.lock().isPresent() ? List.of() : List.of(new BridgeEffect.HoldAwake(true));
        return switch (s.phase()) {
            case ENTERING, ASLEEP, WAKING -> after(hold, wake(held, WakeCause.OPERATOR, now));
            case AWAKE, UNMAPPING, PAUSING -> BridgeStep.done(held.moveTo(BridgePhase.AWAKE), hold);
            case CLOSED, LOST -> BridgeStep.done(held, hold);
        };
    }

    /** An entry that was refused is tried again too: what was in its way may be gone. */
    private BridgeStep unlocked(BridgeState s, long now) {
        BridgeState free = s.with(s.hold().unlocked());
        List<BridgeEffect> let =
                s.lock().isEmpty() ? List.of() : List.of(new BridgeEffect.HoldAwake(false));
        return switch (s.phase()) {
            case AWAKE -> after(let, sleep(free, now));
            case LOST -> after(let, wake(free, WakeCause.OPERATOR, now));
            case CLOSED, UNMAPPING, PAUSING, ENTERING, ASLEEP, WAKING -> BridgeStep.done(free, let);
        };
    }

    private static BridgeStep after(List<BridgeEffect> first, BridgeStep step) {
        List<BridgeEffect> all = new ArrayList<>(first);
        all.addAll(step.effects());
        return new BridgeStep(step.next(), all, step.refusal());
    }

    private static BridgeStep before(List<BridgeEffect> last, BridgeStep step) {
        List<BridgeEffect> all = new ArrayList<>(step.effects());
        all.addAll(last);
        return new BridgeStep(step.next(), all, step.refusal());
    }
}
