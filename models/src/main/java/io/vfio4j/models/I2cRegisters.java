/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.util.Map;

/**
 * The register file of a Synopsys DesignWare APB I2C controller (DW_apb_i2c 2.01), as its data
 * sheet has it: a master only, up to fast mode plus, FIFOs of 64, without DMA; the bus is held
 * while there is nothing to send (IC_EMPTYFIFO_HOLD_MASTER_EN), and the target may be changed while
 * the controller is enabled and idle (I2C_DYNAMIC_TAR_UPDATE). The numbers that set the speed of
 * the bus are kept, and nothing depends on them.
 *
 * <p>Not thread-safe: the device's lock guards it.
 */
final class I2cRegisters {
    private static final int CON = 0x00;
    private static final int TAR = 0x04;
    private static final int SAR = 0x08;
    private static final int DATA_CMD = 0x10;
    private static final int SS_SCL_HCNT = 0x14;
    private static final int SS_SCL_LCNT = 0x18;
    private static final int FS_SCL_HCNT = 0x1c;
    private static final int FS_SCL_LCNT = 0x20;
    private static final int INTR_STAT = 0x2c;
    private static final int INTR_MASK = 0x30;
    private static final int RAW_INTR_STAT = 0x34;
    private static final int RX_TL = 0x38;
    private static final int TX_TL = 0x3c;
    private static final int CLR_INTR = 0x40;
    private static final int ENABLE = 0x6c;
    private static final int STATUS = 0x70;
    private static final int TXFLR = 0x74;
    private static final int RXFLR = 0x78;
    private static final int SDA_HOLD = 0x7c;
    private static final int TX_ABRT_SOURCE = 0x80;
    private static final int SDA_SETUP = 0x94;
    private static final int ACK_GENERAL_CALL = 0x98;
    private static final int ENABLE_STATUS = 0x9c;
    private static final int FS_SPKLEN = 0xa0;
    private static final int COMP_PARAM_1 = 0xf4;
    private static final int COMP_VERSION = 0xf8;
    private static final int COMP_TYPE = 0xfc;

    /** "201*". */
    private static final int VERSION = 0x3230312a;

    /** "DW", and the number of the component. */
    private static final int TYPE = 0x44570140;

    // 32 bits wide, fast mode, one interrupt, and this register is there.
    private static final int PARAMETERS =
            2 | 2 << 2 | 1 << 5 | 1 << 7 | (I2cMaster.DEPTH - 1) * 0x1_0100;

    private static final int CON_MASTER = 1 << 0;
    private static final int CON_SPEED = 3 << 1;
    private static final int CON_FAST = 2 << 1;
    private static final int CON_TEN_BIT = 1 << 4;
    private static final int CON_RESTART = 1 << 5;
    private static final int CON_SLAVE_DISABLED = 1 << 6;
    private static final int CON_TX_EMPTY_WHEN_DONE = 1 << 8;
    private static final int CON_HOLD_WHEN_FULL = 1 << 9;
    private static final int CON_WRITABLE = 0x3ff;
    private static final int CON_INITIAL = CON_MASTER | CON_FAST | CON_RESTART | CON_SLAVE_DISABLED;

    private static final int TAR_ADDRESS = 0x3ff;
    private static final int TAR_START_BYTE = 1 << 10;
    private static final int TAR_SPECIAL = 1 << 11;
    private static final int TAR_TEN_BIT = 1 << 12;
    private static final int TAR_WRITABLE = 0x1fff;

    private static final int ENABLE_ENABLE = 1 << 0;
    private static final int ENABLE_ABORT = 1 << 1;
    private static final int ENABLE_BLOCK = 1 << 2;

