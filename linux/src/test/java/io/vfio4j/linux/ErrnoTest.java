/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Error numbers are the kernel header's, names and all. */
class ErrnoTest {
    private static final Pattern DEFINITION = Pattern.compile("#define\\s+(E\\w+)\\s+(\\d+)\\b.*");

    @Test
    void shouldPrintNameNumberAndMeaning() {
        assertThat(Errno.EINVAL).hasToString("EINVAL (22)");
        assertThat(Errno.of(22)).isEqualTo(Errno.EINVAL);
        assertThat(Errno.of(22).name()).isEqualTo("EINVAL");
        assertThat(Errno.of(22).description()).isEqualTo("invalid argument");
    }

    @Test
    void shouldTakeNumbersThatLinuxDoesNotDefine() {
        for (int number : new int[] {Integer.MIN_VALUE, -1, 0, 41, 58, 134, 4000}) {
            assertThat(Errno.of(number).name()).isEqualTo("errno " + number);
            assertThat(Errno.of(number).description()).isEqualTo("unknown error");
        }
    }

    @Test
    void shouldMakeASentence() {
        assertThat(new LinuxException(Errno.ECONNREFUSED, "connect", "/tmp/x.sock"))
                .hasMessage("connect /tmp/x.sock: ECONNREFUSED (connection refused)");
        assertThat(new LinuxException(Errno.EIO, "read", ""))
                .hasMessage("read: EIO (input/output error)");
    }

    @Test
    void shouldAgreeWithTheKernelsHeaders() throws IOException {
        Map<String, Integer> header = new TreeMap<>();
        for (String name : new String[] {"errno-base.h", "errno.h"}) {
            Path file = Path.of("/usr/include/asm-generic", name);
            Assumptions.assumeTrue(Files.exists(file), "no kernel headers");
            for (String line : Files.readAllLines(file)) {
                Matcher definition = DEFINITION.matcher(line);
                if (definition.matches()) {
                    header.put(definition.group(1), Integer.valueOf(definition.group(2)));
                }
            }
        }
        Map<String, Integer> constants = new TreeMap<>();
        Arrays.stream(Errno.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()))
                .forEach(field -> {
                    try {
                        Errno errno = (Errno) field.get(null);
                        assertThat(errno.name()).isEqualTo(field.getName());
                        constants.put(field.getName(), errno.number());
                    } catch (IllegalAccessException impossible) {
                        throw new AssertionError(impossible);
                    }
                });
        assertThat(constants).isEqualTo(header);
    }
}
