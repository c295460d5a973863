/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Another process that stores counters into a shared file, through every revocation and
 * restoration, and checks that none of its stores is ever lost. Run by {@link RevocableMemFdTest}.
 *
 * <p>Arguments: the file, its size, the first word's offset, the distance of words, their number.
 * Ends at the end of its input.
 */
final class StoreProbe {
    private StoreProbe() {}

    public static void main(String[] arguments) throws IOException {
        Storer storer =
                new Storer(
                        Path.of(arguments[0]),
                        Long.parseLong(arguments[1]),
                        Long.parseLong(arguments[2]),
                        Long.parseLong(arguments[3]),
                        Integer.parseInt(arguments[4]));
        System.out.println("storing");
        while (System.in.available() == 0) {
            storer.run(1000);
        }
        System.out.println("faults=" + (storer.faults.get() > 0) + " lost=" + storer.lost);
        storer.close();
    }

    /** The loop, for the probe's process and for a thread of the test's own. */
    static final class Storer implements AutoCloseable {
        private final Fd fd;
        private final Mapping mapping;
        private final long first;
        private final long distance;
        private static final Duration PATIENCE = Duration.ofSeconds(60);

        private final long[] stored;
        private long next = 1;
        private int word;

        /** How many stores did not fault. */
        final AtomicLong stores = new AtomicLong();

        /** How many revocations were met. */
        final AtomicLong faults = new AtomicLong();

        /** How many words were not what was last stored there. */
        final AtomicLong lost = new AtomicLong();

        Storer(Path file, long size, long first, long distance, int words) {
            fd = Fd.open(file, true);
            mapping = Mapping.map(fd, 0, size, true);
            this.first = first;
            this.distance = distance;
            stored = new long[words];
        }

        /** Stores to one word after the other, each a larger number. */
        void run(int times) {
            for (int i = 0; i < times; i++) {
                word = (word + 1) % stored.length;
                try {
                    mapping.putLong(first + word * distance, next);
                    stored[word] = next++;
                    stores.incrementAndGet();
                } catch (MappingFaultException revoked) {
                    faults.incrementAndGet();
                    checkAfterRestoration();
                    return;
                }
            }
        }

        /** The first value that can be read again must be the last one stored. */
        private void checkAfterRestoration() {
            for (int w = 0; w < stored.length; w++) {
                if (firstReadable(first + w * distance) != stored[w]) {
                    lost.incrementAndGet();
                }
            }
        }

        private long firstReadable(long offset) {
            // Bounded, so that a test which fails before it restores leaves no process spinning.
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (true) {
                try {
                    return mapping.getLong(offset);
                } catch (MappingFaultException stillRevoked) {
                    if (System.nanoTime() > deadline) {
                        throw stillRevoked;
                    }
                    Thread.onSpinWait();
                }
            }
        }

        @Override
        public void close() {
            mapping.close();
            fd.close();
        }
    }
}
