/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.VfioDeviceFeature;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioUserCommand;

import java.util.List;
import java.util.Optional;

/** DEVICE_FEATURE. */
final class VfioUserFeatures implements FeaturePort {
    private static final int PAYLOAD = Frames.PAYLOAD;
    private static final int HEADER = VfioDeviceFeature.LAYOUT.size();

    private final VfioUserConnection connection;

    VfioUserFeatures(VfioUserConnection connection) {
        this.connection = connection;
    }

    @Override
    public String device() {
        return connection.device();
    }

    @Override
    public int most() {
        return Frames.MAX_TRANSFER - HEADER;
    }

    @Override
    public FeatureAnswer request(int flags, byte[] payload, int size, Optional<Fd> descriptor) {
        int most = HEADER + Math.max(payload.length, size);
        connection.begin();
        try {
            FeatureAnswer result = call(most, flags, payload, most, descriptor);
            if (result.done() && result.data().length == 0) {
                VfioDeviceFeature answer = VfioDeviceFeature.read(connection.in, PAYLOAD);
                long needed = Integer.toUnsignedLong(answer.argsz()) - HEADER;
                if (answer.get() && !answer.probe() && needed > size) {
                    throw new VfioException(
                            Errno.ENOSPC,
                            "%s: its data has %d bytes, not %d"
                                    .formatted(
                                            FeatureRequests.describe(flags, device()),
                                            needed,
                                            size));
                }
            }
            return result;
        } finally {
            connection.end();
        }
    }

    @Override
    public FeatureAnswer request(RawFeature raw) {
        connection.begin();
        try {
            return call(
                    raw.argsz(), raw.flags(), raw.payload(), Frames.MAX_TRANSFER, raw.descriptor());
        } finally {
            connection.end();
        }
    }

    private FeatureAnswer call(
            int argsz, int flags, byte[] payload, int most, Optional<Fd> descriptor) {
        new VfioDeviceFeature(argsz, flags).write(connection.out, PAYLOAD);
        connection.out.put(PAYLOAD + HEADER, payload, 0, payload.length);
        // The message's one descriptor has the index 0.
        descriptor.ifPresent(_ -> connection.out.putInt(PAYLOAD + HEADER, 0));
        List<Fd> beside = descriptor.stream().toList();
        int length =
                connection.call(
                        VfioUserCommand.DEVICE_FEATURE, HEADER + payload.length, most, beside);
        if (length < 0) {
            return FeatureAnswer.refused(-length);
        }
        if (length < HEADER) {
            throw connection.violation(
                    "its answer to a feature request has %d bytes".formatted(length));
        }
        byte[] data = new byte[length - HEADER];
        connection.in.get(PAYLOAD + HEADER, data, 0, data.length);
        return FeatureAnswer.of(data);
    }

    @Override
    public void discard(int flags, FeatureAnswer answer) {
        // Descriptors do not come this way.
    }

    @Override
    public VfioException failed(Errno errno, String what) {
        return Answers.failed(errno, what, "");
    }

    @Override
    public String lacksLowPower(VfioFeature feature) {
        return ("the server of %s does not implement the VFIO low-power features (%d, %s): such a device"
                        + " sleeps only by its own power management registers")
                .formatted(device(), feature.number(), feature);
    }
}
