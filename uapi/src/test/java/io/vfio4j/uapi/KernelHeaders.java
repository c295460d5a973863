/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel's user headers in one directory: what they declare, as text, and what gcc makes of it.
 */
final class KernelHeaders {
    private static final List<String> FILES =
            List.of("linux/vfio.h", "linux/iommufd.h", "linux/pci_regs.h", "linux/kvm.h");
    private static final Pattern WORD = Pattern.compile("\\w+");
    private static final Pattern STRUCT =
            Pattern.compile("struct\\s+(\\w+)\\s*\\{(.*?)\\n\\}", Pattern.DOTALL);
    private static final Pattern DEFINE =
            Pattern.compile("^#\\s*define\\s+(\\w+)[ \\t]+\\S", Pattern.MULTILINE);
    private static final Pattern ENUM = Pattern.compile("enum[^{;]*\\{([^}]*)\\}");

    private final Path directory;
    private final List<String> present = new ArrayList<>();
    private final Map<String, String> text = new HashMap<>();
    private final Set<String> words = new TreeSet<>();
    private final Map<String, String> structs = new HashMap<>();

    KernelHeaders(Path directory) {
        this.directory = directory;
        for (String file : FILES) {
            if (Files.exists(directory.resolve(file))) {
                present.add(file);
                String code = withoutComments(read(directory.resolve(file)));
                text.put(file, code);
                WORD.matcher(code).results().forEach(word -> words.add(word.group()));
                Matcher struct = STRUCT.matcher(code);
                while (struct.find()) {
                    structs.put(struct.group(1), struct.group(2));
                }
            }
        }
    }

    /** The machine's own. */
    static KernelHeaders ofThisMachine() {
        return new KernelHeaders(Path.of("/usr/include"));
    }

    /** Those of a newer kernel; an AssertionError that says why if they cannot be had. */
    static KernelHeaders newer() {
        Path script = Path.of("lab/newer-headers");
        for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
            if (Files.exists(up.resolve("lab/newer-headers"))) {
                script = up.resolve("lab/newer-headers");
                break;
            }
        }
        return new KernelHeaders(Path.of(run(List.of("bash", script.toString())).strip()));
    }

    boolean has(String name) {
        return words.contains(name);
    }

    boolean hasStruct(String name) {
        return structs.containsKey(name);
    }

    boolean hasMember(String struct, String member) {
        return Pattern.compile("\\b" + member + "\\b").matcher(structs.get(struct)).find();
    }

    /** Names of structures in one header. */
    Set<String> structsOf(String file) {
        Set<String> names = new TreeSet<>();
        STRUCT.matcher(text.get(file)).results().forEach(struct -> names.add(struct.group(1)));
        return names;
    }

    /** Names of numbers in one header: macros with a value, and members of enumerations. */
    Set<String> numbersOf(String file) {
        Set<String> names = new TreeSet<>();
        DEFINE.matcher(text.get(file)).results().forEach(define -> names.add(define.group(1)));
        ENUM.matcher(text.get(file))
                .results()
                .forEach(members -> {
                    for (String member : members.group(1).split(",", -1)) {
                        Matcher name = WORD.matcher(member);
                        if (name.find()) {
                            names.add(name.group());
                        }
                    }
                });
        return names;
    }

    /** What gcc, with these headers, says that each C expression is worth. */
    Map<String, Long> evaluate(Set<String> expressions, Path scratch) {
        var program = new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n");
        present.forEach(file -> program.append("#include <" + file + ">\n"));
        program.append(
                """
                #define SIZEOF(type, member) sizeof(((type *)0)->member)
                #define SIGNED(type, member) _Generic(((type *)0)->member, __s32: 1, default: 0)
                static const struct { const char *text; long long value; } rows[] = {
                """);
        for (String expression : expressions) {
            program.append("    {\"%s\", (long long)(%s)},%n".formatted(expression, expression));
        }
        program.append(
                """
                };
                int main(void) {
                    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                        printf("%s=%lld\\n", rows[i].text, rows[i].value);
                }
                """);
        Path source = scratch.resolve("probe.c");
        Path binary = scratch.resolve("probe");
        try {
            Files.writeString(source, program);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        run(
                List.of(
                        "gcc",
                        "-w",
                        "-isystem",
                        directory.toString(),
                        "-o",
                        binary.toString(),
                        source.toString()));
        Map<String, Long> values = new HashMap<>();
        run(List.of(binary.toString()))
                .lines()
                .forEach(line -> {
                    int equals = line.lastIndexOf('=');
                    values.put(line.substring(0, equals), Long.valueOf(line.substring(equals + 1)));
                });
        return values;
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    private static String withoutComments(String code) {
        return Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL).matcher(code).replaceAll(" ");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String run(List<String> command) {
        try {
            Path errors = Files.createTempFile("kernel-headers", ".err");
            Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            String message = read(errors);
            Files.delete(errors);
            if (exit != 0) {
                throw new AssertionError(
                        "%s failed with %d: %s".formatted(command.getFirst(), exit, message));
            }
            return output;
        } catch (IOException e) {
            throw new AssertionError("cannot run %s".formatted(command.getFirst()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
