/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * Everything the rules remember about one device, as a value.
 *
 * @param pm runtime PM: status, usage, errors, control, children
 * @param contract open, engaged, wakeup, virtual functions
 * @param pci power states, memory, INTx mask, PME
 */
public record PowerState(RuntimePm pm, Contract contract, PciPower pci) {

    /** A device just bound to its driver, whose probe still holds the one reference (spec B2). */
    public static PowerState bound(PowerConfig config) {
        boolean held = config.profile().disableIdleD3();
        return new PowerState(
                RuntimePm.PROBED,
                new Contract(false, false, false, Optional.empty(), held, 0, false, true, false),
                PciPower.POWERED);
    }

    /** Runtime PM status. */
    public RuntimeStatus status() {
        return pm.status();
    }

    /** usage_count. */
    public int usage() {
        return pm.usage();
    }

    /** OFF, N-A, N-S, W-A or W-S (spec B1); a transient status counts as awake. */
    public ContractState contractState() {
        return ContractState.of(contract, pm.status());
    }

    /**
     * The mapping gate (spec B4): BAR mappings work iff not engaged, COMMAND.MEM set, power state
     * shallower than D3hot, and the model is not asleep. While engaged they fault, whoever the
     * client is, and from the beginning of the last close on: who has gone must not see the device
     * wake. Otherwise they fault only for a client that bears it: a VMM that still has them mapped
     * into its guest when that writes D3hot would die of it (spec I.11). In D1 and D2 the kernel
     * lets accesses through to a function that answers none (spec B4, E).
     */
    public MappingView mappingView() {
        if (contract.engaged() || contract.closing()) {
            return MappingView.REVOKED;
        }
        if (pci.memoryAccessible() && !pci.asleep()) {
            return MappingView.LIVE;
        }
        if (pci.memoryAccessible() && pci.userState() != PciPowerState.D0) {
            return MappingView.BLANK;
        }
        return contract.faultsBorne() ? MappingView.REVOKED : MappingView.BLANK;
    }

    /** Whether BAR mappings work: {@link MappingView#LIVE}. */
    public boolean mappingsAccessible() {
        return mappingView() == MappingView.LIVE;
    }

    /** Awake, yet nothing answers: a power-up that read back all ones (spec E). */
    public boolean inaccessible() {
        return pm.status() == RuntimeStatus.ACTIVE && pci.powerState() == PciPowerState.D3COLD;
    }

    /**
     * References that are neither base, control, virtual functions nor engagement: accesses, host
     * accesses and resets in progress. The B2 equation solved for them; never negative at a
     * quiescent point.
     */
    public int inFlight() {
        return pm.usage() - contract.references() - (pm.controlOn() ? 1 : 0);
    }

    PowerState pm(RuntimePm value) {
        return new PowerState(value, contract, pci);
    }

    PowerState contract(Contract value) {
        return new PowerState(pm, value, pci);
    }

    PowerState pci(PciPower value) {
        return new PowerState(pm, contract, value);
    }

    PowerState addUsage(int delta) {
        return delta == 0 ? this : pm(pm.usage(pm.usage() + delta));
    }
}
