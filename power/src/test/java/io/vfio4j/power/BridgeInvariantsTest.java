/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * What must hold of a bridge's power whatever happens, and in whatever order: random sequences of
 * events, with a device that wakes, dawdles, refuses and dies at random, and with clients as they
 * are: a VMM that tells of its mappings, with and without an IOMMU that translates, one that tells
 * nothing, and one that has none. The seed is part of the case's name and of every failure.
 */
class BridgeInvariantsTest {
    private static final int STEPS = 1_500;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(
            longs = {
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
                24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 42, 4711, 20221211, 20260601
            })
    void shouldHoldAfterEveryStep(long seed) {
        Walk walk = new Walk(seed, configuration(new Random(seed)));
        for (int i = 0; i < STEPS; i++) {
            walk.step(i);
        }
        walk.end();
    }

    /** So that no walk passes for want of anything that happens. */
    @ParameterizedTest
    @EnumSource
    void shouldHaveSeenEverything(Reentry reentry) {
        BridgeConfig base = BridgeUnderTest.keeping(BridgeUnderTest.KEPT, reentry);
        Walk walk = new Walk(1, base);
        for (int i = 0; i < 4 * STEPS; i++) {
            walk.step(i);
        }
        walk.end();
        BridgeCounts counts = walk.state().counts();
        assertThat(counts.entries()).isGreaterThan(150);
        assertThat(counts.guestWakes()).isGreaterThan(40);
        assertThat(counts.ownWakes()).isGreaterThan(50);
        assertThat(counts.foreignWakes()).isGreaterThan(20);
        assertThat(counts.failures()).isGreaterThan(50);
        assertThat(walk.tellsExpected).isGreaterThan(10);
        assertThat(walk.refusedForMappings).isGreaterThan(5);
        assertThat(walk.entriesWithNobodyThere).isGreaterThan(5);
        assertThat(walk.seen)
                .containsAll(
                        EnumSet.complementOf(
                                EnumSet.of(
                                        BridgePhase.ENTERING,
                                        BridgePhase.WAKING,
                                        BridgePhase.CLOSED)));
    }

    private static BridgeConfig configuration(Random random) {
        return new BridgeConfig(
                one(
                        random,
                        SleepEntry.WAKEUP,
                        SleepEntry.WAKEUP,
                        SleepEntry.WAKEUP,
                        SleepEntry.PLAIN,
                        SleepEntry.PMCSR),
                one(random, Reentry.values()),
                random.nextInt(4) == 0 ? Duration.ZERO : BridgeUnderTest.HYSTERESIS,
                random.nextInt(4) == 0 ? Duration.ZERO : BridgeUnderTest.GRACE,
                BridgeUnderTest.WAKE_TIMEOUT,
                random.nextBoolean(),
                random.nextInt(3) == 0 ? BridgeUnderTest.DEEP : BridgeUnderTest.KEPT,
                random.nextInt(4) == 0
                        ? Set.of()
                        : random.nextBoolean()
                                ? Set.of(PciPowerState.D3HOT)
                                : Set.of(PciPowerState.D3HOT, PciPowerState.D3COLD));
    }

    @SafeVarargs
    private static <T> T one(Random random, T... of) {
        return of[random.nextInt(of.length)];
    }

    private enum Kind {
        /** Tells of each BAR that comes into its guest's reach and goes, a little too early. */
        VMM,
        /** Maps and unmaps what it likes, while its guest is in D0, without a word. */
        SILENT,
        /** Has no mappings. */
        WITHOUT
    }

    /** One random life of a bridge, with what must be true of it kept by other means. */
    private static final class Walk {
        private final Random random;
        private final long seed;
        private final BridgeConfig config;
        private final BridgeUnderTest bridge;
        private final EnumSet<BridgePhase> seen = EnumSet.noneOf(BridgePhase.class);
        private final Deque<String> history = new ArrayDeque<>();
        private String where = "start";

        // The device behind.
        private boolean engaged;
        private boolean signalled;
        private boolean held;

        // The client. What its guest's processors really reach may outlast what it tells.
        private Kind kind = Kind.WITHOUT;
        private boolean reaches;
        private long reachesUntil = Long.MIN_VALUE;
        private boolean windows;
        private boolean translating;
        private boolean memoryOn;
        private PciPowerState believed = PciPowerState.D0;
        private boolean toUnmap;