    // What clears what, from CLR_RX_UNDER on.
    private static final Map<Integer, Integer> CLEARS =
            Map.ofEntries(
                    Map.entry(CLR_INTR, -1),
                    Map.entry(0x44, I2cEvents.RX_UNDER),
                    Map.entry(0x48, I2cEvents.RX_OVER),
                    Map.entry(0x4c, I2cEvents.TX_OVER),
                    Map.entry(0x50, I2cEvents.RD_REQ),
                    Map.entry(0x54, I2cEvents.TX_ABRT),
                    Map.entry(0x58, I2cEvents.RX_DONE),
                    Map.entry(0x5c, I2cEvents.ACTIVITY),
                    Map.entry(0x60, I2cEvents.STOP_DET),
                    Map.entry(0x64, I2cEvents.START_DET),
                    Map.entry(0x68, I2cEvents.GEN_CALL),
                    Map.entry(0xa8, I2cEvents.RESTART_DET));

    private final I2cMaster master;
    private final I2cEvents events;

    private int con;
    private int tar;
    private int sar;
    private int standardHigh;
    private int standardLow;
    private int fastHigh;
    private int fastLow;
    private int sdaHold;
    private int sdaSetup;
    private int acknowledgesGeneralCall;
    private int spikeLength;
    private int receiveThreshold;
    private int transmitThreshold;

    I2cRegisters(I2cMaster master, I2cEvents events) {
        this.master = master;
        this.events = events;
        initialize();
    }

    /** All as after power-on, the engine too. */
    void reset() {
        master.reset();
        events.reset();
        initialize();
    }

    /** For a clock of 100 MHz, as far as it matters. */
    private void initialize() {
        con = CON_INITIAL;
        tar = 0x55;
        sar = 0x55;
        standardHigh = 400;
        standardLow = 470;
        fastHigh = 60;
        fastLow = 130;
        sdaHold = 1;
        sdaSetup = 0x64;
        acknowledgesGeneralCall = 1;
        spikeLength = 5;
        receiveThreshold = 0;
        transmitThreshold = 0;
    }

    int read(int offset) {
        if (CLEARS.containsKey(offset)) {
            return clear(CLEARS.get(offset));
        }
        return switch (offset) {
            case CON -> con;
            case TAR -> tar;
            case SAR -> sar;
            case DATA_CMD -> master.pull();
            case SS_SCL_HCNT -> standardHigh;
            case SS_SCL_LCNT -> standardLow;
            case FS_SCL_HCNT -> fastHigh;
            case FS_SCL_LCNT -> fastLow;
            case INTR_STAT -> events.status();
            case INTR_MASK -> events.mask();
            case RAW_INTR_STAT -> events.raw();
            case RX_TL -> receiveThreshold;
            case TX_TL -> transmitThreshold;
            case ENABLE -> enable();
            case STATUS -> status();
            case TXFLR -> master.commandLevel();
            case RXFLR -> master.receivedLevel();
            case SDA_HOLD -> sdaHold;
            case TX_ABRT_SOURCE -> events.abortSource();
            case SDA_SETUP -> sdaSetup;
            case ACK_GENERAL_CALL -> acknowledgesGeneralCall;
            case ENABLE_STATUS -> master.awake() ? 1 : 0;
            case FS_SPKLEN -> spikeLength;
            case COMP_PARAM_1 -> PARAMETERS;
            case COMP_VERSION -> VERSION;
            case COMP_TYPE -> TYPE;
            default -> 0;
        };
    }

    void write(int offset, int value) {
        switch (offset) {
            case DATA_CMD -> master.push(value);
            case INTR_MASK -> events.mask(value);
            case RX_TL -> receiveThreshold = Math.min(value & 0xff, I2cMaster.DEPTH - 1);
            case TX_TL -> transmitThreshold = Math.min(value & 0xff, I2cMaster.DEPTH);
            case ENABLE -> enable(value);
            case TAR -> target(value);
            case ACK_GENERAL_CALL -> acknowledgesGeneralCall = value & 1;
            default -> {
                if (!master.enabled()) {
                    configure(offset, value);
                }
            }
        }
    }

