/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * The PM core's part of the state (spec E).
 *
 * @param status ACTIVE, SUSPENDING, SUSPENDED or RESUMING
 * @param usage usage_count, never negative
 * @param error runtime_error, if one sticks
 * @param disableDepth how often runtime PM was disabled; 0 means enabled
 * @param activeChildren child_count: children that are not suspended
 * @param controlOn power/control is "on"
 * @param request what the workqueue has been asked for
 * @param deferredResume a resume was requested while suspending; it follows the suspend at once
 * @param zeroLatency a resume-latency constraint of 0 forbids suspending
 */
public record RuntimePm(
        RuntimeStatus status,
        int usage,
        Optional<Refusal> error,
        int disableDepth,
        int activeChildren,
        boolean controlOn,
        Request request,
        boolean deferredResume,
        boolean zeroLatency) {

    /** Work queued and not yet begun; a resume request outranks an idle check (spec E). */
    public enum Request {
        /** Nothing queued. */
        NONE,
        /** Check whether the device is idle, and if so suspend it. */
        IDLE,
        /** Resume the device. */
        RESUME
    }

    /** A device that its driver's probe holds: awake, one reference. */
    static final RuntimePm PROBED =
            new RuntimePm(
                    RuntimeStatus.ACTIVE,
                    1,
                    Optional.empty(),
                    0,
                    0,
                    false,
                    Request.NONE,
                    false,
                    false);

    /** The sysfs word, including "error" and "unsupported" (spec B9). */
    public String sysfsStatus() {
        if (error.isPresent()) {
            return "error";
        }
        return disableDepth > 0 ? "unsupported" : status.sysfsName();
    }

    RuntimePm status(RuntimeStatus value) {
        return new RuntimePm(
                value,
                usage,
                error,
                disableDepth,
                activeChildren,
                controlOn,
                request,
                deferredResume,
                zeroLatency);
    }

    RuntimePm usage(int value) {
        return new RuntimePm(
                status,
                value,
                error,
                disableDepth,
                activeChildren,
                controlOn,
                request,
                deferredResume,
                zeroLatency);
    }

    RuntimePm error(Optional<Refusal> value) {
        return new RuntimePm(
                status,
                usage,
                value,
                disableDepth,
                activeChildren,
                controlOn,
                request,
                deferredResume,
                zeroLatency);
    }

    RuntimePm disableDepth(int value) {
        return new RuntimePm(
                status,
                usage,
                error,
                value,
                activeChildren,
                controlOn,
                request,
                deferredResume,
                zeroLatency);
    }

    RuntimePm activeChildren(int value) {
        return new RuntimePm(
                status,
                usage,
                error,
                disableDepth,
                value,
                controlOn,
                request,
                deferredResume,
                zeroLatency);
    }

    RuntimePm controlOn(boolean value) {
        return new RuntimePm(
                status,
                usage,
                error,
                disableDepth,
                activeChildren,
                value,
                request,
                deferredResume,
                zeroLatency);
    }

    RuntimePm request(Request value) {
        return new RuntimePm(
                status,
                usage,
                error,
                disableDepth,
                activeChildren,
                controlOn,
                value,
                deferredResume,
                zeroLatency);
    }

    RuntimePm deferredResume(boolean value) {
        return new RuntimePm(
                status,
                usage,
                error,
                disableDepth,
                activeChildren,
                controlOn,
                request,
                value,
                zeroLatency);
    }

    RuntimePm zeroLatency(boolean value) {
        return new RuntimePm(
                status,
                usage,
                error,
                disableDepth,
                activeChildren,
                controlOn,
                request,
                deferredResume,
                value);
    }
}
