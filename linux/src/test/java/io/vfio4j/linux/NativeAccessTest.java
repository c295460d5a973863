/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.List;

/** Without native access every call says which flag is missing, the second like the first. */
@Timeout(30)
class NativeAccessTest {
    /** Run in a virtual machine of its own. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] arguments) {
            for (int i = 0; i < 2; i++) {
                try {
                    EventFd.create().close();
                    System.out.println("allowed");
                } catch (IllegalStateException denied) {
                    System.out.println(denied.getMessage());
                }
            }
        }
    }

    @Test
    void shouldNameTheMissingFlag() {
        String message =
                "native access is denied to vfio4j: start java with"
                        + " --enable-native-access=io.vfio4j.linux\n";
        assertThat(run("--illegal-native-access=deny")).isEqualTo(message + message);
    }

    @Test
    void shouldWorkWithTheFlagAndPrintNoWarning() {
        assertThat(run("--enable-native-access=io.vfio4j.linux")).isEqualTo("allowed\nallowed\n");
    }

    private static String run(String option) {
        return ChildJvm.finish(ChildJvm.start(Probe.class, List.of(option))).output();
    }
}
