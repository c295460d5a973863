/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.VfioFeature;

import java.util.Optional;

/** How a VFIO_DEVICE_FEATURE request gets to a device, and back. */
interface FeaturePort {
    /** Says which device this is, for sentences. */
    String device();

    /** Bytes that a request's or an answer's data may have. */
    int most();

    /**
     * Asks.
     *
     * @param size the most bytes of data to expect
     * @param descriptor what the first four bytes of the payload shall name
     */
    FeatureAnswer request(int flags, byte[] payload, int size, Optional<Fd> descriptor);

    /** Asks just as given; what the answer brings is dropped. */
    FeatureAnswer request(RawFeature raw);

    /** Drops an answer with what it brings along, such as descriptors. */
    void discard(int flags, FeatureAnswer answer);

    /** What to throw for a refusal. */
    VfioException failed(Errno errno, String what);

    /** The sentence for a device without low power. */
    String lacksLowPower(VfioFeature feature);
}