        // What the rules must have in mind.
        private boolean connected;
        private boolean guestMustAsk;
        private boolean refused;
        private boolean spent;
        private boolean locked;
        private boolean selfManaged;
        private boolean unmappingRefused;
        private boolean enabled;
        private boolean status;
        private int tellsExpected;
        private int tells;
        private int asleepAtClose;
        private int refusedForMappings;
        private int entriesWithNobodyThere;

        // Within one event.
        private boolean wokeForGuest;
        private boolean inspectedFree;
        private boolean takingOver;

        Walk(long seed, BridgeConfig config) {
            this.seed = seed;
            this.config = config;
            random = new Random(seed * 31 + 7);
            bridge = new BridgeUnderTest(config);
            bridge.atOnce = random.nextBoolean();
            bridge.watch(this::look);
        }

        BridgeState state() {
            return bridge.state();
        }

        // ---- each effect, before it is carried out ----

        private void look(BridgeEffect effect) {
            switch (effect) {
                case BridgeEffect.Enter enter -> entering(enter);
                case BridgeEffect.Wake(WakeCause cause) -> waking(cause);
                case BridgeEffect.Check() -> {
                    assertThat(engaged).as("check of a sleeping device %s", where).isFalse();
                    noteLoss(WakeCause.OPERATOR);
                }
                case BridgeEffect.Inspect() -> {
                    inspectedFree = !bridge.processHasMappings;
                    unmappingRefused = bridge.processHasMappings;
                    refused |= unmappingRefused && !connected;
                    refusedForMappings += unmappingRefused ? 1 : 0;
                }
                case BridgeEffect.TellPme() -> tells++;
                case BridgeEffect.HoldAwake(boolean hold) -> {
                    assertThat(held).as("held twice %s", where).isNotEqualTo(hold);
                    held = hold;
                }
                case BridgeEffect.WritePmcsr _ ->
                        assertThat(selfManaged || takingOver).as(where).isTrue();
                case BridgeEffect.Remind(Duration after, long _) ->
                        assertThat(after)
                                .as(where)
                                .isBetween(Duration.ZERO, longer(config.grace(), longestPause()));
                case BridgeEffect.Warn(String message) -> assertThat(message).isNotBlank();
            }
        }

        private void entering(BridgeEffect.Enter enter) {
            assertThat(enter.by()).isEqualTo(config.entry());
            assertThat(engaged).as("two entries without a wake %s", where).isFalse();
            assertThat(locked).as("entry while locked %s", where).isFalse();
            assertThat(selfManaged).as("entry in the client's place %s", where).isFalse();
            assertThat(guestMustAsk).as("entry unasked %s", where).isFalse();
            assertThat(spent).as("entry after the last %s", where).isFalse();
            assertThat(refused).as("entry again at once %s", where).isFalse();
            if (connected) {
                assertThat(state().guest()).as(where).isEqualTo(PciPowerState.D3HOT);
            } else {
                assertThat(config.keep() && config.promise().noSoftReset()).as(where).isTrue();
                entriesWithNobodyThere++;
            }
            assertThat(!state().mapped() || inspectedFree).as("mapped %s", where).isTrue();
            assertThat(reaches || bridge.now() < reachesUntil)
                    .as("within the guest's reach %s", where)
                    .isFalse();
            if (bridge.refusesEntry.isPresent()) {
                refused = true;
            } else {
                engaged = true;
                signalled = false;
            }
        }

        private void waking(WakeCause cause) {
            assertThat(selfManaged).as("wake in the client's place %s", where).isFalse();
            if (noteLoss(cause)) {
                return;
            }
            engaged = false;
            signalled = false;
            wokeForGuest |= cause == WakeCause.GUEST;
            locked |= bridge.wakeTakes.compareTo(config.wakeTimeout()) > 0;
        }

        private boolean noteLoss(WakeCause cause) {
            if (bridge.doesNotAnswer.isEmpty()) {
                return false;
            }
            signalled = false;
            locked = true;
            guestMustAsk |= cause == WakeCause.GUEST;
            connected &= cause != WakeCause.CLIENT;
            takingOver = true;
            return true;
        }

        private Duration longestPause() {
            return longer(config.hysteresis(), Duration.ofMillis(1))
                    .multipliedBy(BridgeConfig.LONGEST_PAUSE);
        }

        private static Duration longer(Duration one, Duration other) {
            return one.compareTo(other) > 0 ? one : other;
        }

        // ---- what happens ----

        void step(int i) {
            try {
                any(i);
            } catch (AssertionError e) {
                throw new AssertionError(
                        "%s%nafter %s".formatted(e.getMessage(), String.join("\n", history)), e);
            }
        }

