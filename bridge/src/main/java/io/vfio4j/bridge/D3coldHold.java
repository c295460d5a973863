/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.VfioException;
import io.vfio4j.power.BridgePromise.D3cold;

import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * What a bridge has made of the host's {@code d3cold_allowed}, for as long as the bridge runs: a
 * guest whose context is to survive D3hot must not find it lost to D3cold.
 *
 * <p>Writing the attribute wakes the device, whatever is written (spec C): it is done once, before
 * there is a client, and once at the end.
 */
final class D3coldHold implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(D3coldHold.class.getName());

    private final HostBehind host;
    private final String name;
    private final D3cold d3cold;
    private final Optional<Boolean> written;
    private boolean closed;

    private D3coldHold(HostBehind host, String name, D3cold d3cold, Optional<Boolean> written) {
        this.host = host;
        this.name = name;
        this.d3cold = d3cold;
        this.written = written;
    }

    /**
     * Sees to it that the host does as the bridge needs, as far as this process may.
     *
     * @param host the device's host side
     * @param noSoftReset whether the device itself keeps its context in D3hot
     * @param deep whether the operator wants D3cold
     * @param name the device's, for the log
     * @return to be closed when the bridge ends
     */
    static D3coldHold take(HostBehind host, boolean noSoftReset, boolean deep, String name) {
        Optional<Boolean> allowed = read(host, name);
        if (allowed.isEmpty()) {
            return new D3coldHold(host, name, D3cold.UNKNOWN, Optional.empty());
        }
        // A device that forgets in D3hot has nothing to lose: the host does as it did.
        boolean wanted = noSoftReset ? deep : deep || allowed.get();
        if (allowed.get() == wanted) {
            return new D3coldHold(host, name, of(wanted), Optional.empty());
        }
        try {
            host.tell(side -> side.setD3coldAllowed(wanted));
            return new D3coldHold(host, name, of(wanted), Optional.of(wanted));
        } catch (VfioException refused) {
            LOG.log(
                    Level.WARNING,
                    "{0}: d3cold_allowed stays {1}: {2}",
                    name,
                    allowed.get() ? "1" : "0",
                    refused.getMessage());
            return new D3coldHold(host, name, of(!wanted), Optional.empty());
        }
    }

    private static D3cold of(boolean allowed) {
        return allowed ? D3cold.ALLOWED : D3cold.FORBIDDEN;
    }

    /** Reading it wakes nobody (spec C). */
    private static Optional<Boolean> read(HostBehind host, String name) {
        try {
            return Optional.of(host.ask(HostSide::d3coldAllowed));
        } catch (VfioException unknown) {
            LOG.log(
                    Level.DEBUG,
                    "{0}: d3cold_allowed is not known: {1}",
                    name,
                    unknown.getMessage());
            return Optional.empty();
        }
    }

    /** What it has come to. */
    D3cold d3cold() {
        return d3cold;
    }

    /**
     * Whether D3cold is still out of the host's reach, if it was: somebody may have written the
     * attribute since. Wakes nobody.
     */
    boolean kept() {
        return d3cold != D3cold.FORBIDDEN || !read(host, name).orElse(false);
    }

    /**
     * Forbids it again, if that is what it was made and the device has come back anew since, as one
     * that was removed and found again.
     */
    void renew() {
        if (kept()) {
            return;
        }
        try {
            host.tell(side -> side.setD3coldAllowed(false));
        } catch (VfioException refused) {
            LOG.log(
                    Level.WARNING,
                    "{0}: d3cold_allowed stays 1, and the device awake: {1}",
                    name,
                    refused.getMessage());
        }
    }

    /**
     * Makes it what it was, unless somebody else has changed it since. What fails is logged.
     * Closing again does nothing.
     */
    @Override
    public synchronized void close() {
        if (closed || written.isEmpty()) {
            return;
        }
        closed = true;
        boolean ours = written.get();
        try {
            if (host.ask(HostSide::d3coldAllowed) == ours) {
                host.tell(side -> side.setD3coldAllowed(!ours));
            }
        } catch (VfioException refused) {
            LOG.log(
                    Level.WARNING,
                    "{0}: d3cold_allowed is left as the bridge made it, {1}: {2}",
                    name,
                    ours ? "1" : "0",
                    refused.getMessage());
        }
    }
}
