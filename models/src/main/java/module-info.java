/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Devices that ship: edu to learn from, bench to measure servers with, i2c to be driven by Linux.
 */
module io.vfio4j.models {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.device;

    exports io.vfio4j.models;
}
