/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Memory;

/**
 * Writes of BAR0 without reply, as fast as the server takes them. A read at the end, whose reply
 * comes after all of them are done, is part of the time.
 */
final class PostedLoad implements Load {
    private static final int BURST = 64;

    private final Connection connection;
    private final int bytes;

    PostedLoad(Connection connection, int bytes) {
        this.connection = connection;
        this.bytes = bytes;
    }

    @Override
    public void run(Slice slice) {
        Memory out = connection.out();
        int write = Requests.write(out, 0, 0, 0, bytes, true);
        int read = Requests.read(out, write, 0, 0, bytes);
        long begin = System.nanoTime();
        int sent = 0;
        do {
            for (int i = 0; i < BURST; i++) {
                Requests.setId(out, 0, sent);
                connection.send(0, write);
                sent++;
            }
        } while (slice.timeLeft(System.nanoTime()));
        connection.send(write, read);
        connection.receiveReply(0, Requests.ACCESS + bytes);
        slice.window(sent, System.nanoTime() - begin);
    }
}
