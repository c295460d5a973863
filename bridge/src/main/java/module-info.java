/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A device whose registers are another device's: {@code client} behind, {@code server} in front,
 * {@code power} in between.
 */
module io.vfio4j.bridge {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.server;
    requires transitive io.vfio4j.client;

    exports io.vfio4j.bridge;
}
