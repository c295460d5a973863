/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;

import java.util.Optional;

/**
 * A VFIO_DEVICE_FEATURE request as somebody might make it, right or wrong: for tests of what the
 * device says to that. {@link VfioDevice#feature(RawFeature)} makes it. Immutable.
 *
 * <p>The kernel takes the numbers of descriptors and the addresses that are in a payload for this
 * process's own, whoever has put them there: what came from another is to be passed on only if it
 * has none, or with {@link #withDescriptor} in their place.
 */
public final class RawFeature {
    private static final int HEADER = 8;

    private final int argsz;
    private final int flags;
    private final byte[] payload;
    private final Optional<Fd> descriptor;

    private RawFeature(int argsz, int flags, byte[] payload, Optional<Fd> descriptor) {
        this.argsz = argsz;
        this.flags = flags;
        this.payload = payload;
        this.descriptor = descriptor;
    }

    /**
     * A request that says rightly how long it is.
     *
     * @param flags the feature's number and {@code VFIO_DEVICE_FEATURE_GET}, {@code _SET}, {@code
     *     _PROBE}
     * @param payload the bytes after the flags
     */
    public static RawFeature of(int flags, byte... payload) {
        return new RawFeature(HEADER + payload.length, flags, payload.clone(), Optional.empty());
    }

    /**
     * This request, saying that it has another size; what that promises beyond the payload cannot
     * be read.
     *
     * @param size bytes of header and payload
     */
    public RawFeature withArgsz(int size) {
        return new RawFeature(size, flags, payload, descriptor);
    }

    /**
     * This request with a descriptor in the first four bytes of its payload, in the way of the
     * device at hand: its number, or its place in the message that brings it.
     *
     * @throws IllegalArgumentException if the payload has no room for it
     */
    public RawFeature withDescriptor(Fd given) {
        if (payload.length < Integer.BYTES) {
            throw new IllegalArgumentException("there is no room for a descriptor in the payload");
        }
        return new RawFeature(argsz, flags, payload, Optional.of(given));
    }

    /** What it says of its own size. */
    public int argsz() {
        return argsz;
    }

    /** Number and operations. */
    public int flags() {
        return flags;
    }

    /** The bytes after the flags; a copy. */
    public byte[] payload() {
        return payload.clone();
    }

    /** The descriptor that goes with it. */
    public Optional<Fd> descriptor() {
        return descriptor;
    }
}
