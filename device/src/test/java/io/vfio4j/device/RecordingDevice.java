/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PciPowerState;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Writes down what it is told. Each byte of its registers reads as its offset. */
final class RecordingDevice extends PciDevice {
    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());

    /** Run by a suspend, as long as the device is on its way to sleep. */
    Runnable whileSuspending = () -> {};

    /** Run by a resume, as long as the device is on its way back. */
    Runnable whileResuming = () -> {};

    /** Run by a reset. */
    Runnable whileResetting = () -> {};

    RecordingDevice(PciDescription description) {
        super(description);
    }

    /** What was called since this was last asked. */
    List<String> calls() {
        synchronized (calls) {
            List<String> copy = List.copyOf(calls);
            calls.clear();
            return copy;
        }
    }

    @Override
    protected long readRegister(int bar, long offset, int width) {
        calls.add("read %d+0x%x/%d".formatted(bar, offset, width));
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | ((offset + i) & 0xff);
        }
        return value;
    }

    @Override
    protected void writeRegister(int bar, long offset, int width, long value) {
        calls.add("write %d+0x%x/%d=0x%x".formatted(bar, offset, width, value));
    }

    @Override
    protected void reset(ResetReason reason) {
        calls.add("reset " + reason);
        whileResetting.run();
    }

    @Override
    protected void suspend(PciPowerState target) {
        calls.add("suspend " + target.sysfsName());
        whileSuspending.run();
    }

    @Override
    protected void resume(PciPowerState from) {
        calls.add("resume " + from.sysfsName());
        whileResuming.run();
    }

    @Override
    protected boolean signal(String name) {
        calls.add("signal " + name);
        return name.equals("bell");
    }

    @Override
    protected void close() {
        calls.add("close");
    }
}
