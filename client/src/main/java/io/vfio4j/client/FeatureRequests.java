/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceLowPowerEntryWithWakeup;
import io.vfio4j.uapi.VfioFeature;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** VFIO_DEVICE_FEATURE, and low power, which is three of its features; any thread may ask. */
final class FeatureRequests {
    private static final byte[] NOTHING = {};

    private final FeaturePort port;

    // Two threads may ask the same question at the same time: the answer is the same.
    private final Map<VfioFeature, Boolean> known = new ConcurrentHashMap<>();

    FeatureRequests(FeaturePort port) {
        this.port = port;
    }

    /** Remembered, since the question wakes a sleeping device. */
    boolean supports(VfioFeature feature) {
        Boolean before = known.get(feature);
        if (before != null) {
            return before;
        }
        int flags = feature.number() | feature.operations() | Vfio.VFIO_DEVICE_FEATURE_PROBE;
        if (Integer.bitCount(feature.operations()) > 1) {
            // Both at once is an error in the kernel's eyes (spec A2 step 9).
            flags &= ~Vfio.VFIO_DEVICE_FEATURE_SET;
        }
        FeatureAnswer answer = port.request(flags, NOTHING, 0, Optional.empty());
        // Not being able to wake is no answer.
        if (!answer.is(Errno.EIO)) {
            known.put(feature, answer.done());
        }
        return answer.done();
    }

    byte[] get(int feature, int size) {
        return request(number(feature) | Vfio.VFIO_DEVICE_FEATURE_GET, NOTHING, size);
    }

    void set(int feature, byte[] payload) {
        int flags = number(feature) | Vfio.VFIO_DEVICE_FEATURE_SET;
        port.discard(flags, ask(flags, payload, payload.length));
    }

    private static int number(int feature) {
        if ((feature & ~Vfio.VFIO_DEVICE_FEATURE_MASK) != 0) {
            throw new IllegalArgumentException("a feature's number is 0 to 65535: " + feature);
        }
        return feature;
    }

    byte[] request(int flags, byte[] payload, int size) {
        return ask(flags, payload, size).data();
    }

    private FeatureAnswer ask(int flags, byte[] payload, int size) {
        if (size < 0 || size > port.most() || payload.length > port.most()) {
            throw new IllegalArgumentException(
                    "a feature's data has 0 to %d bytes: %d and %d"
                            .formatted(port.most(), payload.length, size));
        }
        return required(port.request(flags, payload, size, Optional.empty()), flags);
    }

    /** Made just as given: the device is the one to judge. */
    void request(RawFeature raw) {
        if (raw.payload().length > port.most()) {
            throw new IllegalArgumentException(
                    "a feature's data has at most %d bytes: %d"
                            .formatted(port.most(), raw.payload().length));
        }
        FeatureAnswer _ = required(port.request(raw), raw.flags());
    }

    private FeatureAnswer required(FeatureAnswer answer, int flags) {
        if (!answer.done()) {
            throw port.failed(Errno.of(answer.errno()), describe(flags, port.device()));
        }
        return answer;
    }

    /** A feature request in a sentence. */
    static String describe(int flags, String device) {
        int number = flags & Vfio.VFIO_DEVICE_FEATURE_MASK;
        String name = VfioFeature.of(number).map(Enum::name).orElse("unknown to this library");
        return "feature %d (%s) of %s".formatted(number, name, device);
    }

    void enterLowPower() {
        enter(VfioFeature.LOW_POWER_ENTRY, NOTHING, Optional.empty());
    }

    void enterLowPower(Wakeup wakeup) {
        // Zeros: the descriptor gets its name where it is passed on.
        byte[] payload = new byte[VfioDeviceLowPowerEntryWithWakeup.LAYOUT.size()];
        enter(VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP, payload, Optional.of(wakeup.eventFd().fd()));
    }

    private void enter(VfioFeature feature, byte[] payload, Optional<Fd> descriptor) {
        // Asked before EINVAL has two meanings: afterwards the question itself could wake the
        // device.
        if (!supports(feature) && known.containsKey(feature)) {
            throw lacks(feature);
        }
        FeatureAnswer answer =
                port.request(
                        feature.number() | Vfio.VFIO_DEVICE_FEATURE_SET,
                        payload,
                        payload.length,
                        descriptor);
        if (answer.is(Errno.ENOTTY)) {
            throw lacks(feature);
        }
        if (answer.is(Errno.EINVAL)) {
            throw new AlreadyInLowPowerException(
                    ("%s may sleep already: an earlier entry holds, with its wakeup if it had one;"
                                    + " leave it first to enter anew")
                            .formatted(port.device()));
        }
        if (!answer.done()) {
            throw port.failed(
                    Errno.of(answer.errno()), "entering low power of %s".formatted(port.device()));
        }
    }

    /**
     * Asks nothing first: the device may be asleep, and would wake for the question. None is
     * needed, since an exit of a device that has the feature is never invalid (spec B3).
     */
    void exitLowPower() {
        VfioFeature feature = VfioFeature.LOW_POWER_EXIT;
        if (!known.getOrDefault(feature, true)) {
            throw lacks(feature);
        }
        FeatureAnswer answer =
                port.request(
                        feature.number() | Vfio.VFIO_DEVICE_FEATURE_SET,
                        NOTHING,
                        0,
                        Optional.empty());
        if (answer.is(Errno.ENOTTY) || answer.is(Errno.EINVAL)) {
            known.put(feature, false);
            throw lacks(feature);
        }
        if (!answer.done()) {
            throw port.failed(
                    Errno.of(answer.errno()), "leaving low power of %s".formatted(port.device()));
        }
    }

    private UnsupportedFeatureException lacks(VfioFeature feature) {
        return new UnsupportedFeatureException(feature, Errno.ENOTTY, port.lacksLowPower(feature));
    }
}
