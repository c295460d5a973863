/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

class BenchOptionsTest {
    private static final Path SOCKET = Path.of("/run/bench.sock");

    @Test
    void shouldMeasureEverythingUnlessToldOtherwise() {
        BenchOptions options = BenchOptions.of(List.of(SOCKET));
        assertThat(options.rows()).isEmpty();
        assertThat(options.cpu()).isEmpty();
        assertThat(options.withCpus(1, 0).floorCpu()).isEqualTo(OptionalInt.of(0));
        assertThat(options.withTime(Duration.ofSeconds(1)).time()).hasSeconds(1);
    }

    @Test
    void shouldRefuseARunWithoutServer() {
        assertThatThrownBy(() -> BenchOptions.of(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one");
    }

    @Test
    void shouldRefuseAServerNamedTwice() {
        assertThatThrownBy(() -> BenchOptions.of(List.of(SOCKET, SOCKET)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("twice");
    }

    @Test
    void shouldRefuseNoTime() {
        BenchOptions options = BenchOptions.of(List.of(SOCKET));
        assertThatThrownBy(() -> options.withTime(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseAnUnknownRowAndSayWhichThereAre() {
        BenchOptions options = BenchOptions.of(List.of(SOCKET));
        assertThatThrownBy(() -> options.withRows(Set.of("read 5 B")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("read 5 B")
                .hasMessageContaining("read 4 B, 16 in flight");
    }
}
