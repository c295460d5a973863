/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.conformance.KernelProfile.Known;

import org.junit.jupiter.api.Test;

import java.util.List;

/** What is expected of a kernel is decided by its release, point by point. */
class KernelProfileTest {
    private static KernelProfile release(String text) {
        return KernelProfile.ofRelease(text);
    }

    @Test
    void shouldReadTheReleaseThatAKernelCallsItself() {
        assertThat(release("6.1.0-38-amd64")).isEqualTo(KernelProfile.LINUX_6_1);
        assertThat(release("6.12.107+deb13-amd64")).isEqualTo(KernelProfile.LINUX_6_12);
        assertThat(release("7.3.4")).isEqualTo(KernelProfile.LINUX_7_3);
    }

    @Test
    void shouldKnowSinceWhenVectorsCanBeAdded() {
        for (String without : List.of("5.19", "6.1", "6.4.16")) {
            assertThat(release(without).dynamicMsix()).isFalse();
        }
        for (String with : List.of("6.5.0", "6.12", "6.17", "7.0", "7.3", "10.1")) {
            assertThat(release(with).dynamicMsix()).isTrue();
        }
    }

    @Test
    void shouldBeSureOfTheVerifiedKernels() {
        assertThat(KernelProfile.verified())
                .allSatisfy(kernel -> {
                    for (int feature = 0; feature < 16; feature++) {
                        assertThat(kernel.feature(feature)).isNotEqualTo(Known.EITHER);
                    }
                });
        assertThat(KernelProfile.LINUX_6_1.feature(8)).isEqualTo(Known.YES);
        assertThat(KernelProfile.LINUX_6_1.feature(9)).isEqualTo(Known.NO);
        assertThat(KernelProfile.LINUX_6_12.feature(10)).isEqualTo(Known.YES);
        assertThat(KernelProfile.LINUX_6_12.feature(11)).isEqualTo(Known.NO);
        assertThat(KernelProfile.LINUX_7_3.feature(13)).isEqualTo(Known.YES);
        assertThat(KernelProfile.LINUX_7_3.feature(14)).isEqualTo(Known.NO);
    }

    @Test
    void shouldTakeWhatCameBetweenVerifiedKernelsEitherWay() {
        for (String between : List.of("6.2", "6.8.0-45-generic", "6.11")) {
            assertThat(release(between).feature(8)).isEqualTo(Known.YES);
            assertThat(release(between).feature(9)).isEqualTo(Known.EITHER);
            assertThat(release(between).feature(10)).isEqualTo(Known.EITHER);
            assertThat(release(between).feature(11)).isEqualTo(Known.NO);
        }
        for (String between : List.of("6.13", "6.19", "7.0", "7.2")) {
            assertThat(release(between).feature(10)).isEqualTo(Known.YES);
            assertThat(release(between).feature(11)).isEqualTo(Known.EITHER);
            assertThat(release(between).feature(13)).isEqualTo(Known.EITHER);
            assertThat(release(between).feature(14)).isEqualTo(Known.NO);
        }
        for (String newer : List.of("7.4", "8.0")) {
            assertThat(release(newer).feature(13)).isEqualTo(Known.YES);
            assertThat(release(newer).feature(14)).isEqualTo(Known.EITHER);
        }
    }
}