        private void any(int i) {
            int op = random.nextInt(42);
            where = "seed " + seed + ", step " + i + ", op " + op + ", " + config;
            weather();
            switch (op) {
                case 0, 1, 2, 3, 4 -> open();
                case 5 -> close();
                case 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 -> byClient(this::guestWritesState);
                case 16, 17, 18 -> byClient(this::guestWritesHigh);
                case 19, 20 -> byClient(this::touch);
                case 21 -> byClient(this::reset);
                case 22 -> byClient(this::clientEnters);
                case 23, 24, 25 -> byClient(this::remaps);
                case 26, 27, 28, 29 -> foreignWake();
                case 30 -> lock();
                case 31, 32, 33, 34 -> unlock();
                case 35 -> lateWord();
                default -> pass();
            }
            if (random.nextInt(3) == 0) {
                unmapIfDue();
            }
            seen.add(state().phase());
        }

        private void weather() {
            bridge.refusesEntry = sometimes(12, "EBUSY");
            bridge.doesNotAnswer = sometimes(40, "it reads all ones");
            bridge.wakeTakes = Duration.ofMillis(random.nextInt(40) == 0 ? 4_001 : 4_000);
        }

        private Optional<String> sometimes(int oneIn, String what) {
            return random.nextInt(oneIn) == 0 ? Optional.of(what) : Optional.empty();
        }

        private void byClient(Runnable request) {
            if (connected) {
                unmapIfDue();
                goOn();
                request.run();
            }
        }

        /** Any request is a sign where none else is given. */
        private void goOn() {
            if (state().awaitsRequest()) {
                tell(new BridgeEvent.Proceeded());
            }
        }

        private Optional<Refusal> tell(BridgeEvent event) {
            BridgeState before = state();
            wokeForGuest = false;
            inspectedFree = false;
            Optional<Refusal> refusal = bridge.tell(event);
            remember(event);
            takingOver = false;
            check(before, event);
            return refusal;
        }

        private void remember(Object event) {
            history.add("%d %s: %s".formatted(bridge.now(), event, state().phase()));
            if (history.size() > 20) {
                history.remove();
            }
        }

        private void open() {
            if (connected) {
                return;
            }
            kind = one(random, Kind.values());
            connected = true;
            forgetClient();
            memoryOn = random.nextInt(4) > 0;
            translating = false;
            windows = false;
            reaches = false;
            reachesUntil = Long.MIN_VALUE;
            bridge.processHasMappings = kind == Kind.VMM;
            Optional<Refusal> refusal = tell(new BridgeEvent.Opened(kind != Kind.WITHOUT));
            assertThat(refusal.isPresent()).as(where).isNotEqualTo(connected);
            if (refusal.isEmpty()) {
                vmmStarts();
            } else if (random.nextBoolean()) {
                tell(new BridgeEvent.Closed());
            }
        }

        private void forgetClient() {
            believed = PciPowerState.D0;
            toUnmap = false;
            enabled = false;
            status = false;
            guestMustAsk = false;
            refused = false;
            spent = false;
            unmappingRefused = false;
        }

        private void close() {
            if (!connected) {
                return;
            }
            connected = false;
            forgetClient();
            takingOver = selfManaged;
            selfManaged = false;
            if (!config.keep()) {
                asleepAtClose += state().phase() == BridgePhase.ASLEEP ? 1 : 0;
                engaged = false;
                signalled = false;
                reaches = false;
            }
            // What sleeps is out of reach; what does not may stay in that of a process.
            reaches &= random.nextBoolean();
            bridge.processHasMappings = reaches || (toUnmap && reaches);
            tell(new BridgeEvent.Closed());
            if (!config.keep()) {
                BridgeState initial = BridgeState.initial(config);
                assertThat(state().client()).as(where).isEqualTo(initial.client());
                assertThat(state().phase()).as(where).isEqualTo(BridgePhase.CLOSED);
                assertThat(state().pause()).as(where).isEqualTo(config.hysteresis());
            }
            assertThat(state().stayAwake() || state().spent()).as(where).isFalse();
        }

        private void guestWritesState() {
            PciPowerState to = PciPowerState.ofPmcsrBits(random.nextInt(8) == 0 ? 1 : anyD());
            int high = random.nextInt(4) == 0 ? high() : -1;
            int value = to.pmcsrBits() | Math.max(0, high);
            int bytes = high < 0 ? BridgeUnderTest.LOW : BridgeUnderTest.LOW | BridgeUnderTest.HIGH;
            if (high >= 0) {
                writeHigh(high);
            }
            boolean move = !selfManaged && to != PciPowerState.D1;
            if (move && to == PciPowerState.D3HOT && state().guest() == PciPowerState.D0) {
                unmappingRefused = false;
            }
            tell(new BridgeEvent.GuestWrote(value, bytes));
            if (move) {
                vmmFollows(to);
            }
        }

