/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Standard output, which remembers why something could not be written, as PrintStream does not. */
final class StandardOutput extends PrintStream {
    private static final Path DESCRIPTOR = Path.of("/proc/self/fd/1");

    private final Recorder recorder;

    StandardOutput(OutputStream out) {
        this(new Recorder(out));
    }

    private StandardOutput(Recorder recorder) {
        super(recorder, false, StandardCharsets.UTF_8);
        this.recorder = recorder;
    }

    /**
     * The first failure, if there was one. A reader that has gone away, as {@code head} does, had
     * enough: that is none.
     */
    Optional<IOException> failure() {
        return toPipe() ? Optional.empty() : recorder.failure;
    }

    /** The failure's own text would depend on the language. */
    private static boolean toPipe() {
        try {
            return Files.readSymbolicLink(DESCRIPTOR).toString().matches("(pipe|socket):.*");
        } catch (IOException closed) {
            return false;
        }
    }

    /** Passes everything on. */
    private static final class Recorder extends OutputStream {
        private final OutputStream out;
        private volatile Optional<IOException> failure = Optional.empty();

        Recorder(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException failed) {
                if (failure.isEmpty()) {
                    failure = Optional.of(failed);
                }
                throw failed;
            }
        }
    }
}
