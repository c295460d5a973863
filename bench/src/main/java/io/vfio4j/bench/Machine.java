/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

/** On what a run was made: figures mean nothing without. */
final class Machine {
    private Machine() {}

    static String describe() {
        return "%d processors, %s %s, Java %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        Runtime.version());
    }
}
