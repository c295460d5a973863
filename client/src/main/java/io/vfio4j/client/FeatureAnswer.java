/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/** What a device said to a feature request. */
final class FeatureAnswer {
    private final int errno;
    private final byte[] data;

    private FeatureAnswer(int errno, byte[] data) {
        this.errno = errno;
        this.data = data;
    }

    /** Done, with the bytes after the flags, which are given away. */
    static FeatureAnswer of(byte... data) {
        return new FeatureAnswer(0, data);
    }

    static FeatureAnswer refused(int errno) {
        return new FeatureAnswer(errno, new byte[0]);
    }

    boolean done() {
        return errno == 0;
    }

    boolean is(Errno reason) {
        return errno == reason.number();
    }

    /** Why not; 0 if it was done. */
    int errno() {
        return errno;
    }

    /** The bytes after the flags; empty if it was refused. */
    byte[] data() {
        return data;
    }
}
