/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.ConnectionLostException;
import io.vfio4j.client.DeviceTimeoutException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.HostWatch;
import io.vfio4j.client.Target;
import io.vfio4j.uapi.HostEvent;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The host side of the device behind a bridge: sysfs, or the control socket beside the device's
 * own. Connected to when it is first needed, and again after its server has gone: a device behind a
 * socket may have no host side, and is passed on all the same.
 *
 * <p>Thread-safe.
 */
final class HostBehind implements AutoCloseable {
    private final Supplier<HostSide> connect;
    private Optional<HostSide> connected = Optional.empty();
    private boolean closed;

    HostBehind(Target target) {
        this(() -> HostSide.beside(target));
    }

    /** For tests: how to get there. */
    HostBehind(Supplier<HostSide> connect) {
        this.connect = connect;
    }

    /**
     * Asks something that may be asked twice.
     *
     * @throws io.vfio4j.client.VfioException as the question does; DeviceNotFoundException if there
     *     is no host side
     * @throws IllegalStateException if this is closed
     */
    <T> T ask(Function<HostSide, T> question) {
        try {
            return once(question);
        } catch (DeviceTimeoutException silent) {
            throw silent;
        } catch (ConnectionLostException gone) {
            // Its server may have been started again since it was last asked.
            return once(question);
        }
    }

    /** Has something done, not a second time if the connection is lost over it; as {@link #ask}. */
    void tell(Consumer<HostSide> request) {
        boolean _ =
                once(side -> {
                    request.accept(side);
                    return true;
                });
    }

    /** Watches; as {@link #ask}. */
    HostWatch watch(Consumer<HostEvent> listener) {
        return ask(side -> side.watch(listener));
    }

    private <T> T once(Function<HostSide, T> question) {
        HostSide side = side();
        try {
            return question.apply(side);
        } catch (ConnectionLostException gone) {
            forget(side);
            throw gone;
        }
    }

    private synchronized HostSide side() {
        if (closed) {
            throw new IllegalStateException("the bridge is closed");
        }
        if (connected.isEmpty()) {
            connected = Optional.of(connect.get());
        }
        return connected.get();
    }

    private synchronized void forget(HostSide lost) {
        if (connected.filter(lost::equals).isPresent()) {
            connected = Optional.empty();
        }
        lost.close();
    }

    /** Gives it up. Closing again does nothing. */
    @Override
    public synchronized void close() {
        closed = true;
        connected.ifPresent(HostSide::close);
        connected = Optional.empty();
    }
}
