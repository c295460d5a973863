/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.Optional;

/**
 * How long a device needs between power states (spec E). All are slept through the {@link
 * PowerClock}.
 *
 * @param d3hot after any move into or out of D3hot
 * @param d2 after any move into or out of D2
 * @param d3coldPowerOn after power is applied, before the first config access
 * @param readyPoll first pause between two readiness polls after a power-on; doubled each time, up
 *     to 100 ms
 * @param readyTimeout how long a device may stay unready after {@code d3coldPowerOn} before it is
 *     given up as inaccessible
 */
public record Delays(
        Duration d3hot,
        Duration d2,
        Duration d3coldPowerOn,
        Duration readyPoll,
        Duration readyTimeout) {

    /** The PCI specification's figures: 10 ms, 200 µs, 100 ms, then up to 1 s of polling. */
    public static final Delays SPEC =
            new Delays(
                    Duration.ofMillis(10),
                    Duration.ofNanos(200_000),
                    Duration.ofMillis(100),
                    Duration.ofMillis(1),
                    Duration.ofSeconds(1));

    /** No waiting at all; an unready device is given up after one look. */
    public static final Delays ZERO =
            new Delays(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    /**
     * A device that takes its time: 1 s into and out of D3hot, 1 s after power is applied, and then
     * up to 400 ms until it is ready. The request that waits longest finds the user's D3hot on its
     * way to D3cold, by D0, and itself asks for D3hot again: 4.4 s, within the 5 s that a QEMU
     * waits for an answer.
     */
    public static final Delays SLOW =
            new Delays(
                    Duration.ofSeconds(1),
                    Duration.ofMillis(20),
                    Duration.ofSeconds(1),
                    Duration.ofMillis(1),
                    Duration.ofMillis(400));

    /**
     * As long as the wait for power, which who waits here has behind him: a device that takes half
     * a minute is noticed at most this late, not half a minute later, and ten looks a second cost
     * nothing.
     */
    private static final Duration LONGEST_POLL = Duration.ofMillis(100);

    /**
     * The delays that have a name.
     *
     * @param name {@code fast} ({@link #ZERO}), {@code spec} or {@code slow}
     * @return the delays, or nothing if none is called that
     */
    public static Optional<Delays> named(String name) {
        return switch (name) {
            case "fast" -> Optional.of(ZERO);
            case "spec" -> Optional.of(SPEC);
            case "slow" -> Optional.of(SLOW);
            default -> Optional.empty();
        };
    }

    /** The pause after one that was in vain. */
    Duration nextPoll(Duration poll) {
        Duration longest = readyPoll.compareTo(LONGEST_POLL) > 0 ? readyPoll : LONGEST_POLL;
        Duration doubled = poll.multipliedBy(2);
        return doubled.compareTo(longest) > 0 ? longest : doubled;
    }

    /** The pause that must follow a move between two states; zero if none. */
    public Duration between(PciPowerState from, PciPowerState to) {
        if (from == to) {
            return Duration.ZERO;
        }
        if (from == PciPowerState.D3COLD) {
            return d3coldPowerOn;
        }
        // D3cold is reached through D3hot: power goes away after the device has settled there.
        if (!from.decodesMemory() || !to.decodesMemory()) {
            return d3hot;
        }
        return from == PciPowerState.D2 || to == PciPowerState.D2 ? d2 : Duration.ZERO;
    }
}
