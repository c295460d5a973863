/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** The kinds of system sleep that differ for a suspended device (spec C). */
public enum SystemSleep {
    /** Suspend-to-idle: direct-complete, a suspended device is not touched. */
    S2IDLE,
    /** S3 or hibernation with firmware that leaves the device powered: resumed on the way back. */
    S3
}
