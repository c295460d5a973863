/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.UnixStream;

import java.nio.file.Path;
import java.time.Duration;

/** One connection that sends one kind of region access again and again. */
final class RegionClient implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Connection connection;
    private int id;
    private int request;
    private int reply;

    RegionClient(Path socket) {
        connection = new Connection(UnixStream.connect(socket, TIMEOUT), TIMEOUT);
        Negotiation.of(connection);
    }

    void prepareRead(int region, long offset, int count) {
        request = Requests.read(connection.out(), 0, region, offset, count);
        reply = Requests.ACCESS + count;
    }

    void prepareWrite(int region, long offset, int count) {
        request = Requests.write(connection.out(), 0, region, offset, count, false);
        reply = Requests.ACCESS;
    }

    void exchange() {
        id = (id + 1) & 0xffff;
        Requests.setId(connection.out(), 0, id);
        connection.send(0, request);
        connection.receiveReply(id, reply);
    }

    @Override
    public void close() {
        connection.close();
    }
}
