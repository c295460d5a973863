/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.VfioFeature;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The secret that an SR-IOV physical function and its virtual ones share (spec B8): who has opened
 * the physical one sets it, by {@link OpenOptions#withVfToken} or here, and who opens a virtual one
 * must know it.
 */
public final class VfToken {
    private VfToken() {}

    /**
     * Sets it.
     *
     * @param physical the physical function
     * @param token the new secret
     * @throws VfioException with ENOTTY if the device is no physical function
     */
    public static void set(VfioDevice physical, UUID token) {
        physical.setFeature(VfioFeature.PCI_VF_TOKEN.number(), bytes(token));
    }

    /** A UUID as the kernel has it: its bytes in the order they are written in. */
    static byte[] bytes(UUID token) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(token.getMostSignificantBits())
                .putLong(token.getLeastSignificantBits())
                .array();
    }
}
