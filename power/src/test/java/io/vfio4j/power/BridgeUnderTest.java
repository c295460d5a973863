/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A bridge's rules with what carries them out, as a bridge does: one event at a time, effects in
 * order, and what comes of them before the next event. Behind them a device that follows at once,
 * unless it is told otherwise.
 */
final class BridgeUnderTest {
    static final Duration HYSTERESIS = Duration.ofSeconds(1);
    static final Duration GRACE = Duration.ofMillis(200);
    static final Duration WAKE_TIMEOUT = Duration.ofSeconds(4);
    static final BridgePromise KEPT = new BridgePromise(true, false, "kept");
    static final BridgePromise DEEP = new BridgePromise(false, true, "deep");
    static final int LOW = 1;
    static final int HIGH = 2;
    static final int PME_EN = 0x0100;
    static final int PME_STATUS = 0x8000;

    /** As the command has them by default. */
    static final BridgeConfig DEFAULT =
            new BridgeConfig(
                    SleepEntry.WAKEUP,
                    Reentry.GUEST,
                    HYSTERESIS,
                    GRACE,
                    WAKE_TIMEOUT,
                    false,
                    KEPT,
                    Set.of(PciPowerState.D3HOT));

    static BridgeConfig by(SleepEntry entry) {
        return new BridgeConfig(
                entry,
                Reentry.GUEST,
                HYSTERESIS,
                GRACE,
                WAKE_TIMEOUT,
                false,
                KEPT,
                DEFAULT.pmeFrom());
    }

    static BridgeConfig with(Reentry reentry) {
        return new BridgeConfig(
                SleepEntry.WAKEUP,
                reentry,
                HYSTERESIS,
                GRACE,
                WAKE_TIMEOUT,
                false,
                KEPT,
                DEFAULT.pmeFrom());
    }

    static BridgeConfig withHysteresis(Duration hysteresis) {
        return new BridgeConfig(
                SleepEntry.WAKEUP,
                Reentry.AUTO,
                hysteresis,
                GRACE,
                WAKE_TIMEOUT,
                false,
                KEPT,
                DEFAULT.pmeFrom());
    }

    static BridgeConfig withPmeFrom(PciPowerState... states) {
        return new BridgeConfig(
                SleepEntry.WAKEUP,
                Reentry.GUEST,
                HYSTERESIS,
                GRACE,
                WAKE_TIMEOUT,
                false,
                KEPT,
                Set.of(states));
    }

    static BridgeConfig keeping(BridgePromise promise, Reentry reentry) {
        return new BridgeConfig(
                SleepEntry.WAKEUP,
                reentry,
                HYSTERESIS,
                GRACE,
                WAKE_TIMEOUT,
                true,
                promise,
                DEFAULT.pmeFrom());
    }

    private record Due(long at, long epoch) {}

    private final BridgeRules rules;
    private final List<BridgeEffect> did = new ArrayList<>();
    private final List<Due> reminders = new ArrayList<>();
    private Consumer<BridgeEffect> watch = _ -> {};
    private BridgeState state;
    private long now = 1_000_000;

    final BridgeConfig config;
    final List<String> warnings = new ArrayList<>();

    /** Whether what comes of an effect is told before the next effect, or after the last. */
    boolean atOnce;

    // The device, and the client's process.
    Optional<String> refusesEntry = Optional.empty();
    Optional<String> doesNotAnswer = Optional.empty();
    Duration wakeTakes = Duration.ofMillis(17);
    boolean processHasMappings;

    BridgeUnderTest(BridgeConfig config) {
        this.config = config;
        rules = new BridgeRules(config);
        state = BridgeState.initial(config);
    }

    BridgeState state() {
        return state;
    }

    long now() {
        return now;
    }

    /** What looks at each effect, before it is carried out. */
    void watch(Consumer<BridgeEffect> watcher) {
        watch = watcher;
    }

