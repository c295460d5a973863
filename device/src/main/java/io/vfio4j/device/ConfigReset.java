/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/** What a reset of the function does to its configuration space. */
enum ConfigReset {
    /**
     * D3hot to D0 by PMCSR without {@code No_Soft_Reset}: everything but the sticky bits is as
     * after power-on. It is the driver that restores the rest.
     */
    SOFT,

    /** A function level reset by the register: the same, but for what the specification excepts. */
    FUNCTION_LEVEL,

    /**
     * A reset whose author restores what software had written, as the kernel does for DEVICE_RESET
     * and around a suspend (spec B3, B7): only status that is not sticky goes.
     */
    RESTORED,

    /** The same after power was lost, and no auxiliary power kept the sticky bits. */
    RESTORED_POWER
}
