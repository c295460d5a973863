/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

/** On which processor a thread runs: for measurements, which otherwise measure the scheduler. */
public final class Cpu {
    private static final int LARGEST = 1023;

    private Cpu() {}

    /**
     * Binds the calling thread to one processor. A virtual thread would bind its carrier: call it
     * from platform threads only.
     *
     * @param cpu the processor's number, 0 to 1023
     * @throws LinuxException with EINVAL if there is no such processor, or none that this process
     *     may use
     * @throws IndexOutOfBoundsException if the number is outside 0 to 1023
     */
    public static void pin(int cpu) {
        if (cpu < 0 || cpu > LARGEST) {
            throw new IndexOutOfBoundsException("a processor's number is 0 to 1023: " + cpu);
        }
        Scratch scratch = Scratch.ofThread();
        for (int word = 0; word <= LARGEST / 64; word++) {
            scratch.putLong(word * 8L, word == cpu / 64 ? 1L << cpu % 64 : 0);
        }
        int result = Libc.schedSetaffinity(0, (LARGEST + 1) / 8, scratch.address());
        Libc.check(result, "sched_setaffinity", "to cpu " + cpu);
    }

    /**
     * Tells on which processor the calling thread is at the moment.
     *
     * @return the processor's number
     */
    public static int current() {
        return Libc.check(Libc.schedGetcpu(), "sched_getcpu", "");
    }
}
