/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.RawFeature;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioFeature;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * DEVICE_FEATURE requests of a client that knows the contract itself: the device behind judges
 * them, so that its answers, and their order, are its own (spec A2). What it has and a bridge
 * cannot pass on, such as migration, is as if it had it not.
 */
final class PassedFeatures {
    private static final int HEADER = 8;

    /** No process has so many descriptors: the kernel answers EBADF. */
    private static final int NOT_OPEN = Integer.MAX_VALUE;

    private static final Set<VfioFeature> PASSED_ON =
            EnumSet.of(
                    VfioFeature.PCI_VF_TOKEN,
                    VfioFeature.LOW_POWER_ENTRY,
                    VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP,
                    VfioFeature.LOW_POWER_EXIT);

    private final VfioDevice device;
    private final Sleeper sleeper;
    private final Set<VfioFeature> withheld = EnumSet.noneOf(VfioFeature.class);

    /** Asks which there are; the device is awake. */
    PassedFeatures(VfioDevice device, Sleeper sleeper) {
        this.device = device;
        this.sleeper = sleeper;
        for (VfioFeature feature : VfioFeature.values()) {
            if (!PASSED_ON.contains(feature) && device.supports(feature)) {
                withheld.add(feature);
            }
        }
    }

    int handle(Memory memory, long at, int length, List<Fd> fds) {
        try {
            if (length < HEADER) {
                return -Errno.EFAULT.number();
            }
            int flags = memory.getInt(at + 4);
            int index = flags & Vfio.VFIO_DEVICE_FEATURE_MASK;
            if (withheld.stream().anyMatch(feature -> feature.number() == index)) {
                return -Errno.ENOTTY.number();
            }
            RawFeature request = request(memory, at, length, flags, fds);
            if (enters(flags)) {
                sleeper.tell(new BridgeEvent.ClientEntered());
            }
            return sleeper.reach(() ->
                    Refusals.of(() -> {
                        device.feature(request);
                        return 0;
                    }));
        } finally {
            fds.forEach(Fd::close);
        }
    }

    private static boolean enters(int flags) {
        int entry = Vfio.VFIO_DEVICE_FEATURE_SET | VfioFeature.LOW_POWER_ENTRY.number();
        int withWakeup =
                Vfio.VFIO_DEVICE_FEATURE_SET | VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP.number();
        return flags == entry || flags == withWakeup;
    }

    /** A number of a descriptor is none of the client's: what it names has come beside it. */
    private static RawFeature request(Memory memory, long at, int length, int flags, List<Fd> fds) {
        byte[] payload = new byte[length - HEADER];
        memory.get(at + HEADER, payload, 0, payload.length);
        RawFeature request = RawFeature.of(flags, payload).withArgsz(memory.getInt(at));
        boolean wakeup =
                (flags & Vfio.VFIO_DEVICE_FEATURE_MASK)
                        == VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP.number();
        if (!wakeup || payload.length < Integer.BYTES) {
            return request;
        }
        int named = memory.getInt(at + HEADER);
        if (named == 0 && fds.size() == 1) {
            return request.withDescriptor(fds.getFirst());
        }
        int number = named < 0 || fds.size() > 1 ? -1 : NOT_OPEN;
        for (int i = 0; i < Integer.BYTES; i++) {
            payload[i] = (byte) (number >>> (8 * i));
        }
        return RawFeature.of(flags, payload).withArgsz(memory.getInt(at));
    }
}
