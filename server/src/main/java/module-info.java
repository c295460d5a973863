/* SPDX-License-Identifier: Apache-2.0 */
/** vfio-user: frames in, calls on a device, frames out. */
module io.vfio4j.server {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.device;

    exports io.vfio4j.server;
}
