/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;

/**
 * A mapping whose file was truncated, touched in a virtual machine of its own: it must live, and
 * each fault must come out as a typed exception, where it happened. In a child, since what is
 * tested for is a crash.
 */
class MappingFaultTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "interpreted, -Xint, 200",
        "compiled by C1, -XX:TieredStopAtLevel=1, 500",
        "compiled by C2, -XX:-TieredCompilation -XX:CompileThreshold=500 -Xbatch, 600",
        "compiled as it comes, -XX:+TieredCompilation, 1000"
    })
    @Timeout(60)
    void shouldTurnEveryFaultIntoATypedException(String name, String options, String rounds) {
        List<String> all = new ArrayList<>(List.of(options.split(" ")));
        all.add("--enable-native-access=io.vfio4j.linux");
        ChildJvm.Result result = ChildJvm.finish(ChildJvm.start(FaultProbe.class, all, rounds));
        assertThat(result.output()).doesNotContain("BAD").endsWith("escaped=0\n");
        assertThat(result.exit()).isZero();
    }
}
