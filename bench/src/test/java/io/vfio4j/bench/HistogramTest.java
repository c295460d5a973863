/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.Random;

class HistogramTest {

    @Test
    void shouldTellSmallDurationsExactly() {
        Histogram histogram = new Histogram();
        for (int nanos = 1; nanos <= 500; nanos++) {
            histogram.add(nanos);
        }
        assertThat(histogram.total()).isEqualTo(500);
        assertThat(histogram.percentile(0.5)).isEqualTo(250);
        assertThat(histogram.percentile(0.99)).isEqualTo(495);
        assertThat(histogram.percentile(1)).isEqualTo(500);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldTellAnyDurationWithinHalfAPercent(long seed) {
        Random random = new Random(seed);
        Histogram histogram = new Histogram();
        long[] all = new long[10_000];
        for (int i = 0; i < all.length; i++) {
            // Every magnitude from nanoseconds to hours.
            all[i] = (long) Math.exp(random.nextDouble() * Math.log(1e13));
            histogram.add(all[i]);
        }
        Arrays.sort(all);
        for (double share : new double[] {0.01, 0.1, 0.5, 0.9, 0.99, 1}) {
            long exact = all[(int) Math.ceil(share * all.length) - 1];
            assertThat(histogram.percentile(share))
                    .as("percentile %s, seed %d", share, seed)
                    .isCloseTo(exact, Percentage.withPercentage(0.5));
        }
    }

    @Test
    void shouldTakeTheExtremes() {
        Histogram histogram = new Histogram();
        histogram.add(Long.MAX_VALUE);
        assertThat((double) histogram.percentile(0.5))
                .isCloseTo(Long.MAX_VALUE, within(Long.MAX_VALUE / 200.0));
        histogram.add(-1);
        assertThat(histogram.percentile(0.5)).isZero();
    }

    @Test
    void shouldTellNothingOfNothing() {
        assertThat(new Histogram().percentile(0.5)).isZero();
    }
}
