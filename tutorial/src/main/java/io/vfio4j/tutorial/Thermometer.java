/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntSupplier;

/** A thermometer: its one register reads the temperature, in thousandths of a degree. */
public final class Thermometer extends PciDevice {
    private final IntSupplier sensor;

    /** A thermometer on a sensor. */
    public Thermometer(IntSupplier sensor) {
        super(PciDescription.of(PciIdentity.of(0x1234, 0x7e31, 0xff0000)).withRegisters(0, 4096));
        this.sensor = sensor;
    }

    @Override
    protected long readRegister(int bar, long offset, int width) {
        return offset == 0 && width == 4 ? sensor.getAsInt() : -1;
    }

    /** Serves one at the socket that is the first argument, in a room of about 21 degrees. */
    public static void main(String[] args) throws InterruptedException {
        try (var events = new EventLoop();
                var server = new VfioUserServer()) {
            IntSupplier room = () -> ThreadLocalRandom.current().nextInt(21_000, 22_000);
            var device = new Thermometer(room);
            server.serve(Path.of(args[0]), new HostedDevice(device, HostOptions.system(events)));
            Thread.currentThread().join();
        }
    }
}
