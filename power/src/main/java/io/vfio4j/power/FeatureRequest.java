/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * A feature request as it came in. The checks ask for each value only when its turn has come, so an
 * implementation may read straight from a frame: header fields are not read before 8 bytes are
 * known to be there, payload fields not before the payload is.
 */
public interface FeatureRequest {
    /** Bytes of header and payload that are really there; 0 or more. */
    long availableBytes();

    /** The u32 at 0: bytes of header and payload that the requester speaks of. */
    long argsz();

    /** The u32 at 4: index in bits 15:0, GET bit 16, SET bit 17, PROBE bit 18. */
    int flags();

    /** Feature 4: the s32 wakeup_eventfd at 8; over vfio-user the index of the descriptor, 0. */
    int wakeupEventfd();

    /** How many descriptors came along. */
    int descriptorCount();

    /** What the first of them is; asked only for feature 4 with one descriptor. */
    DescriptorKind descriptor();
}
