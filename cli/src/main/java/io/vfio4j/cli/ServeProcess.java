/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@code vfio4j serve} in a process of its own, by a Java virtual machine like this one. */
final class ServeProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Process process;

    private ServeProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts it.
     *
     * @param model of what kind the devices are
     * @param sockets where each is
     * @return the process, once it serves all of them
     * @throws CommandException if it ends before that; what it has to say goes to standard error
     */
    static ServeProcess start(ServedModel model, List<Path> sockets) throws IOException {
        List<String> command = new ArrayList<>(java());
        command.add("serve");
        sockets.forEach(socket -> command.add(model + "=" + socket));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ServeProcess started = new ServeProcess(process);
        BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
        for (int i = 0; i < sockets.size(); i++) {
            if (said.readLine() == null) {
                started.close();
                throw new CommandException("the process that serves the devices ended early");
            }
        }
        return started;
    }

    /** As the launcher starts a server. */
    private static List<String> java() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options("java.options"));
        command.addAll(options("serve.options"));
        Module module = Main.class.getModule();
        if (module.isNamed()) {
            command.add("--enable-native-access=io.vfio4j.linux");
            command.addAll(List.of("--module-path", System.getProperty("jdk.module.path", "")));
            command.addAll(List.of("--module", module.getName() + "/" + Main.class.getName()));
        } else {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.addAll(List.of("--class-path", System.getProperty("java.class.path", "")));
            command.add(Main.class.getName());
        }
        return command;
    }

    /** What the launcher gives to Java as an argument file: an option a line, and comments. */
    private static List<String> options(String file) throws IOException {
        try (InputStream text = ServeProcess.class.getResourceAsStream(file)) {
            if (text == null) {
                throw new IOException("the program lacks its file " + file);
            }
            return new String(text.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
        }
    }

    long pid() {
        return process.pid();
    }

    /** Ends it, and waits until it has removed its sockets. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE)) {
                Process _ = process.destroyForcibly();
            }
        } catch (InterruptedException stopped) {
            Process _ = process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
