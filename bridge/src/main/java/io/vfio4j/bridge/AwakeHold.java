/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeControl;

/**
 * Keeps a device awake by the host's {@code power/control}, whoever has it open: what is done to
 * one that did not come back from low power as it should, and what an operator may ask for.
 *
 * <p>Thread-safe.
 */
final class AwakeHold implements AutoCloseable {
    private final HostBehind host;
    private boolean held;
    private boolean closed;

    AwakeHold(HostBehind host) {
        this.host = host;
    }

    /**
     * Holds it, or lets it go. One that the host had awake already is left so at the end.
     *
     * @throws io.vfio4j.client.VfioException if this process may not
     */
    synchronized void hold(boolean awake) {
        if (awake && !held && !closed && host.ask(HostSide::control) == RuntimeControl.AUTO) {
            host.tell(side -> side.setControl(RuntimeControl.ON));
            held = true;
        } else if (!awake && held) {
            held = false;
            host.tell(side -> side.setControl(RuntimeControl.AUTO));
        }
    }

    /**
     * Lets it go, and does not hold it again.
     *
     * @throws io.vfio4j.client.VfioException if that fails: it is held for good
     */
    @Override
    public synchronized void close() {
        closed = true;
        hold(false);
    }
}
