/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

final class BarWindows {
    BarWindows(
            io.vfio4j.client.VfioDevice d,
            io.vfio4j.linux.Memory config,
            Runnable mapped,
            Runnable unmapped) {}
}
