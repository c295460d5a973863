/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.PciCapability;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.BridgeConfig;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.BridgeState;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.Refusal;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.util.Optional;

/**
 * The guest's configuration space: the device's own, but for power management, which is the
 * bridge's. While the device is let sleep it is read from a copy, so that neither a guest that
 * looks, nor Linux's look for PME_Status once a second, wakes it.
 *
 * <p>Threads: requests come from one; the copy is renewed by the power thread, within the gate.
 */
final class BridgedConfig {
    private static final int REGION = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;

    /** What the kernel's save and restore covers, and drivers write (spec B3). */
    private static final int HEADER = 256;

    private static final int DEEPER =
            PciRegs.PCI_PM_CAP_D1 | PciRegs.PCI_PM_CAP_D2 | PciRegs.PCI_PM_CAP_PME_MASK;
    private static final int KEPT_BY_RULES =
            PciRegs.PCI_PM_CTRL_NO_SOFT_RESET
                    | PciRegs.PCI_PM_CTRL_PME_ENABLE
                    | PciRegs.PCI_PM_CTRL_PME_STATUS;

    private final VfioDevice device;
    private final Sleeper sleeper;
    private final BridgeConfig rules;
    private final int size;
    private final Memory copy;
    private final Memory passing;

    /** Where the capability is; empty if the function has none. */
    private final Optional<Integer> pm;

    BridgedConfig(VfioDevice device, Sleeper sleeper, BridgeConfig rules) {
        this.device = device;
        this.sleeper = sleeper;
        this.rules = rules;
        size = (int) device.region(REGION).size();
        copy = Memory.allocate(size);
        passing = Memory.allocate(size);
        device.read(REGION, 0, copy, 0, size);
        pm = powerManagement(device);
    }

    /** Where a device's power management capability is. */
    static Optional<Integer> powerManagement(VfioDevice device) {
        return PciConfig.of(device).find(PciRegs.PCI_CAP_ID_PM).map(PciCapability::offset);
    }

    /** Remembers what the guest may read while the device sleeps; it is awake. */
    void renewCopy() {
        device.read(REGION, 0, copy, 0, Math.min(HEADER, size));
    }

    /** Four bytes as they were when the device was last let sleep. */
    int remembered(int offset) {
        return copy.getInt(offset);
    }

    /** The copy, for whoever decodes it. */
    Memory copy() {
        return copy;
    }

    int size() {
        return size;
    }

    // ---- reading ----

    int read(long offset, int count, Memory target, long at) {
        if (offset < 0 || offset > size - (long) count) {
            return sleeper.reach(() -> judged(offset, count));
        }
        int done =
                sleeper.reachOrElse(
                        () -> fromDevice(offset, count, target, at),
                        () -> fromCopy((int) offset, count, target, at));
        if (done > 0) {
            overlay((int) offset, done, target, at);
        }
        return done;
    }

    private int fromCopy(int offset, int count, Memory target, long at) {
        target.copy(copy, offset, at, count);
        return count;
    }

    private int fromDevice(long offset, int count, Memory target, long at) {
        return Refusals.of(() -> {
            device.read(REGION, offset, target, at, count);
            return count;
        });
    }

    /** What is out of range is the device's to refuse. */
    private int judged(long offset, int count) {
        return Refusals.of(() -> {
            device.read(REGION, offset, passing, 0, Math.min(count, size));
            return -Errno.EFAULT.number();
        });
    }

    /** Puts the bridge's bits of PMC and PMCSR over the device's. */
    private void overlay(int offset, int count, Memory target, long at) {
        if (pm.isEmpty()) {
            return;
        }
        int first = pm.get() + PciRegs.PCI_PM_PMC;
        for (int i = Math.max(first, offset); i < Math.min(first + 4, offset + count); i++) {
            boolean pmc = i < first + 2;
            long place = at + (i - offset);
            int shift = 8 * ((i - first) & 1);
            int own = (target.getByte(place) & 0xff) << shift;
            int shown = pmc ? pmc(own) : pmcsr(own);
            target.putByte(place, (byte) (shown >>> shift));
        }
    }

    private int pmc(int own) {
        int shown = own & ~DEEPER;
        for (PciPowerState state : rules.pmeFrom()) {
            shown |= 1 << state.pmeBit();
        }
        return shown;
    }

    private int pmcsr(int own) {
        BridgeState state = sleeper.state();
        int shown = own & ~KEPT_BY_RULES;
        if (!state.selfManaged()) {
            shown = (shown & ~PciRegs.PCI_PM_CTRL_STATE_MASK) | state.guest().pmcsrBits();
        }
        return shown
                | (rules.promise().noSoftReset() ? PciRegs.PCI_PM_CTRL_NO_SOFT_RESET : 0)
                | (state.pme().enabled() ? PciRegs.PCI_PM_CTRL_PME_ENABLE : 0)
                | (state.pme().status() ? PciRegs.PCI_PM_CTRL_PME_STATUS : 0);
    }

