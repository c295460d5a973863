/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.PciCapability;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.device.ServedAccess;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.ServedDma;
import io.vfio4j.power.BridgeConfig;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The device behind a bridge while it is open, and what is made of it for the client that has it
 * now.
 */
final class Claim implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Claim.class.getName());

    private final VfioDevice device;
    private final Sleeper sleeper;
    private final BridgedConfig config;
    private final Recovery recovery;
    private final PassedFacts facts;
    private final PassedFeatures features;
    private volatile Optional<Session> session = Optional.empty();

    /** Of the client that is or was there last: its process may outlive its connection. */
    private volatile OptionalInt process = OptionalInt.empty();

    private volatile boolean had;

    private volatile Optional<ReleaseWatch> released = Optional.empty();

    /** What one client has. */
    private record Session(
            ServedClient client,
            BridgedInterrupts interrupts,
            BridgedDma dma,
            BridgedAccess access) {}

    /**
     * Takes over the open device.
     *
     * @throws io.vfio4j.client.VfioException if it cannot be asked what it is; it is the caller's
     *     then
     */
    Claim(VfioDevice device, Sleeper sleeper, BridgeConfig rules, BridgeOptions options) {
        this.device = device;
        this.sleeper = sleeper;
        config = new BridgedConfig(device, sleeper, rules);
        Optional<Integer> express =
                PciConfig.of(device).find(PciRegs.PCI_CAP_ID_EXP).map(PciCapability::offset);
        facts = PassedFacts.of(device, options.mappable());
        features = new PassedFeatures(device, sleeper);
        recovery =
                new Recovery(
                        device, sleeper, config, express, rules.wakeTimeout(), device.toString());
    }

    VfioDevice device() {
        return device;
    }

    BridgedConfig config() {
        return config;
    }

    Recovery recovery() {
        return recovery;
    }

    Optional<ServedClient> client() {
        return session.map(Session::client);
    }

    /** A client has come. */
    void begin(
            ServedClient client,
            EventFdWatcher watcher,
            SharedWindows windows,
            Runnable releaseAsked) {
        released.ifPresent(ReleaseWatch::close);
        released = Optional.empty();
        process = client.process();
        had = true;
        BridgedInterrupts interrupts = new BridgedInterrupts(device, client, watcher, releaseAsked);
        BarWindows bars =
                new BarWindows(
                        device,
                        config.copy(),
                        () -> sleeper.tell(new BridgeEvent.Mapped()),
                        () -> sleeper.note(new BridgeEvent.Unmapped()));
        BridgedDma dma = new BridgedDma(device, windows, bars, client.process(), device.toString());
        session =
                Optional.of(
                        new Session(
                                client,
                                interrupts,
                                dma,
                                new BridgedAccess(
                                        device,
                                        sleeper,
                                        config,
                                        interrupts,
                                        features,
                                        facts,
                                        dma)));
    }

    /** Whether a client may come to reach BARs by mappings whose fault would be its end. */
    boolean mayFault(ServedClient client) {
        return !client.bearsFaults() && !facts.files().isEmpty();
    }

    /** Whether its process has any mapped now, or may have. */
    boolean clientHasMappings() {
        return had && ClientMappings.any(process, facts.files());
    }

    ServedAccess access() {
        return session.orElseThrow().access().begin();
    }

    ServedDma dma() {
        return session.orElseThrow().dma();
    }

    /** After a wake: see {@link BridgedInterrupts#recoverIntx}. */
    void recoverIntx() {
        session.ifPresent(it -> it.interrupts().recoverIntx());
    }

    void tellPme() {
        session.ifPresent(it -> it.interrupts().tellPme());
    }

    /** The host wants the device: whoever has not let go after a while is hung up on. */
    void release(Duration after) {
        session.ifPresent(it -> {
            LOG.log(
                    Level.WARNING,
                    "{0}: the host wants the device back: {1} has been told, and is"
                            + " disconnected in {2} s; as long as it keeps the device or a"
                            + " mapping of it open, the host waits",
                    device,
                    ClientProcess.of(it.client()),
                    after.toSeconds());
            CompletableFuture.delayedExecutor(after.toMillis(), TimeUnit.MILLISECONDS)
                    .execute(it.client()::hangUp);
        });
    }

    /**
     * The client is gone, the device stays: its context is kept, but it must not reach for memory
     * that was the client's. That goes while the device may be let sleep: power rules that wait for
     * it are told of it, and wait for nobody who waits for them.
     *
     * @return 0, or minus an errno if the device cannot be kept
     */
    int keep(EventFdWatcher watcher, Runnable releaseAsked) {
        int stopped =
                reach(() -> {
                    config.disableBusMaster();
                    disableInterrupts();
                });
        if (stopped < 0) {
            return stopped;
        }
        session.ifPresent(it -> {
            it.dma().unmapAll();
            it.interrupts().close();
        });
        session = Optional.empty();
        return reach(() -> released = Optional.of(new ReleaseWatch(device, watcher, releaseAsked)));
    }

    private int reach(Runnable request) {
        return sleeper.reach(() ->
                Refusals.of(() -> {
                    request.run();
                    return 0;
                }));
    }

    /** Nobody is there to be interrupted. */
    private void disableInterrupts() {
        for (int index = 0; index < VfioPci.VFIO_PCI_REQ_IRQ_INDEX; index++) {
            if (describes(index)) {
                device.disableInterrupts(index);
            }
        }
    }

    /** Kernels before 7.3 know no error interrupt of conventional devices. */
    private boolean describes(int index) {
        try {
            return device.irq(index).count() > 0;
        } catch (VfioException none) {
            return false;
        }
    }

    /**
     * Closes the device, and with it what its client still has: windows go when it cannot reach.
     */
    @Override
    public void close() {
        Optional<Session> last = session;
        session = Optional.empty();
        try {
            if (last.isPresent()) {
                last.get().interrupts().close();
                last.get().dma().closeWith(device::close);
            } else {
                device.close();
            }
        } finally {
            released.ifPresent(ReleaseWatch::close);
            config.close();
        }
    }
}
