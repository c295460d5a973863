/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Memory;

/** Posted writes to the bench device's irq register, each until its interrupt has come. */
final class InterruptLoad implements Load {
    private final Connection connection;
    private final EventFd eventFd;

    /**
     * The load; vector 0 is configured already.
     *
     * @param connection to the server
     * @param eventFd what vector 0 signals
     */
    InterruptLoad(Connection connection, EventFd eventFd) {
        this.connection = connection;
        this.eventFd = eventFd;
    }

    @Override
    public void run(Slice slice) {
        Memory out = connection.out();
        int write =
                Requests.write(out, 0, BenchDevice.REGISTERS, BenchDevice.IRQ, Integer.BYTES, true);
        eventFd.drain();
        long before = System.nanoTime();
        do {
            connection.send(0, write);
            if (!eventFd.await(connection.timeout())) {
                throw new RowFailure(
                        "no interrupt within " + connection.timeout().toMillis() + " ms");
            }
            eventFd.drain();
            long after = System.nanoTime();
            slice.request(before, after);
            before = after;
        } while (slice.goesOn(before));
    }
}
