/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.DeviceBusyException;
import io.vfio4j.client.VfioDevice;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Opens a device that was closed a moment ago: a server may notice that late. */
final class Opening {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private Opening() {}

    static VfioDevice patiently(Subject subject) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return subject.open();
            } catch (DeviceBusyException busy) {
                if (System.nanoTime() - end > 0) {
                    throw busy;
                }
                LockSupport.parkNanos(2_000_000);
            }
        }
    }
}
