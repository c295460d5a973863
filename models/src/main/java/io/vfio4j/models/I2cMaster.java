/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The transfer engine: a FIFO of commands, one of received bytes, and the bus between them. It
 * holds the clock low, and so the bus, whenever it has nothing to send and was not told to STOP.
 *
 * <p>Bytes go over the bus on the executor's thread, one at a time and with no lock held. All else
 * is guarded by the device's lock, which callers hold.
 */
final class I2cMaster {
    /** How many entries each FIFO has. */
    static final int DEPTH = 64;

    /** How long a suspend waits for a byte: a target that holds the clock must not stop it. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Object lock;
    private final I2cBus bus;
    private final Executor thread;
    private final I2cEvents events;
    private final Runnable changed;

    private final Queue<I2cCommand> commands = new ArrayDeque<>(DEPTH);
    private final Queue<Integer> received = new ArrayDeque<>(DEPTH);
    private I2cSettings settings = I2cSettings.RESET;

    private boolean enabled;
    private boolean blocked;
    private boolean parked;

    // After an abort nothing is taken in until the driver has read of it.
    private boolean flushing;
    private boolean abortWanted;

    // It has sent START and not yet STOP.
    private boolean onBus;
    private boolean reading;

    // The bus is to be given back before anything else goes over it.
    private boolean releasing;

    // The executor has something of ours; a byte of it is on the bus.
    private boolean running;
    private boolean busy;

    // What was begun before a reset is nobody's business after it, nor is the STOP that ends it.
    private int resets;
    private boolean quiet;

    /**
     * An engine at rest.
     *
     * @param lock guards the engine, and is what a suspend waits on
     * @param bus used by the executor's thread alone
     * @param thread runs one thing at a time
     * @param events told of what happens
     * @param changed called with the lock held when registers may read differently
     */
    I2cMaster(Object lock, I2cBus bus, Executor thread, I2cEvents events, Runnable changed) {
        this.lock = lock;
        this.bus = bus;
        this.thread = thread;
        this.events = events;
        this.changed = changed;
    }

    void configure(I2cSettings wanted) {
        settings = wanted;
    }

    boolean enabled() {
        return enabled;
    }

    /** Enabled, or not done yet with what it did when it was disabled. */
    boolean awake() {
        return enabled || active();
    }

    boolean active() {
        return onBus || busy || releasing;
    }

    boolean aborting() {
        return abortWanted;
    }

    boolean blocked() {
        return blocked;
    }

    /** It owns the bus and has nothing to send. */
    boolean holding() {
        return enabled && onBus && !busy && !releasing && commands.isEmpty();
    }

    /** It has something to fetch and no room for it. */
    boolean holdingForRoom() {
        return onBus && !busy && waitsForRoom();
    }

    int commandLevel() {
        return commands.size();
    }

    int receivedLevel() {
        return received.size();
    }

    /** Disabling throws away what waits, and ends a transfer behind the byte that is on the bus. */
    void enable(boolean wanted) {
        if (enabled && !wanted) {
            forget();
            abortWanted = false;
        }
        enabled = wanted;
        go();
    }

    void block(boolean wanted) {
        blocked = wanted;
        go();
    }

    /** Ends the transfer with a STOP, behind the byte that is on the bus. */
    void abort() {
        if (enabled) {
            abortWanted = true;
            releasing |= onBus || busy;
            go();
        }
    }

    /** The driver has read of an abort: commands are taken in again. */
    void endFlush() {
        flushing = false;
    }

    void push(int register) {
        if (!enabled || flushing) {
            return;
        }
        if (commands.size() == DEPTH) {
            events.raise(I2cEvents.TX_OVER);
            return;
        }
        commands.add(I2cCommand.of(register));
        go();
    }

    int pull() {
        Integer value = received.poll();
        if (value == null) {
            events.raise(I2cEvents.RX_UNDER);
            return 0;
        }
        go();
        return value;
    }

    void reset() {
        resets++;
        forget();
        quiet = releasing;
        settings = I2cSettings.RESET;
        enabled = false;
        blocked = false;
        flushing = false;
        abortWanted = false;
        go();
    }

    private void forget() {
        commands.clear();
        received.clear();
        releasing |= onBus || busy;
    }

    /**
     * Stops between two bytes, the clock held low, until {@link #resume}: a transfer goes on where
     * it was, as if its target had been slow. It waits for another thread, and so in real time,
     * whatever clock the device's power has.
     */
    void park() {
        parked = true;
        long end = System.nanoTime() + PATIENCE.toNanos();
        try {
            for (long left = PATIENCE.toNanos(); busy && left > 0; left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    void resume() {
        parked = false;
        go();
    }

    private boolean waitsForRoom() {
        I2cCommand next = commands.peek();
        return next != null && next.read() && settings.holdsWhenFull() && received.size() == DEPTH;
    }

    private boolean hasWork() {
        return !parked
                && (releasing
                        || abortWanted
                        || (enabled && !blocked && !commands.isEmpty() && !waitsForRoom()));
    }

    private void go() {
        if (running || !hasWork()) {
            return;
        }
        running = true;
        try {
            thread.execute(this::run);
        } catch (RejectedExecutionException closed) {
            running = false;
        }
    }

    private void run() {
        boolean more = true;
        while (more) {
            more = step();
        }
    }

    /** One byte, or the STOP that gives the bus back; whether there may be more to do. */
    private boolean step() {
        I2cTransfer transfer;
        int begunAfter;
        synchronized (lock) {
            if (!hasWork()) {
                running = false;
                return false;
            }
            begunAfter = resets;
            busy = true;
            transfer = next();
            changed.run();
        }
        boolean carriedOut = false;
        try {
            transfer.carryOut(bus);
            carriedOut = true;
        } finally {
            synchronized (lock) {
                busy = false;
                // A target that throws ends this run; what the driver does next begins another.
                running = carriedOut;
                finish(transfer, begunAfter == resets);
                changed.run();
                lock.notifyAll();
            }
        }
        return true;
    }

    private I2cTransfer next() {
        if (releasing || abortWanted) {
            return I2cTransfer.release(onBus);
        }
        I2cCommand command = commands.remove();
        events.raise(I2cEvents.TX_EMPTY | I2cEvents.ACTIVITY);
        return I2cTransfer.of(command, settings, onBus, reading);
    }

    private void finish(I2cTransfer done, boolean current) {
        boolean told = current && !quiet;
        onBus = done.onBus();
        reading = done.reading();
        if (!onBus) {
            releasing = false;
            quiet = false;
        }
        if (!told) {
            return;
        }
        events.raise(done.events());
        if (done.abortSource() != 0) {
            giveUp(done.abortSource());
        } else if (abortWanted && !onBus) {
            abortWanted = false;
            giveUp(I2cAbort.BY_USER);
        }
        if (enabled) {
            done.received().ifPresent(this::take);
        }
    }

    private void giveUp(int source) {
        if (enabled) {
            events.abort(source | commands.size() << I2cAbort.FLUSH_COUNT_SHIFT);
            commands.clear();
            flushing = true;
        }
    }

    private void take(int value) {
        if (received.size() == DEPTH) {
            events.raise(I2cEvents.RX_OVER);
        } else {
            received.add(value);
            events.raise(I2cEvents.RX_FULL);
        }
    }
}
