/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.ReleaseRequest;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import java.util.Optional;

/** Has a command that keeps a device open hear when the kernel wants it back. */
final class GiveBack implements AutoCloseable {
    private final Target target;
    private final Optional<ReleaseRequest> request;

    private GiveBack(Target target, Optional<ReleaseRequest> request) {
        this.target = target;
        this.request = request;
    }

    static GiveBack of(VfioDevice device) {
        return new GiveBack(device.target(), ReleaseRequest.of(device));
    }

    boolean asked() {
        return request.isPresent() && request.get().asked();
    }

    /**
     * Called before a command ends well that should have gone on.
     *
     * @throws CommandException if it ends because the device is wanted back
     */
    void check() {
        if (asked()) {
            throw new CommandException(
                    ("%s: the kernel wants the device back, because its driver is being unbound or it is"
                                    + " removed, so it was given back")
                            .formatted(target));
        }
    }

    @Override
    public void close() {
        request.ifPresent(ReleaseRequest::close);
    }
}
