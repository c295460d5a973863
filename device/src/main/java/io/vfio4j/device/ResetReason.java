/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/** Why a device is reset. */
public enum ResetReason {
    /** Somebody asked: DEVICE_RESET, a function level reset, the host's {@code reset} attribute. */
    FUNCTION,
    /** Power came back after D3cold. */
    POWER_ON,
    /** D3hot was left, on a device without {@code No_Soft_Reset}. */
    SOFT_RESET
}
