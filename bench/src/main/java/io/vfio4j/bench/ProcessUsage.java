/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the threads of a process have used so far, as /proc tells it. A thread that has ended is not
 * in it any more.
 *
 * @param threads each thread's use, by its number
 */
record ProcessUsage(Map<String, ThreadUsage> threads) {
    ProcessUsage {
        threads = Map.copyOf(threads);
    }

    /**
     * One thread's use.
     *
     * @param name its name as the kernel has it, without the digits that tell it from its like
     * @param cpuNanos time on a processor (schedstat)
     * @param wakes how often it went to wait, and so was woken: voluntary context switches
     * @param preemptions how often it had to give way: involuntary context switches
     */
    record ThreadUsage(String name, long cpuNanos, long wakes, long preemptions) {
        ThreadUsage minus(ThreadUsage before) {
            return new ThreadUsage(
                    name,
                    cpuNanos - before.cpuNanos,
                    wakes - before.wakes,
                    preemptions - before.preemptions);
        }

        private ThreadUsage plus(ThreadUsage other) {
            return new ThreadUsage(
                    name,
                    cpuNanos + other.cpuNanos,
                    wakes + other.wakes,
                    preemptions + other.preemptions);
        }
    }

    /**
     * Looks at a process.
     *
     * @throws BenchException if there is no such process
     */
    static ProcessUsage of(long pid) {
        Map<String, ThreadUsage> threads = new HashMap<>();
        try (DirectoryStream<Path> tasks =
                Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path task : tasks) {
                try {
                    threads.put(String.valueOf(task.getFileName()), thread(task));
                } catch (NoSuchFileException ended) {
                    // Between the listing and the look.
                }
            }
        } catch (IOException gone) {
            throw new BenchException(
                    "process %d cannot be looked at: %s".formatted(pid, gone), gone);
        }
        return new ProcessUsage(threads);
    }

    private static ThreadUsage thread(Path task) throws IOException {
        String name = Files.readString(task.resolve("comm")).strip().replaceAll("[-#]?[0-9]+$", "");
        String schedstat = Files.readString(task.resolve("schedstat"));
        List<String> status = Files.readAllLines(task.resolve("status"));
        return new ThreadUsage(
                name,
                Long.parseLong(schedstat.substring(0, schedstat.indexOf(' '))),
                number(status, "voluntary_ctxt_switches:"),
                number(status, "nonvoluntary_ctxt_switches:"));
    }

    private static long number(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> Long.parseLong(line.substring(key.length()).strip()))
                .findFirst()
                .orElse(0L);
    }

    /**
     * What was used since an earlier look: by thread name, those that woke most first, those that
     * did nothing left out.
     */
    List<ThreadUsage> since(ProcessUsage before) {
        Map<String, ThreadUsage> byName = new HashMap<>();
        threads.forEach((number, now) -> {
            ThreadUsage then =
                    before.threads.getOrDefault(number, new ThreadUsage(now.name(), 0, 0, 0));
            byName.merge(now.name(), now.minus(then), ThreadUsage::plus);
        });
        List<ThreadUsage> used = new ArrayList<>(byName.values());
        used.removeIf(usage -> usage.wakes() == 0 && usage.preemptions() == 0);
        used.sort(Comparator.comparingLong(ThreadUsage::wakes).reversed());
        return used;
    }
}
