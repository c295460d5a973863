/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;

import java.util.function.IntSupplier;

/** What the device behind answers, as the bridge's client is to have it. */
final class Refusals {
    private static final System.Logger LOG = System.getLogger(Refusals.class.getName());

    private Refusals() {}

    /** A request's result, or minus the errno that it was refused with. */
    static int of(IntSupplier request) {
        try {
            return request.getAsInt();
        } catch (VfioException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return -refused.errno().number();
        } catch (LinuxException refused) {
            LOG.log(System.Logger.Level.WARNING, refused.getMessage());
            return -refused.errno().number();
        } catch (IllegalStateException closed) {
            // Closed under the request.
            return -Errno.ENODEV.number();
        }
    }
}
