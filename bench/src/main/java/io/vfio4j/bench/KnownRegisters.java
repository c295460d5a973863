/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.PciConfig;
import io.vfio4j.client.VfioDevice;

import java.util.List;
import java.util.Optional;

/**
 * Registers of devices whose drivers are not here: what can be written without harm, and what makes
 * the device interrupt or reach for memory.
 *
 * @param scratch where four bytes may be written, in the order in which they are tried
 * @param interrupt what raises an interrupt, if that is known
 * @param copier whether it has the DMA engine of the teaching device edu
 */
record KnownRegisters(List<Place> scratch, Optional<Raise> interrupt, boolean copier) {
    /**
     * Four bytes of a region.
     *
     * @param region its index
     * @param offset bytes from its start
     */
    record Place(int region, long offset) {}

    /**
     * How an interrupt is raised: writes of four bytes.
     *
     * @param region of the registers
     * @param enable written once before; empty if nothing needs to be
     * @param raise the register that raises it
     * @param acknowledge the register that takes it back
     * @param bit written to each of them
     */
    record Raise(int region, Optional<Long> enable, long raise, long acknowledge, int bit) {}

    private static final Raise EDU = new Raise(0, Optional.empty(), 0x60, 0x64, 1);

    /** Intel's 82574: a cause is set by software, and cleared by writing it; link change. */
    private static final Raise E1000E = new Raise(0, Optional.of(0xd0L), 0xc8, 0xc0, 1 << 2);

    KnownRegisters {
        scratch = List.copyOf(scratch);
    }

    /** Those of a device; without any for one that is not known. */
    static KnownRegisters of(VfioDevice device) {
        PciConfig config = PciConfig.of(device);
        return switch (config.vendorId() << 16 | config.deviceId()) {
            // The memory of ours, which can be mapped, and QEMU's liveness check.
            case 0x1234_11e8 ->
                    new KnownRegisters(
                            List.of(new Place(2, 0), new Place(0, 0x04)), Optional.of(EDU), true);
            // The first receive address: plain storage while receiving is off.
            case 0x8086_10d3 ->
                    new KnownRegisters(List.of(new Place(0, 0x5400)), Optional.of(E1000E), false);
            case 0x8086_10c9 ->
                    new KnownRegisters(List.of(new Place(0, 0x5400)), Optional.empty(), false);
            // The admin queue's attributes: plain storage while the controller is disabled.
            case 0x1b36_0010 ->
                    new KnownRegisters(List.of(new Place(0, 0x24)), Optional.empty(), false);
            default -> new KnownRegisters(List.of(), Optional.empty(), false);
        };
    }
}
