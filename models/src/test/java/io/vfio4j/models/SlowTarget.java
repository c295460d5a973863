/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.util.ArrayList;
import java.util.List;

/** Holds the clock in its first byte until the gate opens, and remembers what it saw. */
final class SlowTarget implements I2cTarget {
    /** A byte that it does not acknowledge. */
    static final int REFUSED = 0xee;

    /** A byte that it fails at, as no target should. */
    static final int FATAL = 0xdd;

    private final Gate gate;
    private final List<String> seen = new ArrayList<>();

    SlowTarget(Gate gate) {
        this.gate = gate;
    }

    synchronized List<String> seen() {
        return List.copyOf(seen);
    }

    private synchronized void saw(String what) {
        seen.add(what);
    }

    @Override
    public boolean start(boolean reading) {
        saw(reading ? "start read" : "start write");
        return true;
    }

    @Override
    public boolean write(int value) {
        gate.run();
        saw("0x%02x".formatted(value));
        if (value == FATAL) {
            throw new IllegalStateException("a target that fails, for the test");
        }
        return value != REFUSED;
    }

    @Override
    public int read() {
        gate.run();
        saw("read");
        return 0xa5;
    }

    @Override
    public void stop() {
        saw("stop");
    }
}
