/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.PciRegs;

/** A configuration space whose BARs a guest has set. */
final class ConfigBars implements AutoCloseable {
    final Memory memory = Memory.allocate(256);

    void put(int bar, int register) {
        memory.putInt(PciRegs.PCI_BASE_ADDRESS_0 + 4L * bar, register);
    }

    @Override
    public void close() {
        memory.close();
    }
}
