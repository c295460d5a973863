/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.Wakeup;
import io.vfio4j.power.Delays;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

class SleepingThermometerTest {
    private static final int D0 = 0;
    private static final int D3HOT = 3;
    private static final int BUTTON = 4;

    private final List<SleepingThermometer> made = new ArrayList<>();
    private final Driven thermometer =
            new Driven(sensor -> {
                made.add(new SleepingThermometer(sensor, Delays.ZERO));
                return made.getFirst();
            });

    @AfterEach
    void close() {
        thermometer.close();
    }

    @Test
    void shouldParkItsLoopWhenItsDriverPutsItToSleep() {
        thermometer.start();
        thermometer.awaitLooks(2);

        thermometer.writePmcsr(D3HOT);

        assertThat(thermometer.host.powerState()).isEqualTo("D3hot");
        int looks = thermometer.looks.get();
        thermometer.awaitParked();
        assertThat(thermometer.looks).hasValue(looks);

        thermometer.writePmcsr(D0);
        thermometer.awaitLooks(2);
    }

    @Test
    void shouldParkItsLoopInLowPower() {
        thermometer.start();
        thermometer.awaitLooks(2);

        thermometer.driver.enterLowPower();

        thermometer.awaitPowerState("D3hot");
        thermometer.awaitParked();

        thermometer.driver.exitLowPower();
        thermometer.awaitLooks(2);
    }

    @Test
    void shouldParkItsLoopWhileNobodyHasItOpen() {
        thermometer.start();
        thermometer.awaitLooks(2);

        thermometer.driver.close();

        thermometer.awaitPowerState("D3hot");
        thermometer.awaitParked();
    }

    @Test
    void shouldHaveItsLogWrittenBeforeItSleeps() {
        thermometer.driver.writeLong(0, Driven.LOG_ADDRESS, Driven.IOVA);
        thermometer.driver.writeInt(0, Driven.LOG_ENTRIES, 16);
        thermometer.start();
        for (int cycle = 0; cycle < 20; cycle++) {
            thermometer.awaitLooks(1);
            thermometer.writePmcsr(D3HOT);
            thermometer.writePmcsr(D0);
        }
        assertThat(thermometer.driver.readInt(0, Driven.STATUS)).isZero();
    }

    @Test
    void shouldWakeItsDriverByItsButton() {
        try (Wakeup wakeup = Wakeup.create()) {
            thermometer.driver.enterLowPower(wakeup);
            thermometer.awaitPowerState("D3hot");

            made.getFirst().press();

            assertThat(wakeup.await(Duration.ofSeconds(10))).isTrue();
            assertThat(thermometer.driver.readInt(0, Driven.STATUS)).isEqualTo(BUTTON);
        }
    }

    @Test
    void shouldSetPmeStatusWhenItsDriverPutItToSleep() {
        thermometer.writePmcsr(D3HOT);
        assertThat(thermometer.pmeStatus()).isFalse();

        made.getFirst().press();

        assertThat(thermometer.pmeStatus()).isTrue();
        assertThat(thermometer.host.powerState()).isEqualTo("D3hot");
    }

    @Test
    void shouldInterruptByItsButtonWhileItIsAwake() {
        made.getFirst().press();

        thermometer.awaitInterrupt();
    }
}
