/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

/** What cases do to a device, byte for byte as the uAPI has it. */
final class Acts {
    static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
    static final int ENTRY = Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY;
    static final int WAKEUP = Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP;
    static final int EXIT = Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT;
    static final int GET = Vfio.VFIO_DEVICE_FEATURE_GET;
    static final int SET = Vfio.VFIO_DEVICE_FEATURE_SET;
    static final int PROBE = Vfio.VFIO_DEVICE_FEATURE_PROBE;

    /** A feature that no kernel knows. */
    static final int UNKNOWN = 0xfff0;

    /** A region that no PCI device has. */
    static final int NO_REGION = 99;

    private static final int WAKEUP_PAYLOAD = 8;

    private Acts() {}

    static void entry(VfioDevice device) {
        device.feature(RawFeature.of(ENTRY | SET));
    }

    static void wakeup(VfioDevice device, EventFd eventFd) {
        device.feature(wakeupRequest(eventFd.fd()));
    }

    /** W, with any descriptor. */
    static RawFeature wakeupRequest(Fd descriptor) {
        return RawFeature.of(WAKEUP | SET, new byte[WAKEUP_PAYLOAD]).withDescriptor(descriptor);
    }

    /** W, with any number in the descriptor's place, and in the reserved field. */
    static RawFeature wakeupRequest(int number, int reserved) {
        byte[] payload = new byte[WAKEUP_PAYLOAD];
        for (int i = 0; i < Integer.BYTES; i++) {
            payload[i] = (byte) (number >> (8 * i));
            payload[Integer.BYTES + i] = (byte) (reserved >> (8 * i));
        }
        return RawFeature.of(WAKEUP | SET, payload);
    }

    /** A number behind which there is no open file, nor a descriptor in a message. */
    static final int NOT_OPEN = 1 << 20;

    static void exit(VfioDevice device) {
        device.feature(RawFeature.of(EXIT | SET));
    }

    static void readConfig(VfioDevice device) {
        int _ = device.readInt(CONFIG, 0);
    }

    static void read(VfioDevice device, Spot spot) {
        int _ = device.readInt(spot.region(), spot.offset());
    }
}
