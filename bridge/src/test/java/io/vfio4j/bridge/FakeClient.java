/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.device.ClientMemory;
import io.vfio4j.device.ServedClient;

import java.util.OptionalInt;

/**
 * A client without a socket.
 *
 * @param knowsPme whether it knows the PME interrupt
 */
record FakeClient(boolean knowsPme) implements ServedClient {
    @Override
    public ClientMemory memory() {
        throw new UnsupportedOperationException("no messages");
    }

    @Override
    public boolean bearsFaults() {
        return false;
    }

    @Override
    public OptionalInt process() {
        return OptionalInt.empty();
    }

    @Override
    public void hangUp() {}
}
