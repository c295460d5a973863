/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.power.BridgePromise.D3cold;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * "A guest that reads No_Soft_Reset=1 relies on its context surviving D3hot. If the host may reach
 * D3cold, the context is lost: present No_Soft_Reset=0, or keep the host at D3hot."
 */
class BridgePromiseTest {
    @ParameterizedTest(name = "device {0}, --deep {1}, D3cold {2}: shown {3}, deep {4}")
    @CsvSource({
        // The device keeps its context in D3hot: kept by default, given up only where it must be.
        "true,  false, FORBIDDEN, true,  false",
        "true,  false, ALLOWED,   false, true",
        "true,  false, UNKNOWN,   false, true",
        // The operator chooses the deepest sleep, if there is one.
        "true,  true,  ALLOWED,   false, true",
        "true,  true,  UNKNOWN,   false, true",
        "true,  true,  FORBIDDEN, true,  false",
        // The device loses it anyway.
        "false, false, FORBIDDEN, false, false",
        "false, false, ALLOWED,   false, true",
        "false, false, UNKNOWN,   false, true",
        "false, true,  FORBIDDEN, false, false",
        "false, true,  ALLOWED,   false, true",
        "false, true,  UNKNOWN,   false, true",
    })
    void shouldShowWhatIsKept(
            boolean noSoftReset, boolean deepAsked, D3cold d3cold, boolean shown, boolean deep) {
        BridgePromise promise = BridgePromise.of(noSoftReset, deepAsked, d3cold);
        assertThat(promise.noSoftReset()).isEqualTo(shown);
        assertThat(promise.deep()).isEqualTo(deep);
        assertThat(promise.reason()).startsWith("No_Soft_Reset=" + (shown ? 1 : 0) + " is shown");
        // The promise itself: who reads 1 keeps his context.
        assertThat(promise.noSoftReset() && (promise.deep() || !noSoftReset)).isFalse();
    }

    private static String reason(boolean noSoftReset, boolean deepAsked, D3cold d3cold) {
        return BridgePromise.of(noSoftReset, deepAsked, d3cold).reason();
    }

    /** "Say in info which of the two is in force and why." */
    @Test
    void shouldSayWhy() {
        assertThat(reason(true, false, D3cold.FORBIDDEN))
                .contains("d3cold_allowed is 0", "sleeps in D3hot", "--deep lets it go deeper")
                .doesNotContain("may not write");
        assertThat(reason(true, true, D3cold.FORBIDDEN))
                .contains("d3cold_allowed is 0", "this process may not write it")
                .doesNotContain("--deep");
        assertThat(reason(true, false, D3cold.ALLOWED))
                .contains("d3cold_allowed is 1", "this process may not write it");
        assertThat(reason(true, true, D3cold.ALLOWED)).contains("--deep lets the host go");
        assertThat(reason(true, false, D3cold.UNKNOWN)).contains("not to be seen from here");
        assertThat(reason(false, false, D3cold.ALLOWED))
                .contains("the device itself loses its context");
    }

    /** A sleep that would lose what a kept device is kept for is none. */
    @Test
    void shouldLetAKeptDeviceSleepOnlyIfItsContextSurvives() {
        for (Reentry reentry : Reentry.values()) {
            assertThat(BridgeUnderTest.keeping(BridgeUnderTest.KEPT, reentry).sleepsWhileKept())
                    .isTrue();
            assertThat(BridgeUnderTest.keeping(BridgeUnderTest.DEEP, reentry).sleepsWhileKept())
                    .isFalse();
        }
        assertThat(BridgeUnderTest.DEFAULT.sleepsWhileKept()).isFalse();
    }
}
