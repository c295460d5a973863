/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The bytes: linux/vfio.h, PCI config space and capabilities, vfio-user frames, the host side's
 * lines. Layouts and constants only.
 */
module io.vfio4j.uapi {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.linux;
    requires tools.jackson.core;

    exports io.vfio4j.uapi;
}
