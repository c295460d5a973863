/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * Thrown by {@link PowerActions}: the device did not do what it was told. Whether the error sticks
 * is the profile's choice (spec E, runtime_error).
 */
public final class PowerFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Refusal refusal;

    /** A failure with its errno; EAGAIN and EBUSY from a suspend mean "not now" and never stick. */
    public PowerFailure(Refusal refusal, String message) {
        super(message + ": " + refusal);
        this.refusal = refusal;
    }

    /** The errno of the failure. */
    public Refusal refusal() {
        return refusal;
    }
}
