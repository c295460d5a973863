/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What became of an ioeventfd kick (spec B7). */
public enum IoEventFdOutcome {
    /** The write was performed. */
    WRITTEN,
    /** Memory is not accessible: consumed and dropped. */
    DROPPED
}
