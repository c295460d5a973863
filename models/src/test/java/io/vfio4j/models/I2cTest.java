/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

/** The I2C controller as the data sheet of the DesignWare one has it, register by register. */
class I2cTest {
    private static final int CON = 0x00;
    private static final int TAR = 0x04;
    private static final int DATA_CMD = 0x10;
    private static final int SS_SCL_HCNT = 0x14;
    private static final int INTR_STAT = 0x2c;
    private static final int INTR_MASK = 0x30;
    private static final int RAW_INTR_STAT = 0x34;
    private static final int RX_TL = 0x38;
    private static final int TX_TL = 0x3c;
    private static final int CLR_INTR = 0x40;
    private static final int CLR_RX_UNDER = 0x44;
    private static final int CLR_TX_ABRT = 0x54;
    private static final int CLR_STOP_DET = 0x60;
    private static final int ENABLE = 0x6c;
    private static final int STATUS = 0x70;
    private static final int TXFLR = 0x74;
    private static final int RXFLR = 0x78;
    private static final int TX_ABRT_SOURCE = 0x80;
    private static final int ENABLE_STATUS = 0x9c;
    private static final int COMP_PARAM_1 = 0xf4;
    private static final int COMP_VERSION = 0xf8;
    private static final int COMP_TYPE = 0xfc;

    private static final int PMCSR = 0x44;

    private static final int READ = 1 << 8;
    private static final int STOP = 1 << 9;
    private static final int RESTART = 1 << 10;

    private static final int RX_UNDER = 1 << 0;
    private static final int RX_OVER = 1 << 1;
    private static final int RX_FULL = 1 << 2;
    private static final int TX_OVER = 1 << 3;
    private static final int TX_EMPTY = 1 << 4;
    private static final int TX_ABRT = 1 << 6;
    private static final int STOP_DET = 1 << 9;
    private static final int START_DET = 1 << 10;
    private static final int ON_HOLD = 1 << 13;

    private static final int ENABLED = 1;
    private static final int ABORT = 1 << 1;
    private static final int BLOCK = 1 << 2;

    private static final int DEPTH = 64;
    private static final int SMALL = 0x50;
    private static final int LARGE = 0x54;
    private static final int SLOW = 0x60;
    private static final int NOBODY = 0x51;

    private final Gate gate = new Gate();
    private final SlowTarget slow = new SlowTarget(gate);
    private final Driven i2c =
            new Driven(
                    new I2c(
                            Delays.ZERO,
                            new I2cBus(
                                    Map.of(
                                            SMALL, Eeprom.of24c02(),
                                            LARGE, Eeprom.of24c32(),
                                            SLOW, slow))));

    @AfterEach
    void close() {
        gate.open();
        i2c.close();
    }

    private int load(int register) {
        return (int) i2c.load(0, register, 4);
    }

    private void store(int register, int value) {
        i2c.store(0, register, 4, value);
    }

    private static void soon(Callable<Boolean> condition) {
        // A target that fails does so on the bus's thread.
        await().dontCatchUncaughtExceptions().pollInterval(Duration.ofMillis(1)).until(condition);
    }

    private void enable(int target) {
        store(ENABLE, 0);
        awaitIdle();
        store(TAR, target);
        store(ENABLE, ENABLED);
    }

    private void command(int... commands) {
        for (int command : commands) {
            store(DATA_CMD, command);
        }
    }

    private void awaitRaw(int bits) {
        soon(() -> (load(RAW_INTR_STAT) & bits) == bits);
    }

    private void awaitIdle() {
        soon(() -> (load(STATUS) & 0x21) == 0);
    }

    private List<Integer> received(int count) {
        soon(() -> load(RXFLR) == count);
        return IntStream.range(0, count).map(_ -> load(DATA_CMD)).boxed().toList();
    }

    @Nested
    class Identification {
        @Test
        void shouldBeADesignWareI2cController() {
            assertThat(load(COMP_TYPE)).isEqualTo(0x44570140);
            assertThat(load(COMP_VERSION)).isEqualTo(0x3230312a);
        }

