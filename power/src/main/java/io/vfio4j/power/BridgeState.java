/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.Optional;

/**
 * All that a bridge's rules know. Times are the clock's, in nanoseconds.
 *
 * @param phase where the device is
 * @param guest the D-state that the guest has put the function into: D0 or D3hot
 * @param pme the PME bits that the guest reads
 * @param selfManaged whether the client has used the low-power contract itself, since which the
 *     device's power, and PMCSR's state too, are between the two of them
 * @param mapped whether the client may reach BARs by mappings that must not fault
 * @param stayAwake a foreign wake or a refusal that ended the last sleep keeps the device awake
 *     until the guest asks anew
 * @param spent the same, until the client goes ({@link Reentry#NEVER})
 * @param lock why the device is held awake until the operator says otherwise
 * @param pause between a wake and the next entry, as the hysteresis has made it
 * @param asleepSince when the device was last let sleep
 * @param epoch of the reminder that still counts
 * @param counts what has happened so far
 */
public record BridgeState(
        BridgePhase phase,
        PciPowerState guest,
        Pme pme,
        boolean selfManaged,
        boolean mapped,
        boolean stayAwake,
        boolean spent,
        Optional<String> lock,
        Duration pause,
        long asleepSince,
        long epoch,
        BridgeCounts counts) {

    /** A bridge that nobody has connected to. */
    public static BridgeState initial(BridgeConfig config) {
        return new BridgeState(
                BridgePhase.CLOSED,
                PciPowerState.D0,
                Pme.OFF,
                false,
                false,
                false,
                false,
                Optional.empty(),
                config.hysteresis(),
                0,
                0,
                BridgeCounts.NONE);
    }

    /** Whether the guest finds memory decoded as far as the power state goes. */
    public boolean decodesMemory() {
        return selfManaged || guest.decodesMemory();
    }

    /**
     * Whether the device must be left alone: what the guest reads of it then comes from a copy, and
     * what must reach it is a {@link BridgeEvent.Touched} first.
     */
    public boolean untouchable(BridgeConfig config) {
        return switch (phase) {
            case ENTERING, ASLEEP, WAKING -> config.entry() != SleepEntry.PMCSR;
            case CLOSED, AWAKE, UNMAPPING, PAUSING -> false;
        };
    }

    BridgeState phase(BridgePhase to) {
        return new BridgeState(
                to,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    /** As {@link #phase}, after which no reminder that is under way counts. */
    BridgeState moveTo(BridgePhase to) {
        return new BridgeState(
                to,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch + 1,
                counts);
    }

    BridgeState guest(PciPowerState state) {
        return new BridgeState(
                phase,
                state,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState pme(Pme bits) {
        return new BridgeState(
                phase,
                guest,
                bits,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState selfManaged(boolean itself) {
        return new BridgeState(
                phase,
                guest,
                pme,
                itself,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState mapped(boolean reachable) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                reachable,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState stayAwake(boolean stay) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                mapped,
                stay,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState spent(boolean over) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                over,
                lock,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState lock(Optional<String> reason) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                reason,
                pause,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState pause(Duration next) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                next,
                asleepSince,
                epoch,
                counts);
    }

    BridgeState asleepSince(long now) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                now,
                epoch,
                counts);
    }

    BridgeState counts(BridgeCounts next) {
        return new BridgeState(
                phase,
                guest,
                pme,
                selfManaged,
                mapped,
                stayAwake,
                spent,
                lock,
                pause,
                asleepSince,
                epoch,
                next);
    }
}
