/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rules of device power, and the only place where they are decided.
 *
 * <p>{@link io.vfio4j.power.PowerRules} is a pure function {@code (state, event) → (state, effects,
 * outcome)}: runtime PM reference counting (spec E), PCI D-states (spec B6, E) and the low-power
 * contract with its five states OFF, N-A, N-S, W-A, W-S (spec B). {@link
 * io.vfio4j.power.DevicePower} is a thin executor around it that a device talks to. {@link
 * io.vfio4j.power.FeatureChecks} holds the order in which a feature request's arguments are refused
 * (spec A2). "spec" is {@code low-power.md}.
 *
 * <p>No I/O, no clock and no thread is created here: {@link io.vfio4j.power.PowerActions}, {@link
 * io.vfio4j.power.PowerClock} and {@link io.vfio4j.power.Scheduler} are passed in, so that a test
 * steps through every interleaving.
 *
 * <p><b>Locks.</b> An executor has two. The <em>lock</em> guards the state and the fast path; it is
 * never held over an action, a wakeup, a listener, a sleep or another device. The <em>turn</em> is
 * the kernel's memory_lock: it is held, without the lock, by the thread that carries out a
 * transition or a change of the mapping gate, so that revocations and restorations reach the device
 * in the order in which they were decided. Order: child's turn, then parent's turn; turn, then
 * lock. Whoever holds a turn must not ask for an access to the same device that would have to wait
 * (spec C); this is refused with an {@link java.lang.IllegalStateException} instead of a deadlock.
 *
 * <p>For the device layer this means: while calling a method that may wait, hold no lock that an
 * action takes; and between devices, a child may wait for its parent, never the other way round.
 */
@NullMarked
package io.vfio4j.power;

import org.jspecify.annotations.NullMarked;
