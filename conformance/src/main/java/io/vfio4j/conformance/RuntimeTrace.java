/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.PciAddress;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A device's usage count as the kernel's runtime PM core traces it ({@code events/rpm}), for
 * kernels without {@code power/runtime_usage}, which are those without CONFIG_PM_ADVANCED_DEBUG:
 * all of Debian's.
 *
 * <p>The core traces each get that resumes, each put, and the idle check that ends each resume, and
 * tells the count as it is then. It does not trace the two steps that an entry and an exit make
 * within their request (spec B3), but the put that ends the request. So the last event has the
 * count whenever nothing is under way.
 *
 * <p>Lifetime: from {@link #of} to {@link #close}; has a trace instance of its own, which other
 * users of tracing do not notice. One thread at a time.
 */
public final class RuntimeTrace implements AutoCloseable {
    private static final List<Path> ROOTS =
            List.of(Path.of("/sys/kernel/tracing"), Path.of("/sys/kernel/debug/tracing"));
    private static final List<String> EVENTS =
            List.of("rpm_idle", "rpm_resume", "rpm_suspend", "rpm_usage");

    /**
     * Keeps the last hundred events: only the last one counts, and each question reads them all.
     */
    private static final String KIBIBYTES = "8";

    private static final String COUNT = " cnt-";

    private final Path instance;
    private OptionalInt last = OptionalInt.empty();

    private RuntimeTrace(Path instance) {
        this.instance = instance;
    }

    /**
     * Begins to trace.
     *
     * @param device whose count
     * @return the trace, to be closed by the caller; empty if this kernel or this user cannot
     */
    public static Optional<RuntimeTrace> of(PciAddress device) {
        for (Path root : ROOTS) {
            Path instance =
                    root.resolve("instances").resolve("vfio4j-" + ProcessHandle.current().pid());
            if (!Files.isDirectory(root.resolve("events/rpm"))) {
                continue;
            }
            try {
                // One that is there was left behind by a process that had this one's number.
                Files.deleteIfExists(instance);
                Path made = Files.createDirectory(instance);
                RuntimeTrace trace = new RuntimeTrace(made);
                try {
                    trace.begin(device);
                    return Optional.of(trace);
                } catch (IOException refused) {
                    trace.close();
                }
            } catch (IOException _) {
                // No root, or no instances: then there is no trace for this user.
            }
        }
        return Optional.empty();
    }

    private void begin(PciAddress device) throws IOException {
        write("buffer_size_kb", KIBIBYTES);
        for (String event : EVENTS) {
            write("events/rpm/" + event + "/filter", "name == \"%s\"".formatted(device));
            write("events/rpm/" + event + "/enable", "1");
        }
    }

    private void write(String file, String value) throws IOException {
        Files.write(instance.resolve(file), value.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * The count at the last event.
     *
     * @return empty if there was no event yet
     */
    public OptionalInt usage() {
        try {
            String events =
                    Files.readString(instance.resolve("trace"), StandardCharsets.ISO_8859_1);
            int count = events.lastIndexOf(COUNT);
            if (count >= 0) {
                int from = count + COUNT.length();
                last =
                        OptionalInt.of(
                                Integer.parseInt(events, from, events.indexOf(' ', from), 10));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return last;
    }

    /**
     * Forgets all events until now: as before the device is opened, which makes new ones. Each
     * question reads all that there are, and takes the longer the more they are.
     */
    public void forget() {
        try {
            Files.write(instance.resolve("trace"), new byte[0]);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Ends the trace. */
    @Override
    public void close() {
        // The files in it are the kernel's, and go with the folder.
        try {
            Files.deleteIfExists(instance);
        } catch (IOException busy) {
            throw new UncheckedIOException(busy);
        }
    }
}
