/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another virtual machine with this module and its tests: for what could kill one. */
final class ChildJvm {
    /** How a child ended, and what it printed on either stream. */
    record Result(int exit, String output) {}

    private ChildJvm() {}

    static Process start(Class<?> main, List<String> options, String... arguments) {
        Path target = Path.of(System.getProperty("basedir", "."), "target").toAbsolutePath();
        String module = "io.vfio4j.linux";
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash", "-Xmx256m"));
        command.add("-XX:ErrorFile=" + target.resolve("hs_err_child_%p.log"));
        command.addAll(options);
        command.addAll(List.of("--module-path", target.resolve("classes").toString()));
        command.add("--patch-module=" + module + "=" + target.resolve("test-classes"));
        command.addAll(List.of("-m", module + "/" + main.getName()));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static Result finish(Process child) {
        try {
            String output =
                    new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!child.waitFor(30, TimeUnit.SECONDS)) {
                child.destroyForcibly();
            }
            return new Result(child.waitFor(), output);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
