/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** Why a bridge wakes the device behind it. */
public enum WakeCause {
    /** The guest wrote D0. */
    GUEST,
    /** A request of the client's must reach the device, though its guest wants it to sleep. */
    REQUEST,
    /** A client has come to a device that was kept. */
    CLIENT,
    /** The operator wants it awake. */
    OPERATOR
}
