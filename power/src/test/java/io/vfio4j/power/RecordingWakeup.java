/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.concurrent.atomic.AtomicInteger;

/** A wakeup that counts how it ended. */
class RecordingWakeup implements Wakeup {
    final AtomicInteger signals = new AtomicInteger();
    final AtomicInteger drops = new AtomicInteger();

    @Override
    public void signal() {
        signals.incrementAndGet();
    }

    @Override
    public void drop() {
        drops.incrementAndGet();
    }

    int endings() {
        return signals.get() + drops.get();
    }
}
