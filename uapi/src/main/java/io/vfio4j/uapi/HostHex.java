/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.HexFormat;

/** Bytes of configuration space as the host side's lines carry them. */
final class HostHex {
    private HostHex() {}

    static byte[] parse(String hex) {
        try {
            return HexFormat.of().parseHex(hex);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "config bytes are pairs of hexadecimal digits without a space", e);
        }
    }
}
