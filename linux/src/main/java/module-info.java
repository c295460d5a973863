/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the kernel gives any process: descriptors, ioctl, eventfd, epoll, memfd, mappings, UNIX
 * sockets, errno.
 */
module io.vfio4j.linux {
    requires static transitive org.jspecify;

    exports io.vfio4j.linux;
}
