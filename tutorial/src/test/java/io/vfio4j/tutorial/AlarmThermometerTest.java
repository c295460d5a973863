/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AlarmThermometerTest {
    private final Driven thermometer = new Driven(AlarmThermometer::new);

    @AfterEach
    void close() {
        thermometer.close();
    }

    @Test
    void shouldInterruptWhenItGetsTooHot() {
        thermometer.driver.writeInt(0, Driven.LIMIT, 25_000);
        thermometer.start();
        thermometer.awaitLooks(3);
        assertThat(thermometer.driver.readInt(0, Driven.STATUS)).isZero();

        thermometer.temperature.set(25_001);

        thermometer.awaitInterrupt();
        assertThat(thermometer.driver.readInt(0, Driven.STATUS)).isEqualTo(1);
    }

    @Test
    void shouldInterruptAgainOnceThatIsCleared() {
        thermometer.driver.writeInt(0, Driven.LIMIT, 20_000);
        thermometer.start();
        thermometer.awaitInterrupt();

        thermometer.driver.writeInt(0, Driven.STATUS, 1);

        thermometer.awaitInterrupt();
    }

    @Test
    void shouldLookOnlyWhenItIsTold() {
        assertThat(thermometer.loop.getState()).isEqualTo(Thread.State.WAITING);
        thermometer.start();
        thermometer.awaitLooks(2);

        thermometer.driver.reset();

        thermometer.awaitParked();
        assertThat(thermometer.driver.readInt(0, Driven.CONTROL)).isZero();
    }

    @Test
    void shouldEndItsThreadWithTheDevice() {
        Driven other = new Driven(AlarmThermometer::new);
        other.close();

        await().until(() -> !other.loop.isAlive());
    }
}
