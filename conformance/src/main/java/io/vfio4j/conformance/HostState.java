/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.VfioException;
import io.vfio4j.uapi.HostAttribute;

import java.util.Optional;

/**
 * All of the host side that cases write and that stays written.
 *
 * @param control power/control
 * @param d3coldAllowed d3cold_allowed
 * @param virtualFunctions sriov_numvfs, if there is one
 */
record HostState(RuntimeControl control, boolean d3coldAllowed, Optional<String> virtualFunctions) {
    /** As it is now. */
    static HostState of(HostSide host) {
        return new HostState(host.control(), host.d3coldAllowed(), functions(host));
    }

    private static Optional<String> functions(HostSide host) {
        try {
            return Optional.of(host.read(HostAttribute.SRIOV_NUMVFS).strip())
                    .filter(number -> !number.isEmpty());
        } catch (VfioException none) {
            return Optional.empty();
        }
    }

    /**
     * As cases find it: in D3hot unless one wants D3cold; that is quicker, and the same everywhere.
     */
    HostState forCases() {
        return new HostState(RuntimeControl.AUTO, false, virtualFunctions);
    }

    /** Makes it so again: each of the three, even if another one is refused. */
    void restore(HostSide host) {
        try {
            // Written only if it differs: even 0 over 0 wakes the device.
            if (virtualFunctions.isPresent() && !virtualFunctions.equals(functions(host))) {
                host.write(HostAttribute.SRIOV_NUMVFS, virtualFunctions.get());
            }
        } finally {
            try {
                host.setD3coldAllowed(d3coldAllowed);
            } finally {
                host.setControl(control);
            }
        }
    }
}