    /** What the data sheet lets be written only while the controller is disabled. */
    private void configure(int offset, int value) {
        switch (offset) {
            case CON -> {
                int speed = value & CON_SPEED;
                con = value & CON_WRITABLE & ~CON_SPEED;
                con |= speed == 0 || speed > CON_FAST ? CON_FAST : speed;
                settle();
            }
            case SAR -> sar = value & 0x3ff;
            case SS_SCL_HCNT -> standardHigh = Math.max(6, value & 0xffff);
            case SS_SCL_LCNT -> standardLow = Math.max(8, value & 0xffff);
            case FS_SCL_HCNT -> fastHigh = Math.max(6, value & 0xffff);
            case FS_SCL_LCNT -> fastLow = Math.max(8, value & 0xffff);
            case SDA_HOLD -> sdaHold = value & 0xff_ffff;
            case SDA_SETUP -> sdaSetup = Math.max(2, value & 0xff);
            case FS_SPKLEN -> spikeLength = Math.max(1, value & 0xff);
            default -> {
                // Read-only, or nothing at all.
            }
        }
    }

    private void target(int value) {
        boolean idle = !master.active() && master.commandLevel() == 0;
        if (!master.enabled() || (idle && (con & CON_MASTER) != 0)) {
            tar = value & TAR_WRITABLE;
            settle();
        }
    }

    private void settle() {
        boolean tenBit = (con & CON_TEN_BIT) != 0 || (tar & TAR_TEN_BIT) != 0;
        master.configure(
                new I2cSettings(
                        tar & (tenBit ? TAR_ADDRESS : 0x7f),
                        tenBit,
                        (tar & (TAR_SPECIAL | TAR_START_BYTE)) == TAR_SPECIAL,
                        (con & CON_MASTER) != 0,
                        (con & CON_RESTART) != 0,
                        (con & CON_HOLD_WHEN_FULL) != 0));
    }

    private int enable() {
        return (master.enabled() ? ENABLE_ENABLE : 0)
                | (master.aborting() ? ENABLE_ABORT : 0)
                | (master.blocked() ? ENABLE_BLOCK : 0);
    }

    private void enable(int value) {
        master.block((value & ENABLE_BLOCK) != 0);
        boolean was = master.enabled();
        master.enable((value & ENABLE_ENABLE) != 0);
        // Ignored unless the controller was enabled before.
        if (was && (value & ENABLE_ABORT) != 0) {
            master.abort();
        }
    }

    private int status() {
        int commands = master.commandLevel();
        int received = master.receivedLevel();
        int active = bit(0) | bit(5);
        return (master.active() || commands > 0 ? active : 0)
                | (commands < I2cMaster.DEPTH ? bit(1) : 0)
                | (commands == 0 ? bit(2) : 0)
                | (received > 0 ? bit(3) : 0)
                | (received == I2cMaster.DEPTH ? bit(4) : 0)
                | (master.holding() ? bit(7) : 0)
                | (master.holdingForRoom() ? bit(8) : 0);
    }

    private static int bit(int number) {
        return 1 << number;
    }

    private int clear(int bits) {
        boolean busy = master.active();
        int were = events.clear(busy ? bits & ~I2cEvents.ACTIVITY : bits);
        if ((bits & I2cEvents.TX_ABRT) != 0) {
            master.endFlush();
        }
        return were != 0 ? 1 : 0;
    }

    /** Brings the level bits to what the FIFOs say now. */
    void follow() {
        boolean enabled = master.enabled();
        boolean sent = (con & CON_TX_EMPTY_WHEN_DONE) == 0 || !master.active() || master.holding();
        boolean empty =
                enabled ? sent && master.commandLevel() <= transmitThreshold : master.active();
        boolean full = enabled && master.receivedLevel() > receiveThreshold;
        events.levels(
                (empty ? I2cEvents.TX_EMPTY : 0)
                        | (full ? I2cEvents.RX_FULL : 0)
                        | (master.holding() ? I2cEvents.MASTER_ON_HOLD : 0));
    }
}
