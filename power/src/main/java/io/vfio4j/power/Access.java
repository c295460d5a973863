/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * Proof that the device is awake and stays so: what every request holds, and the only way to the
 * calls that need an awake device. One instance serves all accesses of a device, so that the hot
 * path allocates nothing; each {@link DevicePower#access} is to be closed exactly once.
 */
public final class Access implements AutoCloseable {
    private final PowerMachine machine;

    Access(PowerMachine machine) {
        this.machine = machine;
    }

    /** Gives the reference back; the last one lets the device idle, later (spec E, put). */
    @Override
    public void close() {
        machine.put();
    }

    /**
     * LOW_POWER_ENTRY: permits low power, never forces it (spec B3). When this returns, BAR
     * mappings are revoked; the suspend comes after the last access is closed.
     *
     * @throws PowerException EINVAL if already engaged (spec A2 step 15); EIO if the mappings
     *     cannot be revoked; nothing has changed then
     */
    public void enterLowPower() {
        enter(Optional.empty());
    }

    /**
     * LOW_POWER_ENTRY_WITH_WAKEUP: the same, and the first resume from a real suspend signals once
     * and ends it (spec B3).
     *
     * @param wakeup owned by the device on success; left with the caller on refusal
     * @throws PowerException EINVAL if already engaged (spec A2 step 15); EIO if the mappings
     *     cannot be revoked; nothing has changed then
     */
    public void enterLowPower(Wakeup wakeup) {
        enter(Optional.of(wakeup));
    }

    private void enter(Optional<Wakeup> wakeup) {
        if (machine.sendInTurn(new PowerEvent.Enter(wakeup))
                instanceof Outcome.Refused(Refusal why)) {
            throw new PowerException(
                    why,
                    "low-power entry: "
                            + switch (why) {
                                case EINVAL -> "already engaged";
                                case ENODEV -> "the device is not open";
                                default -> "the client's BAR mappings could not be revoked";
                            });
        }
    }

    /**
     * LOW_POWER_EXIT: never refused, also when not engaged; a wakeup is dropped without signal. If
     * the device was suspended, this access itself has signalled it already (spec B3).
     */
    public void exitLowPower() {
        machine.sendInTurn(new PowerEvent.Exit());
    }

    /**
     * A write of PMCSR (spec B6, E): PME_En, and PME_Status, which a 1 clears, before the state.
     *
     * @param value as written
     * @param bytes which of its bytes were: bit 0 for the low one, with PowerState, bit 1 for the
     *     high one, with PME
     */
    public void writePmcsr(int value, int bytes) {
        if ((bytes & 2) != 0) {
            machine.send(
                    new PowerEvent.PmeWrite(
                            (value & PmCapability.PME_EN) != 0,
                            (value & PmCapability.PME_STATUS) != 0));
        }
        if ((bytes & 1) != 0) {
            writePmcsr(PciPowerState.ofPmcsrBits(value));
        }
    }

    /**
     * A PMCSR write of the state alone (spec B6). A refused transition silently stays; so does one
     * that the device did not follow.
     *
     * @param requested from bits 1:0, see {@link PciPowerState#ofPmcsrBits}
     * @return the state that PMCSR now reads
     */
    public PciPowerState writePmcsr(PciPowerState requested) {
        machine.sendInTurn(new PowerEvent.PmcsrWrite(requested));
        return machine.state().pci().userState();
    }

    /**
     * DEVICE_RESET: back to D0, then {@link PowerActions#reset}; low power stays as it is (spec
     * B7).
     *
     * @throws PowerException the errno of a reset that failed
     */
    public void deviceReset() {
        reset(machine, "device reset");
    }

    static void reset(PowerMachine machine, String what) {
        if (machine.sendInTurn(new PowerEvent.Reset()) instanceof Outcome.Refused(Refusal why)) {
            throw new PowerException(why, what + ": the device did not follow");
        }
    }

    /** See {@link DevicePower#memoryAccessible}. */
    public boolean memoryAccessible() {
        return machine.memoryAccessible();
    }
}
