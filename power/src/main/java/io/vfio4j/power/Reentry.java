/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What a bridge does after a wake that its client did not cause. */
public enum Reentry {
    /**
     * The device stays awake until the guest has brought it to D0 and asks for D3hot again, as the
     * uAPI has it (spec D): devices that need their driver's help to sleep get it.
     */
    GUEST,
    /** The device is let sleep again after a pause, which grows while the wakes go on. */
    AUTO,
    /** The device stays awake until the client goes, or the operator says so. */
    NEVER
}
