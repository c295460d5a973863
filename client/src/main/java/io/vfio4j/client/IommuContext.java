/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;

/**
 * This process's {@code /dev/iommu}: one, because a hot reset without groups asks that all the
 * devices it affects be of the same.
 */
record IommuContext(Fd fd) implements Shared.Closing {
    static IommuContext open(KernelFiles files, SysfsPci device) {
        return new IommuContext(
                KernelFiles.open(
                        files.iommufd(),
                        device,
                        "the iommufd module is not loaded (modprobe iommufd), or the kernel was built"
                                + " without it; open the device by its group"));
    }

    @Override
    public void close() {
        fd.close();
    }
}
