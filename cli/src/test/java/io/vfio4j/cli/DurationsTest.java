/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.power.Delays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "200us,200000",
        "10ms,10000000",
        "1.5s,1500000000",
        "2m,120000000000",
        "1h,3600000000000",
        "0s,0"
    })
    void shouldReadTimes(String text, long nanos) {
        assertThat(Durations.parse(text)).contains(Duration.ofNanos(nanos));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "s",
                "-1s",
                "1 s",
                "1,5s",
                "1e3s",
                ".5s",
                "1sec",
                "1111111111s",
                "NaNs"
            })
    void shouldNotGuessTimes(String text) {
        assertThat(Durations.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"200000,0.2 ms", "10000000,10.0 ms", "999900000,999.9 ms", "1500000000,1.500 s"})
    void shouldWriteTimesAsLongAsTheyAre(long nanos, String text) {
        assertThat(Durations.format(Duration.ofNanos(nanos))).isEqualTo(text);
    }

    @Test
    void shouldReadDelays() {
        assertThat(DelaysOption.parse("spec")).isEqualTo(Delays.SPEC);
        assertThat(DelaysOption.parse("fast")).isEqualTo(Delays.ZERO);
        assertThat(DelaysOption.parse("slow")).isEqualTo(Delays.SLOW);
        Delays explicit = DelaysOption.parse("d3cold=1s,d3hot=2ms,d2=3us");
        assertThat(explicit.d3coldPowerOn()).isEqualTo(Duration.ofSeconds(1));
        assertThat(explicit.d3hot()).isEqualTo(Duration.ofMillis(2));
        assertThat(explicit.d2()).isEqualTo(Duration.ofNanos(3000));
        assertThat(DelaysOption.parse("d3hot=0s").d3coldPowerOn())
                .isEqualTo(Duration.ofMillis(100));
    }
}
