/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.ReleaseRequest;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.EventFdWatcher;

import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Hears when the host wants a device back: whoever asked for that waits until it is closed. Hearing
 * it is set up once, which takes an awake device; ending it asks the device nothing.
 */
final class ReleaseWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ReleaseWatch.class.getName());

    private final Optional<Heard> heard;

    private record Heard(ReleaseRequest request, EventFdWatcher.Watch watch) {}

    /**
     * Hears it from now on. It replaces an earlier one of the same device.
     *
     * @param watcher waits for the eventfd
     * @param asked called on the watcher's thread, each time: every ten seconds, until the device
     *     is closed; must not block
     * @throws io.vfio4j.client.ConnectionLostException if the device is gone
     */
    ReleaseWatch(VfioDevice device, EventFdWatcher watcher, Runnable asked) {
        heard = requestOf(device).map(request -> watched(request, watcher, asked));
    }

    private static Optional<ReleaseRequest> requestOf(VfioDevice device) {
        try {
            return ReleaseRequest.of(device);
        } catch (io.vfio4j.client.ConnectionLostException gone) {
            throw gone;
        } catch (VfioException refused) {
            LOG.log(
                    Level.INFO,
                    "{0}: it does not tell when the host wants it back: {1}",
                    device,
                    refused.getMessage());
            return Optional.empty();
        }
    }

    private static Heard watched(ReleaseRequest request, EventFdWatcher watcher, Runnable asked) {
        try {
            return new Heard(request, watcher.watch(request.eventFd(), asked));
        } catch (RuntimeException refused) {
            request.close();
            throw refused;
        }
    }

    /** Hears it no more, once this has returned. */
    @Override
    public void close() {
        heard.ifPresent(it -> {
            it.watch().close();
            it.request().close();
        });
    }
}
