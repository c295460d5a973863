/* SPDX-License-Identifier: Apache-2.0 */
/** One VfioDevice API, its two backends, vfio-user and the kernel, and the host side. */
module io.vfio4j.client {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.uapi;

    exports io.vfio4j.client;
}
