/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.Wakeup;

import java.time.Duration;

/** Lets an adder sleep between two sums. */
final class AdderClient {
    private AdderClient() {}

    public static void main(String[] args) {
        try (var device = VfioDevice.open("vfio-user:" + args[0]);
                var wakeup = Wakeup.create()) {
            device.writeInt(0, 0, 40);
            device.writeInt(0, 0, 2);
            System.out.println("sum " + device.readInt(0, 0));

            device.enterLowPower(wakeup);
            System.out.println("it may sleep");
            if (wakeup.await(Duration.ofSeconds(30))) {
                System.out.println("woken " + wakeup.drain() + " time");
                System.out.println("sum " + device.readInt(0, 0) + ": its power was cut");
            }
        }
    }
}
