/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * A 16550A whose line leads back to it: what it sends it receives, as soon as there is room, so
 * that a driver which reads late is not overrun. Its modem inputs say that somebody is there. The
 * numbers that set the speed of the line are kept, and nothing depends on them.
 *
 * <p>Not thread-safe: the device's lock guards it.
 */
final class Uart {
    /** How many bytes each FIFO has. */
    static final int DEPTH = 16;

    /** How many registers it has, a byte each. */
    static final int REGISTERS = 8;

    private static final int DATA = 0;
    private static final int INTERRUPT_ENABLE = 1;
    private static final int INTERRUPT_ID = 2;
    private static final int LINE_CONTROL = 3;
    private static final int MODEM_CONTROL = 4;
    private static final int LINE_STATUS = 5;
    private static final int MODEM_STATUS = 6;
    private static final int SCRATCH = 7;

    private static final int ENABLE_DATA = 1 << 0;
    private static final int ENABLE_EMPTY = 1 << 1;
    private static final int ENABLE_MODEM = 1 << 3;

    private static final int ID_NONE = 0x1;
    private static final int ID_MODEM = 0x0;
    private static final int ID_EMPTY = 0x2;
    private static final int ID_DATA = 0x4;
    private static final int ID_TIMEOUT = 0xc;
    private static final int ID_FIFOS = 0xc0;

    private static final int FIFO_ENABLE = 1 << 0;
    private static final int FIFO_CLEAR_RECEIVER = 1 << 1;
    private static final int FIFO_CLEAR_TRANSMITTER = 1 << 2;

    private static final int DIVISOR_ACCESS = 1 << 7;

    private static final int LOOP = 1 << 4;

    private static final int DATA_READY = 1 << 0;
    private static final int TRANSMITTER_EMPTY = 1 << 5 | 1 << 6;

    private static final int CLEAR_TO_SEND = 1 << 4;
    private static final int DATA_SET_READY = 1 << 5;
    private static final int RING = 1 << 6;
    private static final int CARRIER = 1 << 7;
    private static final int RING_ENDED = 1 << 2;

    private final Queue<Integer> toSend = new ArrayDeque<>(DEPTH);
    private final Queue<Integer> received = new ArrayDeque<>(DEPTH);

    private int interruptEnable;
    private int fifoControl;
    private int lineControl;
    private int modemControl;
    private int scratch;
    private int divisor;
    private int modemChanges;
    private int modemInputs;

    // The transmitter has become empty, and the driver has not been told.
    private boolean emptied;

    Uart() {
        reset();
    }

    void reset() {
        toSend.clear();
        received.clear();
        interruptEnable = 0;
        fifoControl = 0;
        lineControl = 0;
        modemControl = 0;
        scratch = 0;
        divisor = 12;
        modemChanges = 0;
        modemInputs = modemInputs();
        emptied = false;
    }

    int read(int register) {
        return switch (register) {
            case DATA -> divisorAccess() ? divisor & 0xff : take();
            case INTERRUPT_ENABLE -> divisorAccess() ? divisor >> 8 : interruptEnable;
            case INTERRUPT_ID -> identify();
            case LINE_CONTROL -> lineControl;
            case MODEM_CONTROL -> modemControl;
            case LINE_STATUS ->
                    (received.isEmpty() ? 0 : DATA_READY)
                            | (toSend.isEmpty() ? TRANSMITTER_EMPTY : 0);
            case MODEM_STATUS -> {
                int status = modemInputs | modemChanges;
                modemChanges = 0;
                yield status;
            }
            default -> scratch;
        };
    }

    void write(int register, int value) {
        switch (register) {
            case DATA -> {
                if (divisorAccess()) {
                    divisor = (divisor & 0xff00) | value;
                } else {
                    send(value);
                }
            }
            case INTERRUPT_ENABLE -> {
                if (divisorAccess()) {
                    divisor = (divisor & 0xff) | value << 8;
                } else {
                    enableInterrupts(value & 0xf);
                }
            }
            case INTERRUPT_ID -> controlFifos(value);
            case LINE_CONTROL -> lineControl = value;
            case MODEM_CONTROL -> {
                modemControl = value & 0x1f;
                noteModem();
            }
            case SCRATCH -> scratch = value;
            default -> {
                // The two status registers are read-only.
            }
        }
    }

