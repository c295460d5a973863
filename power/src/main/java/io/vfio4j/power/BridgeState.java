/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * All that a bridge's rules know. Times are the clock's, in nanoseconds.
 *
 * @param sleep where the device is
 * @param client who has it, and what that one has made of it
 * @param hold what keeps it awake
 * @param counts what has happened so far
 */
public record BridgeState(Sleep sleep, Client client, Hold hold, BridgeCounts counts) {
    /**
     * Where the device is.
     *
     * @param phase on its way to sleep and back
     * @param epoch of the reminder that still counts
     * @param asleepSince when the device was last let sleep
     * @param pause between a wake and the next entry, as the hysteresis has made it
     */
    public record Sleep(BridgePhase phase, long epoch, long asleepSince, Duration pause) {
        /** After which no reminder that is under way counts. */
        Sleep moveTo(BridgePhase to) {
            return new Sleep(to, epoch + 1, asleepSince, pause);
        }

        Sleep begun(long now) {
            return new Sleep(BridgePhase.ASLEEP, epoch + 1, now, pause);
        }

        Sleep pause(Duration next) {
            return new Sleep(phase, epoch, asleepSince, next);
        }
    }

    /**
     * Who has the device; for one that is kept while nobody has it, what the last one left.
     *
     * @param connected whether anybody has
     * @param guest the D-state that the guest has put the function into: D0 or D3hot
     * @param pme the PME bits that the guest reads
     * @param selfManaged whether the client has used the low-power contract itself, since which the
     *     device's power, and PMCSR's state too, are between the two of them
     * @param bars how it reaches them
     */
    public record Client(
            boolean connected, PciPowerState guest, Pme pme, boolean selfManaged, Bars bars) {
        static final Client NONE = new Client(false, PciPowerState.D0, Pme.OFF, false, Bars.NONE);

        static Client of(boolean mayMap) {
            return new Client(true, PciPowerState.D0, Pme.OFF, false, Bars.of(mayMap));
        }

        /** A process may outlive its connection, and its guest use BARs for as long. */
        Client gone() {
            return new Client(false, PciPowerState.D0, Pme.OFF, false, bars.unknown());
        }

        Client guest(PciPowerState state) {
            return new Client(connected, state, pme, selfManaged, bars);
        }

        Client pme(Pme bits) {
            return new Client(connected, guest, bits, selfManaged, bars);
        }

        Client selfManaged(boolean itself) {
            return new Client(connected, guest, pme, itself, bars);
        }

        Client bars(Bars next) {
            return new Client(connected, guest, pme, selfManaged, next);
        }
    }

    /**
     * How a client reaches the device's BARs by mappings that must not fault under it.
     *
     * @param mayMap whether it may have any, of which it need not tell
     * @param tells whether it is one that has told of any: a VMM, which takes them out of its
     *     guest's reach when that leaves D0
     * @param told whether it has told of one that it has not yet told the end of
     * @param outSince since when they are known to be out of its guest's reach, while the guest is
     *     in D3hot
     */
    public record Bars(boolean mayMap, boolean tells, boolean told, OptionalLong outSince) {
        static final Bars NONE = of(false);

        static Bars of(boolean mayMap) {
            return new Bars(mayMap, false, false, OptionalLong.empty());
        }

        Bars mapped() {
            return new Bars(mayMap, true, true, OptionalLong.empty());
        }

        Bars unmapped(long now) {
            return new Bars(mayMap, tells, false, OptionalLong.of(now));
        }

        /**
         * As when the guest writes D3hot: a VMM unmaps once that is answered, and what it has told
         * before was of something else.
         */
        Bars unknown() {
            return new Bars(mayMap, tells, told, OptionalLong.empty());
        }

        boolean awaitsRequest() {
            return tells && !told;
        }

        boolean reachable() {
            return told || (mayMap && outSince.isEmpty());
        }

        /** What is left of the grace after they went out of reach; not positive if nothing. */
        Duration leftOf(Duration grace, long now) {
            return outSince.isEmpty()
                    ? Duration.ZERO
                    : grace.minusNanos(now - outSince.getAsLong());
        }
    }

    /**
     * What keeps the device awake, whatever the guest wants.
     *
     * @param stayAwake a foreign wake, or a wake that failed, until the guest asks anew
     * @param spent a foreign wake, until the client goes, or the operator says otherwise ({@link
     *     Reentry#NEVER})
     * @param lock why it is held awake until the operator says otherwise
     */
    public record Hold(boolean stayAwake, boolean spent, Optional<String> lock) {
        static final Hold NONE = new Hold(false, false, Optional.empty());

