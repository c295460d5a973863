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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
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

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

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

    /**
     * The payload of what is not passed on is left out: the kernel would take addresses and
     * descriptors in it for this process's own. It refuses the request before it looks there.
     */
    private static RawFeature request(Memory memory, long at, int length, int flags, List<Fd> fds) {
        int argsz = memory.getInt(at);
        int index = flags & Vfio.VFIO_DEVICE_FEATURE_MASK;
        Optional<VfioFeature> known = VfioFeature.of(index);
        if (known.filter(PASSED_ON::contains).isEmpty()) {
            int number = known.isPresent() ? index : Vfio.VFIO_DEVICE_FEATURE_MASK;
            int asked = (flags & ~Vfio.VFIO_DEVICE_FEATURE_MASK) | number;
            return RawFeature.of(asked).withArgsz(argsz);
        }
        byte[] payload = new byte[length - HEADER];
        memory.get(at + HEADER, payload, 0, payload.length);
        boolean names =
                known.get() == VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP
                        && payload.length >= Integer.BYTES;
        return names
                ? naming(payload, flags, fds).withArgsz(argsz)
                : RawFeature.of(flags, payload).withArgsz(argsz);
    }

    /** A descriptor's number is none of the client's: what it names has come beside it. */
    private static RawFeature naming(byte[] payload, int flags, List<Fd> fds) {
        int named = (int) INT.get(payload, 0);
        if (named == 0 && fds.size() == 1) {
            return RawFeature.of(flags, payload).withDescriptor(fds.getFirst());
        }
        INT.set(payload, 0, named < 0 || fds.size() > 1 ? -1 : NOT_OPEN);
        return RawFeature.of(flags, payload);
    }
}
