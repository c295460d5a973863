/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Touches a page that is not there, very often, in every way a {@link Mapping} offers, and counts
 * what comes of it. Run by {@link MappingFaultTest} in virtual machines of several kinds.
 */
final class FaultProbe {
    private static final int PAGE = 4096;

    /** A way to touch the mapping; a value read is returned, a write returns 0. */
    private interface Access {
        long at(Mapping mapping, long offset);
    }

    private static long escaped;

    private FaultProbe() {}

    public static void main(String[] arguments) {
        int rounds = Integer.parseInt(arguments[0]);
        byte[] bytes = new byte[256];
        try (MemFd file = MemFd.create("fault", 2 * PAGE);
                Mapping mapping = Mapping.map(file.fd(), 0, 2 * PAGE, true);
                Memory memory = Memory.allocate(PAGE)) {
            Map<String, Access> accesses = new LinkedHashMap<>();
            accesses.put("getByte", (m, at) -> m.getByte(at));
            accesses.put("getShort", (m, at) -> m.getShort(at));
            accesses.put("getInt", (m, at) -> m.getInt(at));
            accesses.put("getLong", (m, at) -> m.getLong(at));
            accesses.put("putByte", (m, at) -> writing(() -> m.putByte(at, (byte) 1)));
            accesses.put("putShort", (m, at) -> writing(() -> m.putShort(at, (short) 1)));
            accesses.put("putInt", (m, at) -> writing(() -> m.putInt(at, 1)));
            accesses.put("putLong", (m, at) -> writing(() -> m.putLong(at, 1)));
            for (int length : new int[] {8, 256}) {
                accesses.put("get" + length, (m, at) -> writing(() -> m.get(at, bytes, 0, length)));
                accesses.put("put" + length, (m, at) -> writing(() -> m.put(at, bytes, 0, length)));
            }
            for (int length : new int[] {8, 2048}) {
                accesses.put(
                        "copyTo" + length,
                        (m, at) -> writing(() -> m.copyTo(at, memory, 0, length)));
                accesses.put(
                        "copyFrom" + length,
                        (m, at) -> writing(() -> m.copyFrom(at, memory, 0, length)));
            }
            accesses.forEach((name, access) -> touch(name, access, file, mapping, rounds));
            touchInOneLoop(file, mapping, rounds);
        }
        System.out.println("escaped=" + escaped);
        System.exit(escaped == 0 ? 0 : 1);
    }

    private static long writing(Runnable write) {
        write.run();
        return 0;
    }

    private static void touch(String name, Access access, MemFd file, Mapping mapping, int rounds) {
        file.truncate(2 * PAGE);
        long faults = 0;
        long values = 0;
        long sum = 0;
        // First alive until compiled, then dead, then alive again.
        for (int round = 0; round < 3 * rounds; round++) {
            if (round == rounds) {
                file.truncate(PAGE);
            } else if (round == 2 * rounds) {
                file.truncate(2 * PAGE);
            }
            try {
                sum += access.at(mapping, PAGE);
                values++;
            } catch (MappingFaultException fault) {
                faults++;
                if (fault.offset() != PAGE) {
                    escaped++;
                }
            } catch (Throwable other) {
                escaped++;
            }
            try {
                // Somewhere for a late error to come out, and proof that the page beside lives.
                mapping.getInt(0);
            } catch (Throwable late) {
                escaped++;
            }
        }
        check(name, faults == rounds && values == 2L * rounds && sum == 0);
        mapping.putLong(PAGE, 0);
    }

    /** The access inlined into a loop that has nothing else in it, with the value in use. */
    private static void touchInOneLoop(MemFd file, Mapping mapping, int rounds) {
        file.truncate(2 * PAGE);
        mapping.putLong(PAGE, 1);
        long alive = 0;
        for (int i = 0; i < 10; i++) {
            alive += sum(mapping, rounds);
        }
        file.truncate(PAGE);
        long dead = 0;
        for (int i = 0; i < rounds; i++) {
            try {
                dead += sum(mapping, 3);
                dead++;
            } catch (MappingFaultException expected) {
                // What is wanted.
            } catch (Throwable other) {
                escaped++;
            }
        }
        check("loop", alive == 10L * rounds && dead == 0);
    }

    private static long sum(Mapping mapping, int times) {
        long sum = 0;
        for (int i = 0; i < times; i++) {
            sum += mapping.getLong(PAGE);
        }
        return sum;
    }

    private static void check(String name, boolean good) {
        System.out.println(name + (good ? " ok" : " BAD"));
        if (!good) {
            escaped++;
        }
    }
}