    /** What was done to the device, the host and the client since the last call, in order. */
    List<BridgeEffect> did() {
        List<BridgeEffect> all = List.copyOf(did);
        did.clear();
        return all;
    }

    // ---- what happens ----

    /** A client that has no mappings to fear for. */
    BridgeUnderTest open() {
        return open(false);
    }

    BridgeUnderTest open(boolean mayMap) {
        tell(new BridgeEvent.Opened(mayMap));
        return this;
    }

    /** The guest writes PMCSR's low byte. */
    Optional<Refusal> guest(PciPowerState to) {
        return tell(new BridgeEvent.GuestWrote(to.pmcsrBits(), LOW));
    }

    Optional<Refusal> guestWritesHigh(int value) {
        return tell(new BridgeEvent.GuestWrote(value, HIGH));
    }

    /** As far as a device that sleeps, none of which is looked at. */
    BridgeUnderTest asleep() {
        open();
        guest(PciPowerState.D3HOT);
        did();
        return this;
    }

    /** Tells what has happened, and all that comes of it. */
    Optional<Refusal> tell(BridgeEvent first) {
        Optional<Refusal> refusal = Optional.empty();
        Deque<BridgeEvent> events = new ArrayDeque<>(List.of(first));
        while (!events.isEmpty()) {
            BridgeStep step = step(events.remove());
            refusal = refusal.or(step::refusal);
            for (BridgeEffect effect : step.effects()) {
                Optional<BridgeEvent> result = perform(effect);
                if (atOnce) {
                    refusal = refusal.or(() -> result.flatMap(this::tell));
                } else {
                    result.ifPresent(events::add);
                }
            }
        }
        return refusal;
    }

    /** Tells what has happened, and does nothing about it. */
    BridgeStep step(BridgeEvent event) {
        BridgeStep step = rules.step(state, event, now);
        state = step.next();
        return step;
    }

    /** Time passes: reminders are told when they are due, those that are void too. */
    void pass(Duration time) {
        long end = now + time.toNanos();
        while (true) {
            Optional<Due> next =
                    reminders.stream()
                            .filter(it -> it.at() <= end)
                            .min(Comparator.comparingLong(Due::at));
            if (next.isEmpty()) {
                break;
            }
            reminders.remove(next.get());
            now = Math.max(now, next.get().at());
            tell(new BridgeEvent.Reminded(next.get().epoch()));
        }
        now = end;
    }

    /** How long it is until the reminder that counts; empty if none does. */
    Optional<Duration> waits() {
        return reminders.stream()
                .filter(it -> it.epoch() == state.epoch())
                .map(it -> Duration.ofNanos(it.at() - now))
                .findFirst();
    }

    // ---- what is done ----

    private Optional<BridgeEvent> perform(BridgeEffect effect) {
        watch.accept(effect);
        switch (effect) {
            case BridgeEffect.Remind(Duration after, long epoch) ->
                    reminders.add(new Due(now + after.toNanos(), epoch));
            case BridgeEffect.Warn(String message) -> warnings.add(message);
            default -> did.add(effect);
        }
        return switch (effect) {
            case BridgeEffect.Enter _ ->
                    Optional.of(
                            refusesEntry
                                    .<BridgeEvent>map(BridgeEvent.EntryRefused::new)
                                    .orElse(new BridgeEvent.Entered()));
            case BridgeEffect.Wake(WakeCause cause) -> Optional.of(woken(cause));
            case BridgeEffect.Check() ->
                    doesNotAnswer.map(why -> new BridgeEvent.Lost(WakeCause.OPERATOR, why));
            case BridgeEffect.Inspect() ->
                    Optional.of(new BridgeEvent.Inspected(processHasMappings));
            default -> Optional.empty();
        };
    }

    private BridgeEvent woken(WakeCause cause) {
        return doesNotAnswer
                .<BridgeEvent>map(why -> new BridgeEvent.Lost(cause, why))
                .orElseGet(() -> new BridgeEvent.Awoken(cause, wakeTakes));
    }
}
