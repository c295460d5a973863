/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** By what a bridge lets the device behind it sleep. */
public enum SleepEntry {
    /** LOW_POWER_ENTRY_WITH_WAKEUP: the bridge learns of every wake that is not its own. */
    WAKEUP,
    /** LOW_POWER_ENTRY: the device sleeps again after each wake, of which nobody is told. */
    PLAIN,
    /** D3hot by PMCSR, which is all that VMMs do by themselves: the kernel keeps it awake. */
    PMCSR
}
