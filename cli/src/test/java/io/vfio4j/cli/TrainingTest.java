/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class TrainingTest {
    @Test
    void shouldRunTheUsualCommandsAsTheyAreMeant() {
        assertThatCode(() -> Training.main(new String[0])).doesNotThrowAnyException();
    }
}
