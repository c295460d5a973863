/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory this process may lock, for a sentence. */
final class LockedMemoryLimit {
    private static final Pattern LINE = Pattern.compile("Max locked memory\\s+(\\S+).*");

    private LockedMemoryLimit() {}

    static String text() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
                Matcher limit = LINE.matcher(line);
                if (limit.matches()) {
                    String bytes = limit.group(1);
                    return bytes.equals("unlimited") ? bytes : bytes + " bytes";
                }
            }
        } catch (IOException _) {
            // Then without the number.
        }
        return "an unknown amount";
    }
}
