/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/** What {@code power/control} says (spec B2). */
public enum RuntimeControl {
    /** The device may sleep when nothing uses it. */
    AUTO,
    /** The device stays awake. */
    ON
}