        private int anyD() {
            return random.nextBoolean() ? 3 : 0;
        }

        /** QEMU carries out a transition even if it is told that it failed. */
        private void vmmFollows(PciPowerState to) {
            if (kind != Kind.VMM || to == believed) {
                return;
            }
            believed = to;
            if (to == PciPowerState.D0) {
                toUnmap = false;
                comesIntoReach();
            } else {
                toUnmap = reaches;
            }
        }

        private void vmmStarts() {
            if (kind == Kind.VMM) {
                comesIntoReach();
            }
        }

        private void comesIntoReach() {
            if (memoryOn && believed == PciPowerState.D0) {
                reaches = true;
                if (!translating && !windows) {
                    windows = true;
                    tell(new BridgeEvent.Mapped());
                }
            }
        }

        /** After the write's answer, in its own time, but before any other request. */
        private void unmapIfDue() {
            if (connected && toUnmap) {
                toUnmap = false;
                goesOutOfReach();
            }
        }

        private void goesOutOfReach() {
            reaches = false;
            reachesUntil = bridge.now() + random.nextLong(config.grace().toNanos() + 1);
            if (windows) {
                windows = false;
                tell(new BridgeEvent.Unmapped());
            }
        }

        private void remaps() {
            switch (kind) {
                case VMM -> {
                    switch (random.nextInt(3)) {
                        case 0 -> {
                            if (memoryOn && reaches) {
                                goesOutOfReach();
                            }
                            memoryOn = !memoryOn;
                            comesIntoReach();
                        }
                        case 1 -> translate();
                        default -> mapsAsleep();
                    }
                }
                case SILENT -> {
                    boolean inD0 = state().guest() == PciPowerState.D0;
                    reaches = random.nextBoolean() && (reaches || inD0);
                    bridge.processHasMappings = reaches;
                }
                case WITHOUT -> {
                    // Never.
                }
            }
        }

        /** The windows go, the guest's processors do not notice. */
        private void translate() {
            if (windows && believed != PciPowerState.D0) {
                return;
            }
            translating = !translating;
            if (translating && windows) {
                windows = false;
                tell(new BridgeEvent.Unmapped());
            } else if (!translating && reaches) {
                windows = true;
                tell(new BridgeEvent.Mapped());
            }
        }

        /** Not QEMU: a VMM that asks first, and maps in D3hot. */
        private void mapsAsleep() {
            if (!windows && !reaches && state().guest() == PciPowerState.D3HOT) {
                boolean allowed = tell(new BridgeEvent.Mapped()).isEmpty();
                assertThat(allowed && engaged && !selfManaged)
                        .as("mapped under a sleeping device %s", where)
                        .isFalse();
                windows = true;
                reaches = allowed;
            }
        }

        private int high() {
            return (random.nextInt(3) > 0 ? BridgeUnderTest.PME_EN : 0)
                    | (random.nextInt(3) == 0 ? BridgeUnderTest.PME_STATUS : 0);
        }

        private void guestWritesHigh() {
            int value = high();
            writeHigh(value);
            tell(new BridgeEvent.GuestWrote(value, BridgeUnderTest.HIGH));
        }

        private void writeHigh(int value) {
            boolean before = enabled && status;
            enabled = (value & BridgeUnderTest.PME_EN) != 0 && !config.pmeFrom().isEmpty();
            status &= (value & BridgeUnderTest.PME_STATUS) == 0;
            tellsExpected += !before && enabled && status ? 1 : 0;
        }

        private boolean reachDevice() {
            boolean reached = tell(new BridgeEvent.Touched()).isEmpty();
            assertThat(reached && state().untouchable(config)).as(where).isFalse();
            return reached;
        }

        private void touch() {
            reachDevice();
        }

        /** The pause may end between the reset and word of it. */
        private void reset() {
            if (!reachDevice()) {
                return;
            }
            if (random.nextInt(3) == 0) {
                pass();
            }
            if (!config.pmeFrom().contains(PciPowerState.D3COLD)) {
                enabled = false;
                status = false;
            }
            BridgeState before = state();
            Optional<Refusal> refusal = tell(new BridgeEvent.WasReset());
            if (refusal.isEmpty()) {
                assertThat(state().guest()).as(where).isEqualTo(PciPowerState.D0);
                guestMustAsk = false;
                refused = false;
            }
            assertThat(state().spent()).as(where).isEqualTo(before.spent());
            vmmFollows(PciPowerState.D0);
        }

