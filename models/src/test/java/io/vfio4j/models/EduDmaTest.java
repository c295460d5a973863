/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/** Edu's DMA engine: between its buffer and the client's memory. */
class EduDmaTest {
    private static final int BAR = 0;
    private static final int INTERRUPT_STATUS = 0x24;
    private static final int SOURCE = 0x80;
    private static final int DESTINATION = 0x88;
    private static final int COUNT = 0x90;
    private static final int COMMAND = 0x98;

    private static final long START = 1;
    private static final long TO_MEMORY = 2;
    private static final long INTERRUPT = 4;
    private static final long FAILED = 8;
    private static final long DMA_DONE = 0x100;

    private static final long DEVICE_BUFFER = 0x40000;
    private static final long MAPPED = 0x1_0000_0000L;
    private static final long BY_MESSAGE = 0x2_0000_0000L;
    private static final int WINDOW = 0x4000;

    private final Driven edu = new Driven(new Edu(Delays.ZERO));
    private final MemFd memory = MemFd.create("client", WINDOW);
    private final EventFd vector = EventFd.create();
    private final Gate gate = new Gate();

    @BeforeEach
    void prepare() {
        edu.busMaster(true);
        edu.map(MAPPED, memory);
        edu.mapForMessages(BY_MESSAGE, WINDOW);
        edu.interrupts(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, vector);
    }

    @AfterEach
    void close() {
        gate.open();
        edu.close();
        memory.close();
        vector.close();
    }

    private void start(long source, long destination, long count, long flags) {
        edu.store(BAR, SOURCE, 8, source);
        edu.store(BAR, DESTINATION, 8, destination);
        edu.store(BAR, COUNT, 8, count);
        edu.store(BAR, COMMAND, 8, START | flags);
    }

    private long command() {
        return edu.load(BAR, COMMAND, 8);
    }

    private void awaitEnd() {
        // A client that fails does so on the engine's thread.
        await().dontCatchUncaughtExceptions()
                .pollInterval(Duration.ofMillis(1))
                .until(() -> (command() & START) == 0);
    }

    /** What the command register reads in the end. */
    private long transfer(long source, long destination, long count, long flags) {
        start(source, destination, count, flags);
        awaitEnd();
        return command();
    }

    /** A transfer that the client has been asked for and does not answer. */
    private void startAndHoldUp(long flags) {
        edu.client.beforeAnswer(gate);
        start(BY_MESSAGE, DEVICE_BUFFER, 64, flags);
        gate.awaitReached();
    }

    private void put(long at, long value) {
        try (Memory word = Memory.allocate(8)) {
            word.putLong(0, value);
            memory.write(at, word, 0, 8);
        }
    }

    private long get(long at) {
        try (Memory word = Memory.allocate(8)) {
            memory.read(at, word, 0, 8);
            return word.getLong(0);
        }
    }

    @Test
    void shouldCarryBytesFromTheClientsMemoryAndBack() {
        put(0x100, 0x1122334455667788L);
        assertThat(transfer(MAPPED + 0x100, DEVICE_BUFFER + 0x10, 8, 0)).isZero();
        assertThat(transfer(DEVICE_BUFFER + 0x10, MAPPED + 0x2000, 8, TO_MEMORY))
                .isEqualTo(TO_MEMORY);
        assertThat(get(0x2000)).isEqualTo(0x1122334455667788L);
        assertThat(get(0x2008)).isZero();
    }

