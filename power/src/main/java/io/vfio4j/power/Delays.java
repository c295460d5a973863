/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;

/**
 * How long a device needs between power states (spec E). All are slept through the {@link
 * PowerClock}.
 *
 * @param d3hot after any move into or out of D3hot
 * @param d2 after any move into or out of D2
 * @param d3coldPowerOn after power is applied, before the first config access
 * @param readyPoll first pause between two readiness polls after a power-on; doubled each time
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
