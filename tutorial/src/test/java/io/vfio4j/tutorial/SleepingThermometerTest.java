/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.Wakeup;
import io.vfio4j.power.Delays;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

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
    void shouldEndWhatItIsAtBeforeItSleeps() {
        thermometer.driver.writeLong(0, Driven.LOG_ADDRESS, Driven.IOVA);
        thermometer.driver.writeInt(0, Driven.LOG_ENTRIES, 1024);
        Semaphore look = thermometer.holdSensor();
        thermometer.start();
        await().until(look::hasQueuedThreads);

        var asleep = CompletableFuture.runAsync(() -> thermometer.writePmcsr(D3HOT));
        await().until(() -> asleep.isDone() || settles());
        look.release();
        asleep.join();

        thermometer.writePmcsr(D0);
        assertThat(thermometer.driver.readInt(0, Driven.STATUS)).as("no DMA failed").isZero();
        assertThat(thermometer.log.getInt(0)).isEqualTo(thermometer.temperature.get());
    }

    /** Whether a thread waits for the loop. */
    private static boolean settles() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame ->
                        frame.getMethodName().equals("settle")
                                && frame.getClassName().endsWith("SleepingThermometer"));
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

    /** A press on the way to D0 is neither a wake event nor an interrupt when it happens. */
    @Test
    void shouldInterruptOnceAwakeForWhatItsDriverHasNotSeen() {
        thermometer.writePmcsr(D3HOT);
        made.getFirst().press();
        assertThat(thermometer.interrupt.drain()).as("outside D0").isZero();

        thermometer.writePmcsr(D0);

        thermometer.awaitInterrupt();
    }

    @Test
    void shouldRaiseItsAlarmOnceAwakeIfTheSensorTookTooLong() {
        thermometer.driver.writeInt(0, Driven.LIMIT, 30_000);
        Semaphore look = thermometer.holdSensor();
        thermometer.start();
        await().until(look::hasQueuedThreads);
        thermometer.temperature.set(31_000);
        thermometer.writePmcsr(D3HOT);
        look.release();
        thermometer.awaitParked();
        assertThat(thermometer.interrupt.drain()).as("outside D0").isZero();

        thermometer.writePmcsr(D0);

        thermometer.awaitInterrupt();
    }

    @Test
    void shouldWakeInSilenceIfNothingHappened() {
        thermometer.writePmcsr(D3HOT);
        thermometer.writePmcsr(D0);

        assertThat(thermometer.interrupt.drain()).isZero();
    }

    @Test
    void shouldFreeItsMemoryWhenItIsClosed() throws ReflectiveOperationException {
        thermometer.closeServer();

        thermometer.awaitFreed("entry");
    }

    @Test
    void shouldInterruptByItsButtonWhileItIsAwake() {
        made.getFirst().press();

        thermometer.awaitInterrupt();
    }
}