        boolean holds() {
            return stayAwake || spent || lock.isPresent();
        }

        Hold awaitGuest() {
            return new Hold(true, spent, lock);
        }

        Hold spend() {
            return new Hold(stayAwake, true, lock);
        }

        Hold lock(String reason) {
            return new Hold(stayAwake, spent, Optional.of(reason));
        }

        /** The guest has been awake: what it asks next, it asks anew. */
        Hold asked() {
            return new Hold(false, spent, lock);
        }

        Hold clientGone() {
            return new Hold(false, false, lock);
        }

        /** Only a guest can say that its driver has had its say ({@link Reentry#GUEST}). */
        Hold unlocked() {
            return new Hold(stayAwake, false, Optional.empty());
        }
    }

    /** A bridge that nobody has connected to. */
    public static BridgeState initial(BridgeConfig config) {
        return new BridgeState(
                new Sleep(BridgePhase.CLOSED, 0, 0, config.hysteresis()),
                Client.NONE,
                Hold.NONE,
                BridgeCounts.NONE);
    }

    /** Where the device is on its way to sleep and back. */
    public BridgePhase phase() {
        return sleep.phase();
    }

    /** Of the reminder that still counts. */
    public long epoch() {
        return sleep.epoch();
    }

    /** When the device was last let sleep. */
    public long asleepSince() {
        return sleep.asleepSince();
    }

    /** Between a wake and the next entry, as the hysteresis has made it. */
    public Duration pause() {
        return sleep.pause();
    }

    /** Whether a client has the device. */
    public boolean connected() {
        return client.connected();
    }

    /** The D-state that the guest has put the function into: D0 or D3hot. */
    public PciPowerState guest() {
        return client.guest();
    }

    /** The PME bits that the guest reads. */
    public Pme pme() {
        return client.pme();
    }

    /** Whether the client manages the device's power itself; see {@link Client}. */
    public boolean selfManaged() {
        return client.selfManaged();
    }

    /** Whether the client may reach BARs by mappings that must not fault. */
    public boolean mapped() {
        return client.bars().reachable();
    }

    /** Whether the device is kept awake until the guest asks anew; see {@link Hold}. */
    public boolean stayAwake() {
        return hold.stayAwake();
    }

    /** The same, until the client goes ({@link Reentry#NEVER}). */
    public boolean spent() {
        return hold.spent();
    }

    /** Why the device is held awake until the operator says otherwise. */
    public Optional<String> lock() {
        return hold.lock();
    }

    /** Whether the guest finds memory decoded as far as the power state goes. */
    public boolean decodesMemory() {
        return selfManaged() || guest().decodesMemory();
    }

    /**
     * Whether the device must be left alone: what the guest reads of it then comes from a copy, and
     * what must reach it is a {@link BridgeEvent.Touched} first.
     */
    public boolean untouchable(BridgeConfig config) {
        return switch (phase()) {
            case ENTERING, ASLEEP, WAKING -> config.entry() != SleepEntry.PMCSR;
            case LOST -> true;
            case CLOSED, AWAKE, UNMAPPING, PAUSING -> false;
        };
    }

    /**
     * Whether the next request of the client's, whatever it is, is a {@link BridgeEvent.Proceeded}.
     */
    public boolean awaitsRequest() {
        return phase() == BridgePhase.UNMAPPING && client.bars().awaitsRequest();
    }

    /** Whether it is in low power, or on its way there or back: its BARs fault (spec B4). */
    boolean asleep() {
        return switch (phase()) {
            case ENTERING, ASLEEP, WAKING -> true;
            case CLOSED, AWAKE, UNMAPPING, PAUSING, LOST -> false;
        };
    }

    BridgeState with(Sleep next) {
        return new BridgeState(next, client, hold, counts);
    }

    BridgeState with(Client next) {
        return new BridgeState(sleep, next, hold, counts);
    }

    BridgeState with(Hold next) {
        return new BridgeState(sleep, client, next, counts);
    }

    BridgeState with(BridgeCounts next) {
        return new BridgeState(sleep, client, hold, next);
    }

    BridgeState with(Bars next) {
        return with(client.bars(next));
    }

    /** After which no reminder that is under way counts. */
    BridgeState moveTo(BridgePhase to) {
        return with(sleep.moveTo(to));
    }

    BridgeState guest(PciPowerState state) {
        return with(client.guest(state));
    }

    BridgeState pme(Pme bits) {
        return with(client.pme(bits));
    }

    BridgeState pause(Duration next) {
        return with(sleep.pause(next));
    }
}
