/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeature;
import io.vfio4j.uapi.VfioDeviceLowPowerEntryWithWakeup;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioUserCommand;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** DEVICE_FEATURE, and low power, which is three of its features. */
final class FeatureRequests {
    private static final int PAYLOAD = Frames.PAYLOAD;

    private final VfioUserConnection connection;

    // Belongs to the thread inside the connection.
    private final Map<VfioFeature, Boolean> features = new EnumMap<>(VfioFeature.class);

    FeatureRequests(VfioUserConnection connection) {
        this.connection = connection;
    }

    boolean supports(VfioFeature feature) {
        connection.begin();
        try {
            return probe(feature);
        } finally {
            connection.end();
        }
    }

    /** Remembered, since the question wakes a sleeping device. */
    private boolean probe(VfioFeature feature) {
        Boolean known = features.get(feature);
        if (known == null) {
            int flags = feature.number() | feature.operations() | Vfio.VFIO_DEVICE_FEATURE_PROBE;
            if (Integer.bitCount(feature.operations()) > 1) {
                // Both at once is an error in the kernel's eyes (spec A2 step 9).
                flags &= ~Vfio.VFIO_DEVICE_FEATURE_SET;
            }
            int length = callFeature(flags, new byte[0], 0, List.of());
            known = length >= 0;
            // Not being able to wake is no answer.
            if (length != -Errno.EIO.number()) {
                features.put(feature, known);
            }
        }
        return known;
    }

    byte[] get(int feature, int size) {
        return request(number(feature) | Vfio.VFIO_DEVICE_FEATURE_GET, new byte[0], size);
    }

    void set(int feature, byte[] payload) {
        byte[] _ = request(number(feature) | Vfio.VFIO_DEVICE_FEATURE_SET, payload, payload.length);
    }

    private static int number(int feature) {
        if ((feature & ~Vfio.VFIO_DEVICE_FEATURE_MASK) != 0) {
            throw new IllegalArgumentException("a feature's number is 0 to 65535: " + feature);
        }
        return feature;
    }

    byte[] request(int flags, byte[] payload, int size) {
        int header = VfioDeviceFeature.LAYOUT.size();
        int most = Frames.MAX_TRANSFER - header;
        if (size < 0 || size > most || payload.length > most) {
            throw new IllegalArgumentException(
                    "a feature's data has 0 to %d bytes: %d and %d"
                            .formatted(most, payload.length, size));
        }
        connection.begin();
        try {
            int length = callFeature(flags, payload, size, List.of());
            if (length < 0) {
                throw Answers.failed(Errno.of(-length), feature(flags), "");
            }
            VfioDeviceFeature answer = VfioDeviceFeature.read(connection.in, PAYLOAD);
            long needed = Integer.toUnsignedLong(answer.argsz()) - header;
            if (length == header && answer.get() && needed > size) {
                throw new VfioException(
                        Errno.ENOSPC,
                        "%s: its data has %d bytes, not %d"
                                .formatted(feature(flags), needed, size));
            }
            byte[] data = new byte[length - header];
            connection.in.get(PAYLOAD + header, data, 0, data.length);
            return data;
        } finally {
            connection.end();
        }
    }

    /** Made just as given: the server is the one to judge. */
    void request(RawFeature raw) {
        byte[] payload = raw.payload();
        int header = VfioDeviceFeature.LAYOUT.size();
        if (payload.length > Frames.MAX_TRANSFER - header) {
            throw new IllegalArgumentException(
                    "a feature's data has at most %d bytes: %d"
                            .formatted(Frames.MAX_TRANSFER - header, payload.length));
        }
        connection.begin();
        try {
            new VfioDeviceFeature(raw.argsz(), raw.flags()).write(connection.out, PAYLOAD);
            connection.out.put(PAYLOAD + header, payload, 0, payload.length);
            // The message's one descriptor has the index 0.
            raw.descriptor().ifPresent(_ -> connection.out.putInt(PAYLOAD + header, 0));
            int length =
                    connection.call(
                            VfioUserCommand.DEVICE_FEATURE,
                            header + payload.length,
                            Frames.MAX_TRANSFER,
                            raw.descriptor().stream().toList());
            Answers.require(connection, length, header, () -> feature(raw.flags()));
        } finally {
            connection.end();
        }
    }

