/* SPDX-License-Identifier: Apache-2.0 */
/** The devices of docs/write-a-device.md, one for each step. */
module io.vfio4j.tutorial {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.server;

    exports io.vfio4j.tutorial;
}