        private void clientEnters() {
            if (random.nextInt(4) > 0) {
                return;
            }
            takingOver = true;
            Optional<Refusal> refusal = tell(new BridgeEvent.ClientEntered());
            assertThat(refusal.isEmpty() && state().untouchable(config)).as(where).isFalse();
            assertThat(state().selfManaged()).as(where).isEqualTo(selfManaged);
        }

        /** A signal takes its time, and with it gone, or another entry made, counts no more. */
        private void foreignWake() {
            if (signalled) {
                hear();
            } else if (engaged
                    && config.entry() == SleepEntry.WAKEUP
                    && state().phase() == BridgePhase.ASLEEP) {
                engaged = false;
                signalled = true;
                if (random.nextBoolean()) {
                    hear();
                }
            } else if (state().phase() != BridgePhase.ASLEEP) {
                unheard(new BridgeEvent.Woken());
            }
        }

        private void hear() {
            signalled = false;
            boolean before = enabled && status;
            status |= enabled;
            tellsExpected += !before && enabled && status ? 1 : 0;
            Duration pause = state().pause();
            Duration slept = Duration.ofNanos(bridge.now() - state().asleepSince());
            if (connected) {
                guestMustAsk |= config.reentry() == Reentry.GUEST;
                spent |= config.reentry() == Reentry.NEVER;
            }
            tell(new BridgeEvent.Woken());
            checkPause(pause, slept);
        }

        /** Doubles while sleeps are shorter than pauses, is bounded, and starts again. */
        private void checkPause(Duration before, Duration slept) {
            Duration unit = longer(config.hysteresis(), Duration.ofMillis(1));
            Duration after = state().pause();
            if (slept.compareTo(longer(before, unit)) >= 0) {
                assertThat(after).as(where).isEqualTo(config.hysteresis());
            } else if (before.equals(longestPause())) {
                assertThat(after).as(where).isEqualTo(before);
            } else {
                assertThat(after)
                        .as(where)
                        .isEqualTo(before.isZero() ? unit : before.multipliedBy(2));
            }
        }

        private void lock() {
            locked = true;
            tell(new BridgeEvent.Locked("the operator"));
        }

        private void unlock() {
            locked = false;
            spent = false;
            refused = false;
            tell(new BridgeEvent.Unlocked());
        }

        private void lateWord() {
            switch (random.nextInt(6)) {
                case 0 -> unheard(new BridgeEvent.Reminded(state().epoch() - random.nextInt(1, 9)));
                case 1 -> unheard(new BridgeEvent.Reminded(state().epoch() + 1));
                case 2 -> unheard(new BridgeEvent.Entered());
                case 3 -> unheard(new BridgeEvent.EntryRefused("late"));
                case 4 ->
                        unheard(
                                new BridgeEvent.Awoken(
                                        one(random, WakeCause.values()), Duration.ZERO));
                default -> {
                    if (state().phase() != BridgePhase.UNMAPPING) {
                        unheard(new BridgeEvent.Inspected(random.nextBoolean()));
                    }
                }
            }
        }

        private void unheard(BridgeEvent event) {
            BridgeState before = state();
            bridge.did();
            assertThat(tell(event)).as(where).isEmpty();
            assertThat(state()).as("%s %s", event, where).isEqualTo(before);
            assertThat(bridge.did()).as("%s %s", event, where).isEmpty();
        }

        private void pass() {
            BridgeState before = state();
            inspectedFree = false;
            wokeForGuest = false;
            bridge.pass(
                    switch (random.nextInt(4)) {
                        case 0 -> Duration.ofNanos(1);
                        case 1 -> config.grace();
                        case 2 -> state().pause();
                        default -> Duration.ofMillis(random.nextInt(100_000));
                    });
            remember("time");
            check(before, new BridgeEvent.Reminded(before.epoch()));
        }

        // ---- after each event ----

