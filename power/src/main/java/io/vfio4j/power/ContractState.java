/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** The five effective states of the low-power contract (spec B1). */
public enum ContractState {
    /** Not engaged. */
    OFF("OFF"),
    /** Engaged without wakeup, awake. */
    N_A("N-A"),
    /** Engaged without wakeup, suspended. */
    N_S("N-S"),
    /** Engaged with wakeup, awake. */
    W_A("W-A"),
    /** Engaged with wakeup, suspended. */
    W_S("W-S");

    private final String specName;

    ContractState(String specName) {
        this.specName = specName;
    }

    /** The name in the specification's truth table, e.g. "W-S". */
    public String specName() {
        return specName;
    }

    static ContractState of(Contract contract, RuntimeStatus status) {
        if (!contract.engaged()) {
            return OFF;
        }
        boolean suspended = status == RuntimeStatus.SUSPENDED;
        if (contract.armed()) {
            return suspended ? W_S : W_A;
        }
        return suspended ? N_S : N_A;
    }
}
