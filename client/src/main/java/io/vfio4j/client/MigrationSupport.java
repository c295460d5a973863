/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/**
 * Which ways of migration a device knows (spec G).
 *
 * @param stopCopy it can be stopped and its state moved
 * @param peerToPeer it can be kept from starting DMA to other devices first
 * @param preCopy its state can be moved while it runs
 */
public record MigrationSupport(boolean stopCopy, boolean peerToPeer, boolean preCopy) {}
