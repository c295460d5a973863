/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

class ThermometerTest {
    @TempDir private Path folder;

    @Test
    void shouldReadTheTemperature() {
        Path socket = folder.resolve("thermometer.sock");
        try (var events = new EventLoop();
                var server = new VfioUserServer()) {
            var thermometer = new Thermometer(() -> 21_500);
            server.serve(socket, new HostedDevice(thermometer, HostOptions.system(events)));

            try (var driver = VfioDevice.open("vfio-user:" + socket)) {
                assertThat(driver.readInt(0, 0)).isEqualTo(21_500);
                assertThat(driver.readInt(0, 4)).isEqualTo(-1);
            }
        }
    }
}
