/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What was logged meanwhile, kept off the console. */
final class LogLines extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger("io.vfio4j");
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

    LogLines() {
        setLevel(Level.ALL);
        logger.addHandler(this);
        logger.setUseParentHandlers(false);
    }

    /** Each as "LEVEL text"; an exception is its first line. */
    List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    @Override
    public void publish(LogRecord line) {
        String text = String.valueOf(line.getMessage());
        if (line.getParameters() != null) {
            text = MessageFormat.format(text, line.getParameters());
        }
        String why = line.getThrown() == null ? "" : ": " + line.getThrown();
        lines.add(line.getLevel() + " " + text + why);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
    }
}
