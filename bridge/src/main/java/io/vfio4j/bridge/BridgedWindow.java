/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.device.DmaTable;

/** A window of a client's that was taken. */
sealed interface BridgedWindow extends DmaTable.Window {
    /** Memory that the device reaches. */
    record Memory(long iova, long size, AddressSpace.Share share) implements BridgedWindow {
        @Override
        public boolean isMapped() {
            return true;
        }
    }

    /** A BAR of the device's own, or a part of one. */
    record Bar(long iova, long size) implements BridgedWindow {}

    /** Something else that came without a descriptor. */
    record Unreached(long iova, long size) implements BridgedWindow {}

    @Override
    default boolean isMapped() {
        return false;
    }
}
