/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Two wires, and who listens on them. One thread at a time. */
final class I2cBus {
    private static final int ADDRESSES = 128;

    private final Map<Integer, I2cTarget> targets;

    // Who was addressed last and acknowledged; nobody once there is a STOP.
    private Optional<I2cTarget> addressed = Optional.empty();

    /**
     * A bus.
     *
     * @param targets what is on it, by 7-bit address
     * @throws IllegalArgumentException if an address has more than 7 bits
     */
    I2cBus(Map<Integer, ? extends I2cTarget> targets) {
        this.targets = new TreeMap<>(targets);
        for (int address : this.targets.keySet()) {
            if (address < 0 || address >= ADDRESSES) {
                throw new IllegalArgumentException(
                        "no I2C address 0x%x: they have 7 bits".formatted(address));
            }
        }
    }

    /**
     * START, or a repeated one, and the address byte. A target that was addressed before hears of
     * the end of its transfer only if it is not addressed again: its position must survive a
     * repeated START.
     *
     * @param address 0..127
     * @param reading the direction
     * @return whether anybody acknowledged
     */
    boolean start(int address, boolean reading) {
        Optional<I2cTarget> before = addressed;
        Optional<I2cTarget> now = Optional.ofNullable(targets.get(address));
        before.filter(target -> now.filter(target::equals).isEmpty()).ifPresent(I2cTarget::stop);
        addressed = now.filter(target -> target.start(reading));
        return addressed.isPresent();
    }

    /** A byte from the master; whether it was acknowledged. */
    boolean write(int value) {
        return addressed.map(target -> target.write(value)).orElse(false);
    }

    /** A byte for the master; with nobody there the wire stays high. */
    int read() {
        return addressed.map(I2cTarget::read).orElse(0xff);
    }

    void stop() {
        addressed.ifPresent(I2cTarget::stop);
        addressed = Optional.empty();
    }
}
