/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Memory;

/** Reads or writes of BAR0, each waiting for its reply before the next. */
final class RegionLoad implements Load {
    private final Connection connection;
    private final boolean write;
    private final int bytes;
    private int id;

    RegionLoad(Connection connection, boolean write, int bytes) {
        this.connection = connection;
        this.write = write;
        this.bytes = bytes;
    }

    @Override
    public void run(Slice slice) {
        Memory out = connection.out();
        int request =
                write
                        ? Requests.write(out, 0, 0, 0, bytes, false)
                        : Requests.read(out, 0, 0, 0, bytes);
        int reply = Requests.ACCESS + (write ? 0 : bytes);
        long before = System.nanoTime();
        do {
            id = (id + 1) & 0xffff;
            Requests.setId(out, 0, id);
            connection.send(0, request);
            connection.receiveReply(id, reply);
            long after = System.nanoTime();
            slice.request(before, after);
            before = after;
        } while (slice.goesOn(before));
    }
}
