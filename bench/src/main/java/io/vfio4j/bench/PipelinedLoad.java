/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserHeader;

/**
 * Reads of BAR0, so many under way at once: each reply is followed by a new request. Replies that
 * came together are answered together, with one send.
 */
final class PipelinedLoad implements Load {
    private final Connection connection;
    private final int bytes;
    private final long[] sentAt = new long[Measure.IN_FLIGHT];
    private int underWay;
    private int queued;

    PipelinedLoad(Connection connection, int bytes) {
        this.connection = connection;
        this.bytes = bytes;
    }

    @Override
    public void run(Slice slice) {
        long begin = System.nanoTime();
        long done = 0;
        underWay = 0;
        queued = 0;
        for (int id = 0; id < Measure.IN_FLIGHT; id++) {
            queue(id, begin);
        }
        flush();
        long now = begin;
        while (underWay > 0) {
            int reply = connection.receive();
            int id = VfioUserHeader.id(connection.in(), reply) % Measure.IN_FLIGHT;
            connection.checkReply(reply, id, Requests.ACCESS + bytes);
            now = System.nanoTime();
            slice.latency(sentAt[id], now);
            done++;
            underWay--;
            if (slice.timeLeft(now)) {
                queue(id, now);
            }
            if (!connection.hasFrame()) {
                flush();
            }
        }
        slice.window(done, now - begin);
    }

    private void queue(int id, long now) {
        Memory out = connection.out();
        int request = queued * Requests.ACCESS;
        Requests.read(out, request, 0, 0, bytes);
        Requests.setId(out, request, id);
        sentAt[id] = now;
        queued++;
        underWay++;
    }

    private void flush() {
        if (queued > 0) {
            connection.send(0, queued * Requests.ACCESS);
            queued = 0;
        }
    }
}
