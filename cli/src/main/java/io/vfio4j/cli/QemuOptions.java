/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What QEMU is to be told to have a device that is passed on.
 *
 * @param socket where the device is
 * @param wakeTimeout how long a request may wait for it
 */
record QemuOptions(Path socket, Duration wakeTimeout) {
    /** How long QEMU waits for an answer if it is not told otherwise. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What else there is to an answer than the wake. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    /** One word each, as a program passes them on. */
    List<String> words() {
        return List.of(
                "-object",
                "memory-backend-memfd,id=ram,size=SIZE,share=on",
                "-machine",
                "memory-backend=ram",
                "-device",
                device());
    }

    /** As a shell takes them. */
    String shell() {
        return words().stream()
                .map(word -> word.matches("[-A-Za-z0-9,=]+") ? word : quoted(word))
                .collect(Collectors.joining(" "));
    }

    /** Its socket is an object, which QEMU takes as JSON only. */
    private String device() {
        return Json.object(fields -> {
            fields.writeStringProperty("driver", "vfio-user-pci");
            fields.writeObjectPropertyStart("socket");
            fields.writeStringProperty("type", "unix");
            fields.writeStringProperty("path", socket.toAbsolutePath().toString());
            fields.writeEndObject();
            Duration needed = wakeTimeout.plus(MARGIN);
            if (needed.compareTo(PATIENCE) > 0) {
                fields.writeNumberProperty("x-msg-timeout", needed.toMillis());
            }
        });
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
