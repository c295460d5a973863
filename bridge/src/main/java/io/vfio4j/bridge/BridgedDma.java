/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

final class BridgedDma implements io.vfio4j.device.ServedDma {
    BridgedDma(io.vfio4j.client.VfioDevice d, SharedWindows s, BarWindows b, String n) {}

    @Override
    public int map(
            long iova, long size, long offset, int flags, java.util.List<io.vfio4j.linux.Fd> fds) {
        return 0;
    }

    @Override
    public int unmap(long iova, long size) {
        return 0;
    }

    @Override
    public void unmapAll() {}
}