        private void check(BridgeState before, BridgeEvent event) {
            BridgeState s = state();
            if (event instanceof BridgeEvent.ClientEntered) {
                selfManaged |= s.phase() != BridgePhase.LOST;
            }
            checkGuest(before, s, event);
            assertThat(s.connected()).as(where).isEqualTo(connected);
            assertThat(s.selfManaged()).as(where).isEqualTo(selfManaged);
            assertThat(s.lock().isPresent()).as("lock %s", where).isEqualTo(locked);
            assertThat(held).as("hold %s", where).isEqualTo(locked);
            assertThat(s.pme()).as("PME %s", where).isEqualTo(new Pme(enabled, status));
            assertThat(tells).as("PME told %s", where).isEqualTo(tellsExpected);
            checkPhase(s);
            checkWaiting(s);
            checkCounts(before.counts(), s);
            assertThat(s.pause()).as(where).isBetween(config.hysteresis(), longestPause());
        }

        /** D0 is read only of a device that was woken, or reset, or is another client's. */
        private void checkGuest(BridgeState before, BridgeState s, BridgeEvent event) {
            boolean back = before.guest() != PciPowerState.D0 && s.guest() == PciPowerState.D0;
            boolean another =
                    event instanceof BridgeEvent.Opened
                            || event instanceof BridgeEvent.Closed
                            || event instanceof BridgeEvent.WasReset;
            assertThat(back && !another && !wokeForGuest).as("D0 unwoken %s", where).isFalse();
            if (back) {
                guestMustAsk = false;
                refused = false;
            }
            if (connected && s.guest() == PciPowerState.D0 && !selfManaged) {
                assertThat(engaged).as("D0 in low power %s", where).isFalse();
            }
        }

        private void checkPhase(BridgeState s) {
            switch (s.phase()) {
                case ASLEEP -> assertThat(engaged || signalled).as(where).isTrue();
                case LOST -> {
                    assertThat(locked).as(where).isTrue();
                    assertThat(connected && s.guest() == PciPowerState.D0).as(where).isFalse();
                }
                case CLOSED, AWAKE, UNMAPPING, PAUSING ->
                        assertThat(engaged || signalled).as(where).isFalse();
                case ENTERING, WAKING -> throw new AssertionError("unfinished " + where);
            }
        }

        /** Nothing waits without end, and nothing stays awake without a reason. */
        private void checkWaiting(BridgeState s) {
            boolean wanted =
                    connected
                            ? s.guest() == PciPowerState.D3HOT && !selfManaged
                            : config.keep() && config.promise().noSoftReset();
            boolean free = !locked && !guestMustAsk && !refused && !spent;
            switch (s.phase()) {
                case PAUSING -> {
                    assertThat(wanted && free).as(where).isTrue();
                    assertThat(bridge.waits()).as(where).isPresent();
                }
                case UNMAPPING -> {
                    assertThat(wanted && free).as(where).isTrue();
                    assertThat(bridge.waits().isPresent() || unmappingRefused).as(where).isTrue();
                }
                case AWAKE -> assertThat(wanted && free).as("awake %s", where).isFalse();
                case CLOSED, ASLEEP, LOST, ENTERING, WAKING ->
                        assertThat(bridge.waits()).as(where).isEmpty();
            }
        }

        private void checkCounts(BridgeCounts before, BridgeState s) {
            BridgeCounts counts = s.counts();
            assertThat(counts.entries())
                    .as("ends of sleeps %s", where)
                    .isEqualTo(
                            counts.guestWakes()
                                    + counts.ownWakes()
                                    + counts.foreignWakes()
                                    + asleepAtClose
                                    + (s.phase() == BridgePhase.ASLEEP ? 1 : 0));
            assertThat(counts.failures()).as(where).isGreaterThanOrEqualTo(before.failures());
        }

        // ---- the end ----

        /** Whatever has happened: a device that is well, and free to, sleeps. */
        void end() {
            where = "seed " + seed + ", end, " + config;
            bridge.refusesEntry = Optional.empty();
            bridge.doesNotAnswer = Optional.empty();
            bridge.wakeTakes = Duration.ZERO;
            close();
            open();
            unlock();
            byClient(() -> tell(new BridgeEvent.GuestWrote(0, BridgeUnderTest.LOW)));
            kind = Kind.WITHOUT;
            reaches = false;
            bridge.processHasMappings = false;
            byClient(() -> tell(new BridgeEvent.GuestWrote(3, BridgeUnderTest.LOW)));
            bridge.pass(longestPause().plus(config.grace()));
            assertThat(state().phase()).as(where).isEqualTo(BridgePhase.ASLEEP);
            byClient(() -> tell(new BridgeEvent.GuestWrote(0, BridgeUnderTest.LOW)));
            assertThat(state().guest()).as(where).isEqualTo(PciPowerState.D0);
        }
    }
}
