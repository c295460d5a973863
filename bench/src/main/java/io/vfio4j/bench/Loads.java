/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VfioPci;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** One connection and the loads that it can carry. One thread, but for {@link #shutdown}. */
final class Loads implements AutoCloseable {
    private final Connection connection;
    private final BenchDevice device;
    private final EventFd interrupt = EventFd.create();
    private final Map<Measure, Load> loads = new EnumMap<>(Measure.class);
    private final Map<Measure, String> missing = new EnumMap<>(Measure.class);

    private Loads(Connection connection) {
        this.connection = connection;
        device = new BenchDevice(connection);
    }

    /**
     * Connects to a server.
     *
     * @param socket where
     * @param timeout for each answer
     * @return the loads that its device takes
     * @throws RowFailure if there is no server, or it does not speak vfio-user
     */
    static Loads ofServer(Path socket, Duration timeout) {
        UnixStream stream;
        try {
            stream = UnixStream.connect(socket, timeout);
        } catch (LinuxException refused) {
            throw new RowFailure(String.valueOf(refused.getMessage()), refused);
        }
        return prepared(stream, timeout, loads -> loads.probe(Negotiation.of(loads.connection)));
    }

    /**
     * Starts the floor's peer.
     *
     * @param timeout for each answer
     * @param cpu what it is bound to
     * @return all loads that have a floor
     */
    static Loads ofFloor(Duration timeout, OptionalInt cpu) {
        return prepared(
                FloorProcess.start(cpu),
                timeout,
                loads -> loads.device.configureInterrupt(loads.interrupt));
    }

    private static Loads prepared(
            UnixStream stream, Duration timeout, Consumer<Loads> preparation) {
        Loads loads = new Loads(new Connection(stream, timeout));
        try {
            preparation.accept(loads);
            return loads;
        } catch (RuntimeException refused) {
            loads.close();
            throw refused;
        }
    }

    private void probe(long maxTransfer) {
        long memory = device.regionSize(0);
        boolean registers = device.hasRegisters();
        boolean interrupts =
                registers && device.interruptCount(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX) > 0;
        if (registers) {
            device.mapDma(Connection.MAX_DATA);
        }
        if (interrupts) {
            device.configureInterrupt(interrupt);
        }
        for (Measure measure : Measure.values()) {
            if (measure.bytes() > maxTransfer) {
                missing.put(measure, "the server takes %d bytes a message".formatted(maxTransfer));
                continue;
            }
            switch (measure.kind()) {
                case READ, WRITE, POSTED, PIPELINED -> {
                    if (measure.bytes() > memory) {
                        missing.put(measure, "BAR0 has %d bytes".formatted(memory));
                    }
                }
                case DMA_READ, DMA_WRITE -> {
                    if (!registers) {
                        missing.put(measure, "BAR2 is not that of the bench device");
                    }
                }
                case INTERRUPT -> {
                    if (!interrupts) {
                        missing.put(measure, "no MSI-X, or BAR2 is not that of the bench device");
                    }
                }
            }
        }
    }

    /** What the device lacks for a measurement; empty if it lacks nothing. */
    Optional<String> missing(Measure measure) {
        return Optional.ofNullable(missing.get(measure));
    }

    /** The load of a measurement for which nothing is {@link #missing}. */
    Load load(Measure measure) {
        return loads.computeIfAbsent(measure, this::create);
    }

    private Load create(Measure measure) {
        int bytes = measure.bytes();
        return switch (measure.kind()) {
            case READ -> new RegionLoad(connection, false, bytes);
            case WRITE -> new RegionLoad(connection, true, bytes);
            case POSTED -> new PostedLoad(connection, bytes);
            case PIPELINED -> new PipelinedLoad(connection, bytes);
            case DMA_READ -> new DmaLoad(connection, device, false, bytes);
            case DMA_WRITE -> new DmaLoad(connection, device, true, bytes);
            case INTERRUPT -> new InterruptLoad(connection, interrupt);
        };
    }

    /** Wakes whoever waits on the connection; callable from any thread. */
    void shutdown() {
        connection.shutdown();
    }

    @Override
    public void close() {
        connection.close();
        interrupt.close();
    }
}
