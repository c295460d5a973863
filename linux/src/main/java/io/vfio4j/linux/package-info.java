/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the kernel gives any process: descriptors, ioctl, eventfd, epoll, memfd, mappings, UNIX
 * sockets, errno.
 */
@NullMarked
package io.vfio4j.linux;

import org.jspecify.annotations.NullMarked;