    /** The bell at the other end rang once. */
    void ring() {
        modemChanges |= RING_ENDED;
    }

    /** Whether the interrupt line is asserted. */
    boolean interrupts() {
        return pending() != ID_NONE;
    }

    private boolean divisorAccess() {
        return (lineControl & DIVISOR_ACCESS) != 0;
    }

    private boolean fifos() {
        return (fifoControl & FIFO_ENABLE) != 0;
    }

    private int depth() {
        return fifos() ? DEPTH : 1;
    }

    private void send(int value) {
        emptied = false;
        if (toSend.size() < depth()) {
            toSend.add(value);
        }
        move();
    }

    private int take() {
        Integer value = received.poll();
        move();
        return value == null ? 0 : value;
    }

    /** What the line carries as long as there is room. */
    private void move() {
        boolean sending = !toSend.isEmpty();
        while (!toSend.isEmpty() && received.size() < depth()) {
            received.add(toSend.remove());
        }
        emptied |= sending && toSend.isEmpty();
    }

    /** One who wants to hear of an empty transmitter hears at once if it is. */
    private void enableInterrupts(int wanted) {
        int risen = wanted & ~interruptEnable;
        interruptEnable = wanted;
        emptied |= (risen & ENABLE_EMPTY) != 0 && toSend.isEmpty();
    }

    private void controlFifos(int value) {
        boolean switched = ((value ^ fifoControl) & FIFO_ENABLE) != 0;
        if (switched || (value & FIFO_CLEAR_RECEIVER) != 0) {
            received.clear();
        }
        if (switched || (value & FIFO_CLEAR_TRANSMITTER) != 0) {
            toSend.clear();
        }
        fifoControl = (value & FIFO_ENABLE) != 0 ? value & 0xc9 : 0;
        move();
    }

    private int identify() {
        int id = pending();
        if (id == ID_EMPTY) {
            emptied = false;
        }
        return id | (fifos() ? ID_FIFOS : 0);
    }

    /** The most urgent reason to interrupt, of those that are enabled. */
    private int pending() {
        if ((interruptEnable & ENABLE_DATA) != 0 && !received.isEmpty()) {
            return received.size() >= trigger() ? ID_DATA : ID_TIMEOUT;
        }
        if ((interruptEnable & ENABLE_EMPTY) != 0 && emptied) {
            return ID_EMPTY;
        }
        if ((interruptEnable & ENABLE_MODEM) != 0 && modemChanges != 0) {
            return ID_MODEM;
        }
        return ID_NONE;
    }

    private int trigger() {
        return switch (fifoControl >> 6) {
            case 0 -> 1;
            case 1 -> 4;
            case 2 -> 8;
            default -> 14;
        };
    }

    /** In loop mode the inputs are the outputs, crossed. */
    private int modemInputs() {
        if ((modemControl & LOOP) == 0) {
            return CLEAR_TO_SEND | DATA_SET_READY | CARRIER;
        }
        int outputs = modemControl & 0xf;
        return ((outputs & 1 << 1) != 0 ? CLEAR_TO_SEND : 0)
                | ((outputs & 1 << 0) != 0 ? DATA_SET_READY : 0)
                | ((outputs & 1 << 2) != 0 ? RING : 0)
                | ((outputs & 1 << 3) != 0 ? CARRIER : 0);
    }

    private void noteModem() {
        int now = modemInputs();
        int changed = now ^ modemInputs;
        // RI is noted when it ends, the others whenever they change.
        int ended = changed & modemInputs & RING;
        modemChanges |= ((changed & ~RING) | ended) >> 4;
        modemInputs = now;
    }
}
