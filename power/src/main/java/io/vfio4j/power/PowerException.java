/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** A request that the rules refused. Nothing but what the rule says has changed. */
public final class PowerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Refusal refusal;

    /** A refusal with the sentence that explains it. */
    public PowerException(Refusal refusal, String message) {
        super(message + ": " + refusal);
        this.refusal = refusal;
    }

    /** The errno that a client sees. */
    public Refusal refusal() {
        return refusal;
    }
}
