/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What an emulated PCI function is: config space, BARs, interrupts, DMA, reset; the class a device
 * author extends.
 */
module io.vfio4j.device {
    requires static transitive org.jspecify;
    requires transitive io.vfio4j.linux;
    requires transitive io.vfio4j.uapi;
    requires transitive io.vfio4j.power;

    exports io.vfio4j.device;
}
