/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.VfioPci;

import java.util.Optional;

/** What is measured of the ways to a device. */
enum PathRow {
    /** A read of a register through a mapping: nobody is asked. */
    MAPPED_READ("mapped register, read") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return scratch(device, registers)
                    .flatMap(at ->
                            registers
                                    .mapping(at.region(), at.offset())
                                    .map(bar -> batch(() -> bar.getInt(at.offset()))));
        }
    },
    /** A write of one. */
    MAPPED_WRITE("mapped register, written") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return scratch(device, registers)
                    .flatMap(at ->
                            registers
                                    .mapping(at.region(), at.offset())
                                    .map(bar ->
                                            batch(() -> {
                                                bar.putInt(at.offset(), 0x0101_0101);
                                                return 0;
                                            })));
        }
    },
    /** A mapped write that has the device interrupt, until the eventfd can be read. */
    INTERRUPT("mapped write to interrupt") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return KnownRegisters.of(device)
                    .interrupt()
                    .filter(it -> registers.mapping(it.region(), it.raise()).isPresent())
                    .flatMap(it ->
                            InterruptPath.index(device)
                                    .map(index ->
                                            InterruptPath.ofDevice(device, index, registers, it)));
        }
    },
    /** DMA that the device does by itself, on memory that it was given. */
    DMA("device's DMA, 4 KiB there and back") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return KnownRegisters.of(device).copier()
                    ? Optional.of(new CopierPath(device, registers))
                    : Optional.empty();
        }
    },
    /** The same register, by a request. */
    READ("register, read by request") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return scratch(device, registers)
                    .map(at -> single(() -> device.readInt(at.region(), at.offset())));
        }
    },
    /** Configuration space, which is never mapped. */
    CONFIG("configuration space, read") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return Optional.of(
                    single(() -> device.readInt(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, 0)));
        }
    },
    /** An interrupt that is asked for: SET_IRQS with a trigger, until the eventfd can be read. */
    LOOPBACK("trigger by request to interrupt") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return InterruptPath.index(device).map(index -> InterruptPath.byTrigger(device, index));
        }
    },
    /** A window for DMA, given and taken. */
    WINDOW("DMA window, 2 MiB, given and taken") {
        @Override
        Optional<PathLoad> on(VfioDevice device, Registers registers) {
            return Optional.of(new WindowPath(device));
        }
    };

    private static final int BATCH = 64;

    private final String title;

    PathRow(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** This way to that device, if it can be gone. */
    abstract Optional<PathLoad> on(VfioDevice device, Registers registers);

    /** A register that may be written, preferably one that is mapped. */
    private static Optional<KnownRegisters.Place> scratch(VfioDevice device, Registers registers) {
        var places = KnownRegisters.of(device).scratch();
        return places.stream()
                .filter(at -> registers.mapping(at.region(), at.offset()).isPresent())
                .findFirst()
                .or(() -> places.stream().findFirst());
    }

    private interface Access {
        int access();
    }

    /** One that takes long enough for the clock. */
    private static PathLoad single(Access access) {
        return () -> {
            long start = System.nanoTime();
            int _ = access.access();
            return System.nanoTime() - start;
        };
    }

    /** Many at once: a clock may take longer than a mapped access does. */
    private static PathLoad batch(Access access) {
        return () -> {
            long start = System.nanoTime();
            for (int i = 0; i < BATCH; i++) {
                int _ = access.access();
            }
            return (System.nanoTime() - start) / BATCH;
        };
    }
}
