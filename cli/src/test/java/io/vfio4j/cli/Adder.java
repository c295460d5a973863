/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.nio.file.Path;

/** Adds up what is written to its one register, and forgets it when its power is cut. */
final class Adder extends PciDevice {
    private long sum;

    Adder() {
        super(
                PciDescription.of(PciIdentity.of(0x1234, 0xadde, 0xff0000))
                        .withRegisters(0, 4096)
                        .withPower(PowerManagement.downToD3cold()));
    }

    @Override
    protected long readRegister(int bar, long offset, int width) {
        return offset == 0 ? sum : -1;
    }

    @Override
    protected void writeRegister(int bar, long offset, int width, long value) {
        sum += value;
    }

    @Override
    protected void reset(ResetReason reason) {
        sum = 0;
    }

    public static void main(String[] args) throws InterruptedException {
        try (var events = new EventLoop();
                var server = new VfioUserServer()) {
            var adder = new HostedDevice(new Adder(), HostOptions.system(events));
            server.serve(Path.of(args[0]), adder);
            Thread.currentThread().join();
        }
    }
}