    private String feature(int flags) {
        int number = flags & Vfio.VFIO_DEVICE_FEATURE_MASK;
        String name = VfioFeature.of(number).map(Enum::name).orElse("unknown to this library");
        return "feature %d (%s) of %s".formatted(number, name, connection.device());
    }

    /** Bytes of the answer's payload, at least the feature header, or -errno. */
    private int callFeature(int flags, byte[] payload, int size, List<Fd> descriptors) {
        int header = VfioDeviceFeature.LAYOUT.size();
        int request = header + payload.length;
        int answer = header + Math.max(payload.length, size);
        new VfioDeviceFeature(answer, flags).write(connection.out, PAYLOAD);
        connection.out.put(PAYLOAD + header, payload, 0, payload.length);
        int length = connection.call(VfioUserCommand.DEVICE_FEATURE, request, answer, descriptors);
        if (length >= 0 && length < header) {
            throw connection.violation(
                    "its answer to a feature request has %d bytes".formatted(length));
        }
        return length;
    }

    void enterLowPower() {
        enter(VfioFeature.LOW_POWER_ENTRY, new byte[0], List.of());
    }

    void enterLowPower(Wakeup wakeup) {
        int size = VfioDeviceLowPowerEntryWithWakeup.LAYOUT.size();
        byte[] payload = new byte[size];
        try (Memory memory = Memory.allocate(size)) {
            // The eventfd is the frame's one descriptor, number 0.
            new VfioDeviceLowPowerEntryWithWakeup(0, 0).write(memory, 0);
            memory.get(0, payload, 0, size);
        }
        enter(VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP, payload, List.of(wakeup.eventFd().fd()));
    }

    private void enter(VfioFeature feature, byte[] payload, List<Fd> descriptors) {
        connection.begin();
        try {
            int length = performPower(feature, payload, descriptors);
            if (length == -Errno.EINVAL.number()) {
                throw new AlreadyInLowPowerException(
                        ("%s may sleep already: an earlier entry holds, with its wakeup if it had one;"
                                        + " leave it first to enter anew")
                                .formatted(connection.device()));
            }
            Answers.require(
                    connection,
                    length,
                    0,
                    () -> "entering low power of %s".formatted(connection.device()));
        } finally {
            connection.end();
        }
    }

    void exitLowPower() {
        connection.begin();
        try {
            int length = performPower(VfioFeature.LOW_POWER_EXIT, new byte[0], List.of());
            Answers.require(
                    connection,
                    length,
                    0,
                    () -> "leaving low power of %s".formatted(connection.device()));
        } finally {
            connection.end();
        }
    }

    /**
     * Asks first whether the feature is there, before EINVAL has two meanings: afterwards the
     * question itself could wake the device.
     */
    private int performPower(VfioFeature feature, byte[] payload, List<Fd> descriptors) {
        Boolean known = features.get(feature);
        if (known == null) {
            known = probe(feature);
        }
        int length =
                known || !features.containsKey(feature)
                        ? callFeature(
                                feature.number() | Vfio.VFIO_DEVICE_FEATURE_SET,
                                payload,
                                payload.length,
                                descriptors)
                        : -Errno.ENOTTY.number();
        if (length == -Errno.ENOTTY.number()) {
            throw new UnsupportedFeatureException(
                    feature,
                    Errno.ENOTTY,
                    ("the server of %s does not implement the VFIO low-power features (%d, %s): such a"
                                    + " device sleeps only by its own power management registers")
                            .formatted(connection.device(), feature.number(), feature));
        }
        return length;
    }
}