        @Test
        void shouldSayHowDeepItsFifosAre() {
            int parameters = load(COMP_PARAM_1);
            assertThat((parameters >> 8 & 0xff) + 1).isEqualTo(DEPTH);
            assertThat((parameters >> 16 & 0xff) + 1).isEqualTo(DEPTH);
            assertThat(parameters & 3).as("32 bits wide").isEqualTo(2);
            assertThat(parameters >> 2 & 3).as("fast mode").isEqualTo(2);
        }

        @ParameterizedTest
        @ValueSource(ints = {COMP_TYPE, COMP_VERSION, COMP_PARAM_1, STATUS, TXFLR, INTR_STAT})
        void shouldNotLetThatBeWritten(int register) {
            int before = load(register);
            store(register, ~before);
            assertThat(load(register)).isEqualTo(before);
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 8})
        void shouldBeFourBytesWide(int width) {
            i2c.store(0, CON, width, 0);
            assertThat(load(CON)).isEqualTo(0x65);
            assertThat(i2c.load(0, CON, width)).isEqualTo(-1L >>> (64 - 8 * width));
        }
    }

    @Nested
    class EnableAndDisable {
        @Test
        void shouldFollowEnableWithItsStatus() {
            assertThat(load(ENABLE_STATUS)).isZero();
            store(ENABLE, ENABLED);
            assertThat(load(ENABLE_STATUS)).isEqualTo(1);
            store(ENABLE, 0);
            assertThat(load(ENABLE_STATUS)).isZero();
        }

        @Test
        void shouldKeepConfigurationFromBeingWrittenWhileEnabled() {
            store(ENABLE, ENABLED);
            store(CON, 0x61);
            store(SS_SCL_HCNT, 1000);
            assertThat(load(CON)).isEqualTo(0x65);
            assertThat(load(SS_SCL_HCNT)).isEqualTo(400);

            store(ENABLE, 0);
            store(CON, 0x63);
            store(SS_SCL_HCNT, 1000);
            assertThat(load(CON)).isEqualTo(0x63);
            assertThat(load(SS_SCL_HCNT)).isEqualTo(1000);
        }

        @ParameterizedTest
        @CsvSource({"0x61, 0x65", "0x67, 0x65", "0x63, 0x63"})
        void shouldTakeNoSpeedThatItHasNot(String written, String read) {
            store(CON, Integer.decode(written));
            assertThat(load(CON)).isEqualTo(Integer.decode(read));
        }

        @Test
        void shouldTakeATargetWhileEnabledOnlyWhenIdle() {
            enable(SLOW);
            store(TAR, SMALL);
            assertThat(load(TAR)).isEqualTo(SMALL);
            store(TAR, SLOW);

            command(0x11);
            store(TAR, SMALL);
            assertThat(load(TAR)).isEqualTo(SLOW);
        }

        @Test
        void shouldTakeNoCommandWhileDisabled() {
            command(0x00, READ | STOP);
            assertThat(load(TXFLR)).isZero();
            assertThat(load(RAW_INTR_STAT)).isZero();
        }

        @Test
        void shouldSendStopBehindTheByteThatIsOnTheBusWhenDisabled() {
            enable(SLOW);
            command(0x11, 0x22, 0x33);
            gate.awaitReached();
            store(ENABLE, 0);
            assertThat(load(ENABLE)).isZero();
            assertThat(load(ENABLE_STATUS)).as("not yet").isEqualTo(1);
            assertThat(load(TXFLR)).isZero();

            gate.open();
            soon(() -> load(ENABLE_STATUS) == 0);
            assertThat(slow.seen()).containsExactly("start write", "0x11", "stop");
        }
    }

    @Nested
    class Transfers {
        @Test
        void shouldWriteThenReadWithARestart() {
            enable(SMALL);
            command(0x08, 0x41, 0x42, 0x43 | STOP);
            awaitRaw(STOP_DET);
            load(CLR_STOP_DET);

            command(0x08, READ | RESTART, READ, READ, READ | STOP);
            assertThat(received(4)).containsExactly(0x41, 0x42, 0x43, 0xff);
            awaitRaw(STOP_DET);
            assertThat(load(RAW_INTR_STAT) & TX_ABRT).isZero();
        }

        @Test
        void shouldSendStartRestartAndStopAsTold() {
            gate.open();
            enable(SLOW);
            command(0x11, 0x22 | RESTART, READ, READ | RESTART | STOP);
            received(2);
            awaitRaw(STOP_DET);
            assertThat(slow.seen())
                    .containsExactly(
                            "start write",
                            "0x11",
                            "start write",
                            "0x22",
                            "start read",
                            "read",
                            "start read",
                            "read",
                            "stop");
        }

        @Test
        void shouldSendStopAndStartWhereRestartIsNotAllowed() {
            gate.open();
            store(CON, 0x45);
            enable(SLOW);
            command(0x11, READ | STOP);
            received(1);
            assertThat(slow.seen())
                    .containsExactly("start write", "0x11", "stop", "start read", "read", "stop");
        }

        @Test
        void shouldHoldTheBusUntilItHasMoreToSend() {
            gate.open();
            enable(SLOW);
            command(0x11);
            awaitRaw(ON_HOLD);
            assertThat(load(STATUS) & 0x21).as("active").isEqualTo(0x21);
            assertThat(load(STATUS) & 0x80).as("held with nothing to send").isEqualTo(0x80);
            assertThat(load(RAW_INTR_STAT) & STOP_DET).isZero();

            command(0x22 | STOP);
            awaitRaw(STOP_DET);
            assertThat(load(RAW_INTR_STAT) & ON_HOLD).isZero();
            assertThat(slow.seen()).containsExactly("start write", "0x11", "0x22", "stop");
            assertThat(load(STATUS) & 0x21).isZero();
        }

        @Test
        void shouldServeTheNextDriverAfterATargetThatFails() {
            gate.open();
            enable(SLOW);
            command(SlowTarget.FATAL);
            soon(() -> load(TXFLR) == 0 && (load(STATUS) & 0x80) != 0);

            enable(SLOW);
            command(0x11 | STOP);
            awaitRaw(STOP_DET);
            assertThat(slow.seen())
                    .containsExactly("start write", "0xdd", "stop", "start write", "0x11", "stop");
        }

        @Test
        void shouldKeepBackWhatIsBlocked() {
            gate.open();
            enable(SLOW);
            store(ENABLE, ENABLED | BLOCK);
            command(0x11 | STOP);
            assertThat(load(TXFLR)).isEqualTo(1);
            assertThat(slow.seen()).isEmpty();
            store(ENABLE, ENABLED);
            awaitRaw(STOP_DET);
        }
    }

    @Nested
    class Aborts {
        @Test
        void shouldSayThatNobodyIsAtAnAddress() {
            enable(NOBODY);
            store(ENABLE, ENABLED | BLOCK);
            command(0x00, READ, READ | STOP);
            store(ENABLE, ENABLED);
            awaitRaw(TX_ABRT | STOP_DET | START_DET);
            assertThat(load(TX_ABRT_SOURCE))
                    .as("two flushed, 7-bit address")
                    .isEqualTo(2 << 23 | 1);
            assertThat(load(TXFLR)).isZero();
            assertThat(load(RXFLR)).isZero();
        }

        @Test
        void shouldTakeNoCommandUntilTheDriverHasReadOfIt() {
            enable(NOBODY);
            command(READ | STOP);
            awaitRaw(TX_ABRT);
            command(READ | STOP);
            assertThat(load(TXFLR)).isZero();

            assertThat(load(CLR_TX_ABRT)).isEqualTo(1);
            assertThat(load(TX_ABRT_SOURCE)).isZero();
            assertThat(load(RAW_INTR_STAT) & TX_ABRT).isZero();
            store(TAR, SMALL);
            command(READ | STOP);
            assertThat(received(1)).containsExactly(0xff);
        }

        @Test
        void shouldSayThatAByteWasNotTaken() {
            gate.open();
            enable(SLOW);
            command(SlowTarget.REFUSED);
            awaitRaw(TX_ABRT | STOP_DET);
            assertThat(load(TX_ABRT_SOURCE)).isEqualTo(1 << 3);
            assertThat(slow.seen()).endsWith("stop");
        }

        @ParameterizedTest
        @CsvSource({"0x1050, 0x10, 2", "0x0800, 0x10, 16", "0x0800, 0x100, 32"})
        void shouldSayWhatElseIsWrong(String target, String command, int source) {
            enable(Integer.decode(target));
            command(Integer.decode(command) | STOP);
            awaitRaw(TX_ABRT);
            assertThat(load(TX_ABRT_SOURCE)).isEqualTo(source);
        }

        @Test
        void shouldSayThatItMayNotBeMaster() {
            store(CON, 0x64);
            enable(SMALL);
            command(READ | STOP);
            awaitRaw(TX_ABRT);
            assertThat(load(TX_ABRT_SOURCE)).isEqualTo(1 << 11);
        }

        @Test
        void shouldGiveUpATransferWhenTold() {
            enable(SLOW);
            command(0x11, 0x22, 0x33);
            gate.awaitReached();
            store(ENABLE, ENABLED | ABORT);
            assertThat(load(ENABLE)).as("under way").isEqualTo(ENABLED | ABORT);

            gate.open();
            awaitRaw(TX_ABRT);
            assertThat(load(ENABLE)).as("done").isEqualTo(ENABLED);
            assertThat(load(TX_ABRT_SOURCE)).isEqualTo(2 << 23 | 1 << 16);
            assertThat(slow.seen()).containsExactly("start write", "0x11", "stop");
        }
    }

    @Nested
    class Fifos {
        @Test
        void shouldTellTheirLevels() {
            assertThat(load(STATUS)).as("room for commands, none there").isEqualTo(0x6);
            enable(SMALL);
            store(ENABLE, ENABLED | BLOCK);
            command(READ, READ, READ | STOP);
            assertThat(load(TXFLR)).isEqualTo(3);
            assertThat(load(STATUS) & 0x1e).as("not empty, not full").isEqualTo(0x2);

            store(ENABLE, ENABLED);
            soon(() -> load(RXFLR) == 3);
            assertThat(load(TXFLR)).isZero();
            assertThat(load(STATUS) & 0x1e).as("bytes there").isEqualTo(0xe);
        }

        @Test
        void shouldDropACommandTooMany() {
            enable(SMALL);
            store(ENABLE, ENABLED | BLOCK);
            for (int i = 0; i < DEPTH; i++) {
                command(READ);
            }
            assertThat(load(STATUS) & 0x2).as("no room").isZero();
            assertThat(load(RAW_INTR_STAT) & TX_OVER).isZero();
            command(READ);
            assertThat(load(RAW_INTR_STAT) & TX_OVER).isEqualTo(TX_OVER);
            assertThat(load(TXFLR)).isEqualTo(DEPTH);
        }

        @Test
        void shouldLoseAByteThatThereIsNoRoomFor() {
            enable(SMALL);
            for (int i = 0; i < DEPTH; i++) {
                command(READ);
            }
            soon(() -> load(RXFLR) == DEPTH);
            assertThat(load(STATUS) & 0x10).as("full").isEqualTo(0x10);
            command(READ | STOP);
            awaitRaw(RX_OVER | STOP_DET);
            assertThat(load(RXFLR)).isEqualTo(DEPTH);
        }

        @Test
        void shouldWaitForRoomIfToldTo() {
            store(CON, 0x265);
            enable(SMALL);
            for (int i = 0; i < DEPTH; i++) {
                command(READ);
            }
            soon(() -> load(RXFLR) == DEPTH);
            command(READ | STOP);
            assertThat(load(TXFLR)).isEqualTo(1);
            assertThat(load(STATUS) & 0x100).as("held for want of room").isEqualTo(0x100);
            load(DATA_CMD);
            awaitRaw(STOP_DET);
            assertThat(load(RXFLR)).isEqualTo(DEPTH);
            assertThat(load(RAW_INTR_STAT) & RX_OVER).isZero();
        }

        @Test
        void shouldSayThatNothingWasThereToRead() {
            store(ENABLE, ENABLED);
            assertThat(load(DATA_CMD)).isZero();
            assertThat(load(RAW_INTR_STAT) & RX_UNDER).isEqualTo(RX_UNDER);
            assertThat(load(CLR_RX_UNDER)).isEqualTo(1);
            assertThat(load(RAW_INTR_STAT) & RX_UNDER).isZero();
        }

        @Test
        void shouldBeFullAboveTheReceiveThreshold() {
            store(RX_TL, 1);
            enable(SMALL);
            command(READ);
            soon(() -> load(RXFLR) == 1);
            assertThat(load(RAW_INTR_STAT) & RX_FULL).isZero();
            command(READ | STOP);
            awaitRaw(RX_FULL);
            load(DATA_CMD);
            assertThat(load(RAW_INTR_STAT) & RX_FULL).isZero();
        }

        @Test
        void shouldBeEmptyDownToTheTransmitThreshold() {
            store(TX_TL, 2);
            assertThat(load(RAW_INTR_STAT) & TX_EMPTY).as("disabled").isZero();
            enable(SMALL);
            store(ENABLE, ENABLED | BLOCK);
            assertThat(load(RAW_INTR_STAT) & TX_EMPTY).isEqualTo(TX_EMPTY);
            command(READ, READ);
            assertThat(load(RAW_INTR_STAT) & TX_EMPTY).isEqualTo(TX_EMPTY);
            command(READ);
            assertThat(load(RAW_INTR_STAT) & TX_EMPTY).isZero();
        }

        @Test
        void shouldNotBeEmptyBeforeTheByteIsSentIfToldSo() {
            store(CON, 0x165);
            enable(SLOW);
            command(0x11);
            gate.awaitReached();
            assertThat(load(TXFLR)).isZero();
            assertThat(load(RAW_INTR_STAT) & TX_EMPTY).isZero();
            gate.open();
            awaitRaw(TX_EMPTY);
        }

        @ParameterizedTest
        @CsvSource({"0x38, 0xff, 63", "0x3c, 0xff, 64", "0x38, 0x107, 7", "0x3c, 0x120, 32"})
        void shouldNotTakeAThresholdBeyondTheirDepth(String register, String written, int read) {
            store(Integer.decode(register), Integer.decode(written));
            assertThat(load(Integer.decode(register))).isEqualTo(read);
        }
    }

    @Nested
    class Interrupts {
        private final EventFd line = EventFd.create();
        private final EventFd message = EventFd.create();

        @BeforeEach
        void enableLine() {
            i2c.interrupts(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
            store(INTR_MASK, 0);
            enable(SMALL);
        }

        @AfterEach
        void closeThem() {
            line.close();
            message.close();
        }

        private void enableMessages() {
            i2c.interrupts(VfioPci.VFIO_PCI_MSI_IRQ_INDEX, message);
        }

        @Test
        void shouldShowOnlyWhatIsNotMasked() {
            command(READ | STOP);
            awaitRaw(STOP_DET | RX_FULL | TX_EMPTY);
            assertThat(load(INTR_STAT)).isZero();
            assertThat(line.drain()).isZero();

            store(INTR_MASK, STOP_DET | TX_ABRT);
            assertThat(load(INTR_MASK)).isEqualTo(STOP_DET | TX_ABRT);
            assertThat(load(INTR_STAT)).isEqualTo(STOP_DET);
            assertThat(line.drain()).isEqualTo(1);
        }

        @Test
        void shouldClearOneWhenItsRegisterIsRead() {
            command(READ | STOP);
            awaitRaw(STOP_DET);
            store(INTR_MASK, STOP_DET | START_DET);
            assertThat(load(CLR_STOP_DET)).isEqualTo(1);
            assertThat(load(CLR_STOP_DET)).isZero();
            assertThat(load(INTR_STAT)).isEqualTo(START_DET);
        }

        @Test
        void shouldClearAllButTheLevels() {
            command(READ | STOP);
            awaitRaw(STOP_DET | START_DET);
            assertThat(load(CLR_INTR)).isEqualTo(1);
            assertThat(load(RAW_INTR_STAT)).isEqualTo(RX_FULL | TX_EMPTY);
        }

        @Test
        void shouldHoldTheLineUntilNothingIsLeft() {
            command(READ | STOP);
            awaitRaw(STOP_DET);
            store(INTR_MASK, STOP_DET | RX_FULL);
            assertThat(line.drain()).isEqualTo(1);

            load(CLR_STOP_DET);
            i2c.unmaskIntx();
            assertThat(line.drain()).as("the byte is still there").isEqualTo(1);
            load(DATA_CMD);
            i2c.unmaskIntx();
            assertThat(line.drain()).isZero();
        }

        @Test
        void shouldSendAMessageIfTheDriverHasAskedForThat() {
            enableMessages();
            store(INTR_MASK, STOP_DET);
            command(READ | STOP);
            soon(() -> message.drain() == 1);
            assertThat(line.drain()).isZero();
        }

        @Test
        void shouldSendAMessageForWhatIsUnmaskedLate() {
            enableMessages();
            command(READ | STOP);
            awaitRaw(STOP_DET);
            assertThat(message.drain()).isZero();
            store(INTR_MASK, STOP_DET);
            assertThat(message.drain()).isEqualTo(1);
        }

        @Test
        void shouldSendAMessageForEachByteThatStaysUnread() {
            enableMessages();
            store(INTR_MASK, RX_FULL);
            for (int count = 1; count <= 3; count++) {
                int level = count;
                command(READ);
                soon(() -> load(RXFLR) == level);
                assertThat(message.drain()).as("byte %d", count).isEqualTo(1);
            }
        }
    }

    @Nested
    class ResetAndPower {
        private void asleepInD3hot() {
            i2c.device.power().host().writeD3coldAllowed(false);
            i2c.enter();
            i2c.settle();
            assertThat(i2c.device.power().powerState()).isEqualTo(PciPowerState.D3HOT);
        }

        @Test
        void shouldStartOverOnReset() {
            enable(SMALL);
            store(TX_TL, 5);
            command(READ | STOP);
            awaitRaw(STOP_DET);
            i2c.reset();
            assertThat(load(CON)).isEqualTo(0x65);
            assertThat(load(TAR)).isEqualTo(0x55);
            assertThat(load(INTR_MASK)).isEqualTo(0x8ff);
            assertThat(load(TX_TL)).isZero();
            assertThat(load(ENABLE)).isZero();
            assertThat(load(ENABLE_STATUS)).isZero();
            assertThat(load(RXFLR)).isZero();
            assertThat(load(RAW_INTR_STAT)).isZero();
        }

        @Test
        void shouldGiveTheBusBackOnReset() {
            enable(SLOW);
            command(0x11, 0x22);
            gate.awaitReached();
            i2c.reset();
            gate.open();
            awaitIdle();
            assertThat(slow.seen()).containsExactly("start write", "0x11", "stop");
            assertThat(load(RAW_INTR_STAT)).as("nobody hears of it").isZero();

            enable(SLOW);
            command(0x33 | STOP);
            awaitRaw(STOP_DET);
            assertThat(slow.seen()).endsWith("stop", "start write", "0x33", "stop");
        }

        @Test
        void shouldParkBetweenTwoBytesAndGoOnAwake() throws InterruptedException {
            enable(SLOW);
            store(INTR_MASK, STOP_DET);
            command(0x11, 0x22, 0x33 | STOP);
            gate.awaitReached();
            i2c.device.power().host().writeD3coldAllowed(false);
            i2c.enter();
            Thread sleep = Thread.ofPlatform().start(i2c::settle);
            soon(() -> sleep.getState() == Thread.State.TIMED_WAITING);
            gate.open();
            sleep.join();
            assertThat(i2c.device.power().powerState()).isEqualTo(PciPowerState.D3HOT);
            assertThat(slow.seen())
                    .as("the byte is finished")
                    .containsExactly("start write", "0x11");

            i2c.exit();
            awaitRaw(STOP_DET);
            assertThat(slow.seen()).containsExactly("start write", "0x11", "0x22", "0x33", "stop");
        }

        @Test
        void shouldKeepRegistersAndFifosInD3hot() {
            enable(SMALL);
            command(READ, READ | STOP);
            soon(() -> load(RXFLR) == 2);
            asleepInD3hot();
            assertThat(load(TAR)).isEqualTo(SMALL);
            assertThat(load(ENABLE_STATUS)).isEqualTo(1);
            assertThat(received(2)).containsExactly(0xff, 0xff);
        }

        @Test
        void shouldLoseThemButNotTheEepromInD3cold() {
            enable(LARGE);
            command(0x01, 0x00, 0x77 | STOP);
            awaitRaw(STOP_DET);
            i2c.enter();
            i2c.settle();
            assertThat(i2c.device.power().powerState()).isEqualTo(PciPowerState.D3COLD);
            i2c.exit();
            assertThat(load(ENABLE_STATUS)).isZero();
            assertThat(load(TAR)).isEqualTo(0x55);

            enable(LARGE);
            command(0x01, 0x00, READ | RESTART | STOP);
            assertThat(received(1)).containsExactly(0x77);
        }

        private int pmcsr() {
            return (int) i2c.load(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, PMCSR, 2);
        }

        private void pmcsr(int value) {
            i2c.store(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, PMCSR, 2, value);
        }

        private HostReply signal(String name) {
            return i2c.device.host(HostRequest.parse("write signal " + name));
        }

        @Test
        void shouldSignalPmeWhenATargetAlerts() {
            pmcsr(0x103);
            assertThat(pmcsr()).as("D3hot, context kept, PME_En").isEqualTo(0x10b);
            assertThat(signal(I2c.ALERT)).isEqualTo(new HostReply.Ok(""));
            assertThat(pmcsr()).as("and PME_Status").isEqualTo(0x810b);
            pmcsr(0x8000);
            assertThat(pmcsr()).isEqualTo(0x8);
        }

        @Test
        void shouldKnowNoOtherSignal() {
            assertThat(signal("bell")).isInstanceOf(HostReply.Failed.class);
            assertThat(pmcsr()).isEqualTo(0x8);
        }

        @Test
        void shouldParkWhenTheDriverWritesD3hot() {
            enable(SLOW);
            command(0x11, 0x22 | STOP);
            gate.awaitReached();
            Thread sleep = Thread.ofPlatform().start(() -> pmcsr(3));
            soon(() -> sleep.getState() == Thread.State.TIMED_WAITING);
            gate.open();
            soon(() -> !sleep.isAlive());
            assertThat(slow.seen()).containsExactly("start write", "0x11");

            pmcsr(0);
            soon(() -> slow.seen().size() == 4);
            assertThat(slow.seen()).endsWith("0x11", "0x22", "stop");
        }

        private boolean lineAsserted() {
            int status =
                    (int) i2c.load(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, PciRegs.PCI_STATUS, 2);
            return (status & PciRegs.PCI_STATUS_INTERRUPT) != 0;
        }

        private static boolean isBusIdle() {
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("i2c bus"))
                    .allMatch(thread -> thread.getState() == Thread.State.WAITING);
        }

        /** Later than a suspend waits for. */
        @Test
        void shouldTellByAMessageOfAByteThatEndedAsleep() {
            try (EventFd message = EventFd.create()) {
                i2c.interrupts(VfioPci.VFIO_PCI_MSI_IRQ_INDEX, message);
                store(INTR_MASK, RX_FULL);
                enable(SLOW);
                command(READ);
                gate.awaitReached();
                pmcsr(3);
                gate.open();
                soon(ResetAndPower::isBusIdle);
                assertThat(message.drain()).as("outside D0").isZero();
                assertThat(lineAsserted()).as("the line is not in use").isFalse();

                pmcsr(0);
                assertThat(message.drain()).isEqualTo(1);
                assertThat(lineAsserted()).as("the line is not in use").isFalse();
            }
        }

        @Test
        void shouldTellAfterASleepWhatStillInterrupts() {
            try (EventFd message = EventFd.create()) {
                i2c.interrupts(VfioPci.VFIO_PCI_MSI_IRQ_INDEX, message);
                store(INTR_MASK, STOP_DET);
                enable(SMALL);
                command(READ | STOP);
                soon(() -> message.drain() == 1);
                asleepInD3hot();
                i2c.exit();
                assertThat(message.drain()).isEqualTo(1);
            }
        }
    }
}
