/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.util.OptionalInt;

/** One command on the bus: what goes before the byte, the byte, what comes after it. */
final class I2cTransfer {
    private final I2cCommand command;
    private final I2cSettings settings;
    private final boolean release;

    private boolean onBus;
    private boolean reading;
    private int events;
    private int abortSource;
    private OptionalInt received = OptionalInt.empty();

    private I2cTransfer(
            I2cCommand command,
            I2cSettings settings,
            boolean release,
            boolean onBus,
            boolean reading) {
        this.command = command;
        this.settings = settings;
        this.release = release;
        this.onBus = onBus;
        this.reading = reading;
    }

    /**
     * A command's.
     *
     * @param onBus whether the master owns the bus already
     * @param reading the direction that it has there
     */
    static I2cTransfer of(
            I2cCommand command, I2cSettings settings, boolean onBus, boolean reading) {
        return new I2cTransfer(command, settings, false, onBus, reading);
    }

    /** Nothing but a STOP, if the master owns the bus. */
    static I2cTransfer release(boolean onBus) {
        return new I2cTransfer(I2cCommand.of(0), I2cSettings.RESET, true, onBus, false);
    }

    void carryOut(I2cBus bus) {
        if (release) {
            if (onBus) {
                stop(bus);
            }
            return;
        }
        if (!settings.master()) {
            abortSource = I2cAbort.MASTER_DISABLED;
            return;
        }
        boolean ready = (onBus && reading == command.read() && !command.restart()) || start(bus);
        if (ready && !move(bus)) {
            abort(bus, I2cAbort.DATA_NOACK);
        } else if (ready && command.stop()) {
            stop(bus);
        }
    }

    private boolean start(I2cBus bus) {
        if (onBus && !settings.restarts()) {
            stop(bus);
        }
        onBus = true;
        reading = command.read();
        events |= I2cEvents.START_DET;
        if (settings.generalCall()) {
            if (reading) {
                abort(bus, I2cAbort.GENERAL_CALL_READ);
                return false;
            }
            return bus.start(0, false) || abort(bus, I2cAbort.GENERAL_CALL_NOACK);
        }
        // No target here has ten bits, so nobody answers to the first byte of such an address.
        if (settings.tenBit()) {
            return abort(bus, I2cAbort.TEN_BIT_ADDRESS_NOACK);
        }
        return bus.start(settings.address(), reading) || abort(bus, I2cAbort.ADDRESS_NOACK);
    }

    private boolean move(I2cBus bus) {
        if (!reading) {
            return bus.write(command.data());
        }
        received = OptionalInt.of(bus.read());
        return true;
    }

    private void stop(I2cBus bus) {
        bus.stop();
        onBus = false;
        events |= I2cEvents.STOP_DET;
    }

    /** Always false, what a caller that was to acknowledge has to say. */
    private boolean abort(I2cBus bus, int source) {
        abortSource = source;
        stop(bus);
        return false;
    }

    boolean onBus() {
        return onBus;
    }

    boolean reading() {
        return reading;
    }

    /** What the interrupt registers are to note of it. */
    int events() {
        return events;
    }

    /** Why it was given up, 0 if it was not. */
    int abortSource() {
        return abortSource;
    }

    /** The byte that it fetched. */
    OptionalInt received() {
        return received;
    }
}
