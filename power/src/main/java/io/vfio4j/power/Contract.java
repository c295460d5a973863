/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * vfio's part of the state: who holds the device and what was agreed with him (spec B1, B2).
 *
 * @param open somebody has the device open
 * @param closing the last close is under way
 * @param engaged pm_runtime_engaged: low power is permitted
 * @param wakeup pm_wake_eventfd_ctx: what to signal at the next resume; owned by the state
 * @param alwaysHeld disable_idle_d3 as latched at bind: the base reference is held even when closed
 * @param vfs number of virtual functions that vfio enabled; above 0 one reference is held
 * @param unbinding the driver is going; one reference is held until the end
 * @param faultsBorne what the client holds of BARs may fault in D3hot and without COMMAND.MEM, as a
 *     real device's does; else it is {@link MappingView#BLANK} (spec I.11)
 * @param used somebody has had it open
 */
public record Contract(
        boolean open,
        boolean closing,
        boolean engaged,
        Optional<Wakeup> wakeup,
        boolean alwaysHeld,
        int vfs,
        boolean unbinding,
        boolean faultsBorne,
        boolean used) {

    /** Whether a resume is to be signalled. */
    public boolean armed() {
        return wakeup.isPresent();
    }

    /** What the B2 equation says of usage, apart from control and accesses in flight. */
    int references() {
        return (open || alwaysHeld ? 1 : 0)
                + (vfs > 0 ? 1 : 0)
                + (unbinding ? 1 : 0)
                - (engaged ? 1 : 0);
    }

    Contract open(boolean bearsFaults) {
        return new Contract(
                true, false, engaged, wakeup, alwaysHeld, vfs, unbinding, bearsFaults, true);
    }

    Contract closed() {
        return new Contract(false, false, engaged, wakeup, alwaysHeld, vfs, unbinding, true, used);
    }

    Contract close() {
        return new Contract(
                open, true, engaged, wakeup, alwaysHeld, vfs, unbinding, faultsBorne, used);
    }

    Contract engage(Optional<Wakeup> with) {
        return new Contract(
                open, closing, true, with, alwaysHeld, vfs, unbinding, faultsBorne, used);
    }

    Contract disengage() {
        return new Contract(
                open,
                closing,
                false,
                Optional.empty(),
                alwaysHeld,
                vfs,
                unbinding,
                faultsBorne,
                used);
    }

    Contract vfs(int value) {
        return new Contract(
                open, closing, engaged, wakeup, alwaysHeld, value, unbinding, faultsBorne, used);
    }

    Contract unbind() {
        return new Contract(
                open, closing, engaged, wakeup, alwaysHeld, vfs, true, faultsBorne, used);
    }
}
