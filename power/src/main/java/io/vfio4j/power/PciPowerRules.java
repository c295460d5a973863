/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What a user and the host do to a PCI function's power (spec B4 to B7, E). */
final class PciPowerRules {
    private final PowerConfig config;

    PciPowerRules(PowerConfig config) {
        this.config = config;
    }

    Step step(PowerState s, PowerEvent.ForPci event) {
        return switch (event) {
            case PowerEvent.PmcsrWrite(PciPowerState requested) -> pmcsrWrite(s, requested);
            case PowerEvent.MemoryEnabled(boolean value) ->
                    Step.done(s.pci(s.pci().memoryEnabled(value)));
            case PowerEvent.Reset() -> reset(s);
            case PowerEvent.D3coldAllowed(boolean value) ->
                    Step.done(s.pci(s.pci().d3coldAllowed(value)));
            case PowerEvent.IntxUnmaskKick() -> intxUnmaskKick(s);
            case PowerEvent.IoEventFdKick() ->
                    ioEventFdWrites(s) ? Step.done(s.addUsage(1)) : Step.refused(s, Refusal.EIO);
        };
    }

    /**
     * A refused transition leaves the state as it was and is no error (spec B6). Memory is off from
     * the moment a descent begins and on again only when D0 is reached.
     */
    private Step pmcsrWrite(PowerState s, PciPowerState requested) {
        PciPowerState from = s.pci().userState();
        if (!awake(s) || requested == from || !legal(s, from, requested)) {
            return Step.done(s);
        }
        Effect move = new Effect.SetPowerState(from, requested);
        return requested == PciPowerState.D0
                ? Step.done(s, move)
                : Step.done(s.pci(s.pci().userState(requested).powerState(requested)), move);
    }

    /**
     * Any state to D0; otherwise only deeper, only where supported, never with VFs (spec B6, E).
     */
    private boolean legal(PowerState s, PciPowerState from, PciPowerState to) {
        if (to == PciPowerState.D0) {
            return true;
        }
        return config.pm().supports(to) && to.compareTo(from) > 0 && s.contract().vfs() == 0;
    }

    /** Back to D0, then reset; engaged or not stays as it is (spec B7). */
    private static Step reset(PowerState s) {
        PciPowerState from = s.pci().userState();
        return awake(s) && from != PciPowerState.D0
                ? Step.done(s, new Effect.SetPowerState(from, PciPowerState.D0), new Effect.Reset())
                : Step.done(s, new Effect.Reset());
    }

    /**
     * An unmask while the device is not awake waits for the resume, which then unmasks whether or
     * not the suspend had masked: the interrupt lost by bug I.1 cannot be.
     */
    private static Step intxUnmaskKick(PowerState s) {
        if (s.status() == RuntimeStatus.ACTIVE) {
            return Step.done(s.addUsage(1));
        }
        return Step.refused(
                s.contract().open() ? s.pci(s.pci().intxMasked(true)) : s, Refusal.EAGAIN);
    }

    /**
     * Never wakes; written iff memory is enabled, so dropped in D3hot and D3cold (spec B7). Not
     * written to a function on its way into or out of them (closes the gap of I.12).
     */
    private boolean ioEventFdWrites(PowerState s) {
        boolean neverLeavesD0 = !config.pm().present() && !config.platformD3cold();
        return s.pci().memoryAccessible() && (s.status() == RuntimeStatus.ACTIVE || neverLeavesD0);
    }

    private static boolean awake(PowerState s) {
        return s.status() == RuntimeStatus.ACTIVE && !s.pci().asleep();
    }
}
