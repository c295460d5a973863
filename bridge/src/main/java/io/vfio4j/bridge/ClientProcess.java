/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.device.ServedClient;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The program that a client is, for the operator.
 *
 * @param process its number; empty if it is not to be seen from here
 * @param command its name; empty without a number
 */
record ClientProcess(OptionalInt process, String command) {
    private static final Path PROC = Path.of("/proc");

    static ClientProcess of(ServedClient client) {
        OptionalInt process = client.process();
        return new ClientProcess(process, process.isPresent() ? command(process.getAsInt()) : "");
    }

    /** A program may give itself any name. */
    private static String command(int process) {
        try {
            Path file = PROC.resolve(Integer.toString(process)).resolve("comm");
            String name = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
            return name.replaceAll("[^ -~]", "?");
        } catch (IOException gone) {
            return "gone";
        }
    }

    /** As {@code bridge/client} has it. */
    String attribute() {
        return process.isPresent() ? process.getAsInt() + " " + command : "unknown";
    }

    /** As a sentence has it: {@code qemu-system-x86 (process 4711)}. */
    @Override
    public String toString() {
        return process.isPresent()
                ? "%s (process %d)".formatted(command, process.getAsInt())
                : "a program that cannot be seen from here";
    }
}
