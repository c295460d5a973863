/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The launcher up to where it would build, which is not for a test of what is being built. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("").toAbsolutePath().resolveSibling("vfio4j");

    @Test
    void shouldSayWhatIsWrongWithTheJdkItIsTold(@TempDir Path folder) throws Exception {
        Path old = folder.resolve("jdk");
        Files.createDirectories(old.resolve("bin"));
        for (String program : new String[] {"java", "javac"}) {
            assertThat(
                            Files.createFile(old.resolve("bin").resolve(program))
                                    .toFile()
                                    .setExecutable(true))
                    .isTrue();
        }
        Files.writeString(old.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.1\"\n");
        Path link = Files.createSymbolicLink(folder.resolve("link"), LAUNCHER);

        assertThat(run(link, old))
                .isEqualTo(
                        "vfio4j: VFIO4J_JAVA_HOME=%s is no JDK of version 25 or newer\n"
                                .formatted(old));
        assertThat(run(link, Path.of("/nowhere"))).contains("/nowhere is no JDK");
    }

    private static String run(Path launcher, Path jdk) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(launcher.toString(), "--version").redirectErrorStream(true);
        builder.environment().put("VFIO4J_JAVA_HOME", jdk.toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        return output;
    }
}