    @Test
    void shouldCarryItsWholeBuffer() {
        put(0, 1);
        put(4088, 2);
        put(4096, 3);
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 4096, 0)).isZero();
        assertThat(transfer(DEVICE_BUFFER, MAPPED + 0x2000, 4096, TO_MEMORY)).isEqualTo(TO_MEMORY);
        assertThat(get(0x2000)).isEqualTo(1);
        assertThat(get(0x2000 + 4088)).isEqualTo(2);
        assertThat(get(0x3000)).isZero();
    }

    @Test
    void shouldReachMemoryWithoutADescriptorByMessages() {
        assertThat(transfer(BY_MESSAGE, DEVICE_BUFFER, 16, 0)).isZero();
        assertThat(transfer(DEVICE_BUFFER, MAPPED, 8, TO_MEMORY)).isEqualTo(TO_MEMORY);
        assertThat(get(0)).isEqualTo(0x5a5a5a5a_5a5a5a5aL);
        assertThat(edu.client.messages()).containsExactly("read 0x200000000+16");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 8",
        "0x3ffff, 8",
        "0x40000, 4097",
        "0x40001, 4096",
        "0x40fff, 2",
        "0x41001, 0",
        "0x41000, 1",
        "0x40000, -1",
        "0x40000, 0x7fffffffffffffff",
        "-0x8000000000000000, 8",
        "-1, 8"
    })
    void shouldFailOutsideItsBuffer(String at, String count) {
        long buffer = Long.decode(at);
        assertThat(transfer(MAPPED, buffer, Long.decode(count), 0)).isEqualTo(FAILED);
        assertThat(transfer(buffer, MAPPED, Long.decode(count), TO_MEMORY))
                .isEqualTo(TO_MEMORY | FAILED);
    }

    @ParameterizedTest
    @CsvSource({"0x40fff, 1", "0x41000, 0", "0x40000, 4096"})
    void shouldReachTheLastByteOfItsBuffer(String at, int count) {
        assertThat(transfer(MAPPED, Long.decode(at), count, 0)).isZero();
    }

    @Test
    void shouldFailWhereTheClientHasNoMemory() {
        assertThat(transfer(0x1000, DEVICE_BUFFER, 8, 0)).isEqualTo(FAILED);
        assertThat(transfer(MAPPED + WINDOW - 4, DEVICE_BUFFER, 8, 0)).isEqualTo(FAILED);
    }

    @Test
    void shouldForgetAFailureWithTheNextTransfer() {
        assertThat(transfer(0x1000, DEVICE_BUFFER, 8, 0)).isEqualTo(FAILED);
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isZero();
    }

    @Test
    void shouldFailWithoutBusMastering() {
        edu.busMaster(false);
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isEqualTo(FAILED);
        edu.busMaster(true);
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {SOURCE, DESTINATION, COUNT})
    void shouldHaveRegistersOfTwoHalves(int register) {
        edu.store(BAR, register, 8, 0x1122334455667788L);
        assertThat(edu.load(BAR, register, 4)).isEqualTo(0x55667788);
        assertThat(edu.load(BAR, register + 4, 4)).isEqualTo(0x11223344);

        edu.store(BAR, register, 4, 0x99aabbccL);
        assertThat(edu.load(BAR, register, 8)).isEqualTo(0x1122334499aabbccL);
        edu.store(BAR, register + 4, 4, 0xddeeff00L);
        assertThat(edu.load(BAR, register, 8)).isEqualTo(0xddeeff0099aabbccL);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldHaveNoNarrowerRegisters(int width) {
        edu.store(BAR, SOURCE, width, 1);
        assertThat(edu.load(BAR, SOURCE, 8)).isZero();
        assertThat(edu.load(BAR, SOURCE, width)).isEqualTo((1L << (8 * width)) - 1);
    }

    @Test
    void shouldStartByTheLowHalfOfTheCommandOnly() {
        edu.store(BAR, COMMAND + 4, 4, START);
        assertThat(command()).isZero();
        edu.store(BAR, COMMAND, 4, START);
        awaitEnd();
        assertThat(command()).isEqualTo(FAILED);
    }

    @Test
    void shouldInterruptWhenDoneIfAsked() {
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isZero();
        assertThat(edu.load(BAR, INTERRUPT_STATUS, 4)).isZero();

        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, INTERRUPT)).isEqualTo(INTERRUPT);
        assertThat(vector.await(Duration.ofSeconds(10))).isTrue();
        assertThat(vector.drain()).isEqualTo(1);
        assertThat(edu.load(BAR, INTERRUPT_STATUS, 4)).isEqualTo(DMA_DONE);
    }

    @Test
    void shouldInterruptForAFailureToo() {
        start(0x1000, DEVICE_BUFFER, 8, INTERRUPT);
        assertThat(vector.await(Duration.ofSeconds(10))).isTrue();
        assertThat(command()).isEqualTo(INTERRUPT | FAILED);
    }

    @Test
    void shouldBeBusyUntilDoneAndTakeNoWritesMeanwhile() {
        startAndHoldUp(0);
        assertThat(command()).isEqualTo(START);
        edu.store(BAR, SOURCE, 8, 42);
        edu.store(BAR, COMMAND, 8, START | TO_MEMORY);
        assertThat(edu.load(BAR, SOURCE, 8)).isEqualTo(BY_MESSAGE);
        assertThat(command()).isEqualTo(START);

        gate.open();
        awaitEnd();
        assertThat(command()).isZero();
        assertThat(edu.client.messages()).hasSize(1);
    }

    @Test
    void shouldDropTheResultOfATransferThatAResetMeets() {
        startAndHoldUp(INTERRUPT);
        edu.reset();
        assertThat(command()).isZero();
        gate.open();

        // The next one runs after it, on the same thread.
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isZero();
        assertThat(edu.load(BAR, INTERRUPT_STATUS, 4)).isZero();
        assertThat(vector.drain()).isZero();
    }

    @Test
    void shouldNotMistakeATransferForTheSameOneBeforeAReset() {
        startAndHoldUp(0);
        edu.reset();
        start(BY_MESSAGE, DEVICE_BUFFER, 64, 0);
        assertThat(command()).isEqualTo(START);
        gate.open();
        awaitEnd();
        assertThat(edu.client.messages()).hasSize(2);
    }

    /** Its interrupt included: a device that sleeps must not interrupt. */
    @Test
    void shouldEndATransferBeforeItSleeps() {
        startAndHoldUp(INTERRUPT);
        edu.device.power().host().writeD3coldAllowed(false);
        edu.enter();
        CompletableFuture<Void> asleep = CompletableFuture.runAsync(edu::settle);
        await().pollInterval(Duration.ofMillis(1)).until(EduDmaTest::isParking);
        assertThat(asleep).isNotDone();

        gate.open();
        asleep.join();
        assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3HOT);
        assertThat(vector.drain()).isEqualTo(1);
        assertThat(command()).isEqualTo(INTERRUPT);
    }

    /** D3cold would make it forget what it had accepted. */
    @Test
    void shouldEndATransferBeforeItSleepsThoughItHasNotBegun() {
        startAndHoldUp(0);
        edu.reset();
        start(BY_MESSAGE, DEVICE_BUFFER, 64, INTERRUPT);
        edu.enter();
        CompletableFuture<Void> asleep = CompletableFuture.runAsync(edu::settle);
        await().pollInterval(Duration.ofMillis(1)).until(EduDmaTest::isParking);
        assertThat(edu.client.messages()).hasSize(1);

        gate.open();
        asleep.join();
        assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3COLD);
        assertThat(edu.client.messages()).hasSize(2);
        assertThat(vector.drain()).isEqualTo(1);
    }

    @Test
    void shouldNotWaitForEverForAClientThatDoesNotAnswer() {
        startAndHoldUp(0);
        edu.enter();
        edu.settle();
        assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3COLD);
        edu.exit();
        gate.open();
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isZero();
    }

    /** Later than a suspend waits for. */
    @Test
    void shouldInterruptAfterASleepForATransferThatEndedInIt() {
        startAndHoldUp(INTERRUPT);
        edu.device.power().host().writeD3coldAllowed(false);
        edu.enter();
        edu.settle();
        assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3HOT);
        gate.open();
        await().pollInterval(Duration.ofMillis(1)).until(EduDmaTest::isIdle);
        assertThat(vector.drain()).as("outside D0").isZero();

        edu.exit();
        assertThat(vector.drain()).isEqualTo(1);
        assertThat(edu.load(BAR, INTERRUPT_STATUS, 4)).isEqualTo(0x100);
        int status = (int) edu.load(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, PciRegs.PCI_STATUS, 2);
        assertThat(status & PciRegs.PCI_STATUS_INTERRUPT).as("the line is not in use").isZero();
    }

    private static boolean isIdle() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("edu dma"))
                .allMatch(thread -> thread.getState() == Thread.State.WAITING);
    }

    @Test
    void shouldFailATransferThatAnErrorEnds() {
        edu.client.beforeAnswer(() -> {
            throw new IllegalArgumentException("a client that fails, for the test");
        });
        assertThat(transfer(BY_MESSAGE, DEVICE_BUFFER, 64, 0)).isEqualTo(FAILED);

        edu.client.beforeAnswer(() -> {});
        assertThat(transfer(BY_MESSAGE, DEVICE_BUFFER, 64, 0)).isZero();
    }

    private static boolean isParking() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(it ->
                        it.getMethodName().equals("park") && it.getClassName().endsWith("EduDma"));
    }

    @Test
    void shouldWorkAfterASleep() {
        edu.enter();
        edu.settle();
        edu.exit();
        put(0, 42);
        assertThat(transfer(MAPPED, DEVICE_BUFFER, 8, 0)).isZero();
        assertThat(transfer(DEVICE_BUFFER, MAPPED + 8, 8, TO_MEMORY)).isEqualTo(TO_MEMORY);
        assertThat(get(8)).isEqualTo(42);
    }
}
