/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeatureBusMaster;
import io.vfio4j.uapi.VfioFeature;

/** Whether a device of the CDX bus may do DMA; a PCI device has that in its COMMAND register. */
public final class BusMaster {
    private BusMaster() {}

    /**
     * Allows or forbids DMA.
     *
     * @throws VfioException with ENOTTY if that is no device of such a bus
     */
    public static void set(VfioDevice device, boolean allowed) {
        int size = VfioDeviceFeatureBusMaster.LAYOUT.size();
        byte[] payload = new byte[size];
        try (Memory memory = Memory.allocate(size)) {
            int operation =
                    allowed
                            ? Vfio.VFIO_DEVICE_FEATURE_SET_MASTER
                            : Vfio.VFIO_DEVICE_FEATURE_CLEAR_MASTER;
            new VfioDeviceFeatureBusMaster(operation).write(memory, 0);
            memory.get(0, payload, 0, size);
        }
        device.setFeature(VfioFeature.BUS_MASTER.number(), payload);
    }
}
