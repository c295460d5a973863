/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ClientMemory;
import io.vfio4j.device.ServedClient;

import java.util.OptionalInt;

/**
 * A session's client, as its device sees it.
 *
 * @param end ends the session, from any thread and without waiting
 */
record SessionClient(
        ClientMemory memory,
        boolean bearsFaults,
        boolean knowsPme,
        OptionalInt process,
        Runnable end)
        implements ServedClient {
    @Override
    public void hangUp() {
        end.run();
    }
}
