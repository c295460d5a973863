/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoggingThermometerTest {
    private final Driven thermometer = new Driven(LoggingThermometer::new);

    @AfterEach
    void close() {
        thermometer.close();
    }

    @Test
    void shouldFreeItsMemoryWhenItIsClosed() throws ReflectiveOperationException {
        thermometer.closeServer();

        thermometer.awaitFreed("entry");
    }

    @Test
    void shouldWriteWhatItSeesToTheDriversMemory() {
        thermometer.temperature.set(-5_000);
        thermometer.driver.writeLong(0, Driven.LOG_ADDRESS, Driven.IOVA);
        thermometer.driver.writeInt(0, Driven.LOG_ENTRIES, 4);
        thermometer.start();

        await().until(() -> thermometer.log.getInt(12) == -5_000);
        assertThat(thermometer.log.getInt(0)).isEqualTo(-5_000);
        thermometer.awaitLooks(4);
        assertThat(thermometer.log.getInt(16)).as("beyond the log's end").isZero();
        assertThat(thermometer.driver.readInt(0, Driven.LOG_NEXT)).isBetween(0, 3);
    }

    @Test
    void shouldSayThatThereIsNoMemoryWhereItWasSent() {
        thermometer.driver.writeLong(0, Driven.LOG_ADDRESS, 0xdead_0000L);
        thermometer.driver.writeInt(0, Driven.LOG_ENTRIES, 4);
        thermometer.start();

        thermometer.awaitInterrupt();
        assertThat(thermometer.driver.readInt(0, Driven.STATUS)).isEqualTo(2);
    }
}