    // ---- writing ----

    /** In pieces: PMCSR, and what is before and behind it, for which the device must be awake. */
    int write(long offset, int count, Memory source, long at) {
        if (offset < 0 || offset > size - (long) count) {
            return sleeper.reach(() -> judged(offset, count));
        }
        int start = pm.map(there -> there + PciRegs.PCI_PM_CTRL).orElse(size);
        int before = Math.clamp(start - offset, 0, count);
        int within = Math.clamp(start + 2 - offset, 0, count);
        if (before == within) {
            return piece(offset, source, at, 0, count);
        }
        Pmcsr pmcsr = Pmcsr.of((int) offset + before - start, source, at + before, within - before);
        int done = pmcsr.wakes() ? tell(pmcsr) : 0;
        done = done < 0 ? done : piece(offset, source, at, 0, before);
        done = done < 0 ? done : piece(offset, source, at, within, count);
        done = done < 0 || pmcsr.wakes() ? done : tell(pmcsr);
        return done < 0 ? done : count;
    }

    /**
     * What is written to PMCSR.
     *
     * @param value 16 bits
     * @param bytes which of them
     */
    private record Pmcsr(int value, int bytes) {
        static Pmcsr of(int first, Memory source, long at, int count) {
            int value = 0;
            int bytes = 0;
            for (int i = 0; i < count; i++) {
                value |= (source.getByte(at + i) & 0xff) << (8 * (first + i));
                bytes |= 1 << (first + i);
            }
            return new Pmcsr(value, bytes);
        }

        /** After which the device is awake; after any other it may be let sleep. */
        boolean wakes() {
            return (bytes & 1) != 0 && (value & PciRegs.PCI_PM_CTRL_STATE_MASK) == 0;
        }
    }

    /** The write is done when the device is where it is to be: D0 is worth waiting for. */
    private int tell(Pmcsr written) {
        Optional<Refusal> refusal =
                sleeper.tell(new BridgeEvent.GuestWrote(written.value(), written.bytes()));
        return refusal.isPresent() ? -Errno.EIO.number() : 0;
    }

    private int piece(long offset, Memory source, long at, int from, int to) {
        if (from >= to) {
            return 0;
        }
        return sleeper.reach(() ->
                Refusals.of(() -> {
                    device.write(REGION, offset + from, source, at + from, to - from);
                    remember((int) offset + from, (int) offset + to);
                    return to;
                }));
    }

    /**
     * What was written there is looked up: the guest may ask when the device sleeps, and where its
     * BARs are must be known at any time, see {@link BarWindows}.
     */
    private void remember(int from, int to) {
        int first = from < PciRegs.PCI_STD_HEADER_SIZEOF ? 0 : from & -Integer.BYTES;
        int last = Math.min(Math.max(to + 3 & -Integer.BYTES, PciRegs.PCI_STD_HEADER_SIZEOF), size);
        device.read(REGION, first, copy, first, last - first);
    }

    /** Has the device, which must be awake, reach for no memory any more. */
    void disableBusMaster() {
        short command = device.readShort(REGION, PciRegs.PCI_COMMAND);
        device.writeShort(
                REGION, PciRegs.PCI_COMMAND, (short) (command & ~PciRegs.PCI_COMMAND_MASTER));
    }

    /** Whether the device, by its own PMCSR, is in D0; one without PM is. */
    boolean inD0() {
        return pm.map(at -> device.readShort(REGION, at + PciRegs.PCI_PM_CTRL))
                .map(own -> (own & PciRegs.PCI_PM_CTRL_STATE_MASK) == 0)
                .orElse(true);
    }

    /** Writes the device's own PMCSR; PME_Status, which a 1 would clear, is left alone. */
    void writeOwn(int value, int bytes) {
        int at = pm.orElse(0) + PciRegs.PCI_PM_CTRL;
        int quiet = value & ~PciRegs.PCI_PM_CTRL_PME_STATUS;
        switch (pm.isPresent() ? bytes : 0) {
            case 1 -> device.writeByte(REGION, at, (byte) quiet);
            case 2 -> device.writeByte(REGION, at + 1, (byte) (quiet >>> 8));
            case 3 -> device.writeShort(REGION, at, (short) quiet);
            default -> {
                // Nothing to write, or nowhere.
            }
        }
    }

    void close() {
        copy.close();
        passing.close();
    }
}
