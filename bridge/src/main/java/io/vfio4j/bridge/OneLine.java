/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

/** A sentence that somebody else has made, and that must fit into one line of the host side. */
final class OneLine {
    private static final int MOST = 1000;

    private OneLine() {}

    static String of(String message) {
        var line = new StringBuilder();
        message.chars()
                .limit(MOST)
                .forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
        return message.length() <= MOST ? line.toString() : line.append('…').toString();
    }
}
