/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import org.jspecify.annotations.Nullable;

import java.text.MessageFormat;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.ResourceBundle;

/**
 * The log of the vfio4j command: one line a message on standard error, from {@code --log-level} on.
 * The JDK finds it as a service; it spares the command the logging framework and its start-up time.
 */
public final class LogToStderr extends System.LoggerFinder {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private static volatile System.Logger.Level threshold = System.Logger.Level.WARNING;
    private static volatile boolean traces;

    /** For the JDK. */
    public LogToStderr() {}

    /** From which level on messages are written, and whether with stack traces. */
    static void configure(Arguments arguments) {
        threshold = level(arguments.value(CommandOption.LOG_LEVEL).orElse("warning"));
        traces = arguments.has(CommandOption.DEBUG);
    }

    private static System.Logger.Level level(String text) {
        try {
            return System.Logger.Level.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new UsageException(
                    "--log-level is error, warning, info, debug or trace, not \"%s\""
                            .formatted(text));
        }
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Line(name);
    }

    private record Line(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return level != Level.OFF && level.getSeverity() >= threshold.getSeverity();
        }

        @Override
        public void log(
                Level level,
                @Nullable ResourceBundle bundle,
                @Nullable String message,
                @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                write(level, String.valueOf(message) + (thrown == null ? "" : ": " + thrown));
                if (thrown != null && traces) {
                    thrown.printStackTrace();
                }
            }
        }

        @Override
        public void log(
                Level level,
                @Nullable ResourceBundle bundle,
                @Nullable String format,
                @Nullable Object... parameters) {
            if (isLoggable(level)) {
                write(
                        level,
                        parameters == null || parameters.length == 0
                                ? String.valueOf(format)
                                : MessageFormat.format(String.valueOf(format), parameters));
            }
        }

        private static void write(Level level, String text) {
            System.err.println(
                    LocalTime.now(java.time.ZoneId.systemDefault()).format(TIME)
                            + " "
                            + level.getName().toLowerCase(Locale.ROOT)
                            + " "
                            + text.replace('\n', ' '));
        }
    }
}
