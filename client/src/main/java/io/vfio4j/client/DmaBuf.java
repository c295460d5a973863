/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeature;
import io.vfio4j.uapi.VfioDeviceFeatureDmaBuf;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioRegionDmaRange;

import java.util.List;

/**
 * Parts of a BAR as a dma-buf, for another device to reach without a detour. The kernel takes it
 * away while the device is in low power, in D3hot or being reset (spec B7).
 */
public final class DmaBuf {
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;

    private DmaBuf() {}

    /**
     * Exports.
     *
     * @param device whose BAR
     * @param region the BAR's index
     * @param parts of it, each of whole pages
     * @return the dma-buf, to be closed by the caller
     * @throws UnsupportedFeatureException if the kernel or the device knows no such thing, and for
     *     a device behind a socket
     * @throws VfioException with EINVAL for parts of the wrong sort, ENODEV if that is no BAR that
     *     can be mapped
     */
    public static Fd export(VfioDevice device, int region, List<RegionInfo.MappableArea> parts) {
        Fd fd = device.descriptor().orElseThrow(() -> lacks(device, Errno.EOPNOTSUPP));
        int header = VfioDeviceFeature.LAYOUT.size();
        int fixed = header + VfioDeviceFeatureDmaBuf.LAYOUT.size();
        int each = VfioRegionDmaRange.LAYOUT.size();
        int size = fixed + parts.size() * each;
        int flags = VfioFeature.DMA_BUF.number() | Vfio.VFIO_DEVICE_FEATURE_GET;
        try (Memory memory = Memory.allocate(size)) {
            new VfioDeviceFeature(size, flags).write(memory, 0);
            new VfioDeviceFeatureDmaBuf(region, O_RDWR | O_CLOEXEC, 0, parts.size())
                    .write(memory, header);
            for (int i = 0; i < parts.size(); i++) {
                RegionInfo.MappableArea part = parts.get(i);
                new VfioRegionDmaRange(part.offset(), part.size())
                        .write(memory, fixed + (long) i * each);
            }
            return Fd.own(Ioctl.call(fd, Vfio.VFIO_DEVICE_FEATURE, memory, 0));
        } catch (LinuxException refused) {
            Errno errno = refused.errno();
            if (errno.equals(Errno.ENOTTY) || errno.equals(Errno.EOPNOTSUPP)) {
                throw lacks(device, errno);
            }
            throw Answers.failed(
                    errno, "exporting parts of region %d of %s".formatted(region, device), "");
        }
    }

    private static UnsupportedFeatureException lacks(VfioDevice device, Errno errno) {
        return new UnsupportedFeatureException(
                VfioFeature.DMA_BUF,
                errno,
                ("%s cannot export a dma-buf: the kernel (too old, or built without it) or the device's"
                                + " driver does not know how")
                        .formatted(device));
    }
}
