/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.device.ServedAccess;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.device.ServedDma;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.power.BridgeConfig;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.BridgePromise;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerException;
import io.vfio4j.power.Refusal;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.VfioFeature;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A device whose registers are another device's: a real one, opened through the kernel's vfio-pci,
 * or whatever else {@link VfioDevice} opens, served to a vfio-user client. Its BARs, interrupts and
 * DMA go straight between the client and the device behind; what the bridge keeps for itself is its
 * power, for a VMM that would leave it awake (see {@link io.vfio4j.power.BridgeRules}).
 *
 * <p>While nobody is connected the device is closed, so that the kernel resets it and lets it idle,
 * unless {@link BridgeOptions#keep}.
 *
 * <p>Threads: as {@link ServedDevice} says.
 */
public final class BridgedDevice implements ServedDevice {
    private static final System.Logger LOG = System.getLogger(BridgedDevice.class.getName());

    /**
     * How long the last client's process may take to end, until which the device is busy: less than
     * the next one waits for its answer.
     */
    private static final Duration HANDOVER = Duration.ofSeconds(3);

    private static final Duration BETWEEN_TRIES = Duration.ofMillis(50);

    /** How long a client may take to give a device back that the host wants. */
    private static final Duration RELEASE = Duration.ofSeconds(10);

    private final Target target;
    private final BridgeOptions options;
    private final EventFdWatcher watcher;
    private final SharedWindows windows;
    private final Duration release;
    private final HostBehind host;
    private final D3coldHold d3cold;
    private final AwakeHold awake;
    private final BridgeConfig config;
    private final FirstLook firstLook;
    private final Sleeper sleeper;
    private final BridgeAttributes attributes;
    private final AtomicReference<Optional<Claim>> claim = new AtomicReference<>(Optional.empty());
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Whether the host has asked for the device since it was opened. */
    private volatile boolean wanted;

    private BridgedDevice(
            Target target,
            BridgeOptions options,
            EventFdWatcher watcher,
            SharedWindows windows,
            Duration release,
            HostBehind host,
            D3coldHold d3cold,
            BridgeConfig config,
            FirstLook firstLook) {
        this.firstLook = firstLook;
        this.target = target;
        this.options = options;
        this.watcher = watcher;
        this.windows = windows;
        this.release = release;
        this.host = host;
        this.d3cold = d3cold;
        this.config = config;
        awake = new AwakeHold(host);
        BridgedHands hands =
                new BridgedHands(
                        config.entry(),
                        firstLook.lowPower().contains(VfioFeature.LOW_POWER_EXIT),
                        claim::get,
                        awake,
                        d3cold,
                        watcher,
                        this::post);
        sleeper = new Sleeper(config, hands, target.toString());
        attributes =
                new BridgeAttributes(
                        host, sleeper::state, config.promise(), this::client, sleeper::tell);
        sleeper.listen(attributes::changed);
    }

    /**
     * Opens a device to see what it is and what can be promised for it, and closes it again: from
     * then on it can be served.
     *
     * @param target the device behind
     * @param options how it is passed on
     * @param watcher waits for eventfds
     * @param windows the DMA windows of all devices that this process passes on
     * @return the device, to be closed by the caller
     * @throws VfioException as {@link VfioDevice#open}: it is not there, not bound, busy, …
     */
    public static BridgedDevice of(
            Target target, BridgeOptions options, EventFdWatcher watcher, SharedWindows windows) {
        return of(target, options, watcher, windows, RELEASE);
    }

    /** With less patience with a client that is to give the device back: for tests. */
    static BridgedDevice of(
            Target target,
            BridgeOptions options,
            EventFdWatcher watcher,
            SharedWindows windows,
            Duration release) {
        HostBehind host = new HostBehind(target);
        try (VfioDevice device = VfioDevice.open(target, options.open())) {
            FirstLook look = FirstLook.of(device);
            D3coldHold d3cold =
                    D3coldHold.take(
                            host,
                            look.powerManagement().isPresent() && look.noSoftReset(),
                            options.deep(),
                            target.toString());
            try {
                BridgeConfig config = config(look, d3cold, options);
                return new BridgedDevice(
                        target, options, watcher, windows, release, host, d3cold, config, look);
            } catch (RuntimeException refused) {
                d3cold.close();
                throw refused;
            }
        } catch (RuntimeException refused) {
            host.close();
            throw refused;
        }
    }

    private static BridgeConfig config(FirstLook look, D3coldHold d3cold, BridgeOptions options) {
        BridgePromise promise =
                look.powerManagement().isPresent()
                        ? BridgePromise.of(look.noSoftReset(), options.deep(), d3cold.d3cold())
                        : BridgePromise.OF_NOTHING;
        SleepEntry entry = look.entry(options.entry());
        return new BridgeConfig(
                entry,
                options.reentry(),
                options.hysteresis(),
                options.grace(),
                options.wakeTimeout(),
                options.keep(),
                promise,
                pmeFrom(look, entry, promise));
    }

    /** Only an entry with wakeup tells of a wake, which is all that the guest's PME is made of. */
    private static Set<PciPowerState> pmeFrom(
            FirstLook look, SleepEntry entry, BridgePromise promise) {
        if (look.powerManagement().isEmpty() || entry != SleepEntry.WAKEUP) {
            return Set.of();
        }
        return promise.deep()
                ? EnumSet.of(PciPowerState.D3HOT, PciPowerState.D3COLD)
                : EnumSet.of(PciPowerState.D3HOT);
    }

    /** The device behind. */
    public Target target() {
        return target;
    }

    /** What it was found to be. */
    public FirstLook firstLook() {
        return firstLook;
    }

    /** What is promised to the guest, and how the device is let sleep. */
    public BridgeConfig config() {
        return config;
    }

    private void post(BooleanSupplier counts, BridgeEvent event) {
        sleeper.post(counts, event);
    }

    private Optional<ServedClient> client() {
        return claim.get().flatMap(Claim::client);
    }

    // ---- the client ----

    @Override
    public void open(ServedClient client) {
        wanted = false;
        Claim mine = claim.get().orElseGet(this::claimed);
        claim.set(Optional.of(mine));
        try {
            // A device that was kept sleeps, perhaps; it is awake before anything is asked of it.
            Optional<Refusal> refusal = sleeper.tell(new BridgeEvent.Opened(mine.mayFault(client)));
            if (refusal.isPresent()) {
                throw new PowerException(
                        Refusal.EIO, target + " does not come back from low power");
            }
            mine.begin(client, watcher, windows, this::releaseAsked);
        } catch (RuntimeException refused) {
            lastClose();
            throw asLinux(refused);
        }
    }

    private Claim claimed() {
        VfioDevice device = openAgain();
        try {
            firstLook.recognize(device);
            d3cold.renew();
            return new Claim(device, sleeper, config, options);
        } catch (RuntimeException refused) {
            device.close();
            throw asLinux(refused);
        }
    }

    /** The last client's process may still be ending, and have it open until it has. */
    private VfioDevice openAgain() {
        long deadline = System.nanoTime() + HANDOVER.toNanos();
        while (true) {
            try {
                return VfioDevice.open(target, options.open());
            } catch (VfioException refused) {
                boolean passing =
                        refused.errno().equals(Errno.EBUSY) && deadline - System.nanoTime() > 0;
                if (!passing) {
                    throw asLinux(refused);
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_TRIES);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static RuntimeException asLinux(RuntimeException refused) {
        return refused instanceof VfioException why
                ? new LinuxException(why.errno(), "open", String.valueOf(why.getMessage()))
                : refused;
    }

    /** The kernel waits until everybody has closed it, the client too. */
    private void releaseAsked() {
        wanted = true;
        Optional<Claim> mine = claim.get();
        if (mine.flatMap(Claim::client).isPresent()) {
            mine.get().release(release);
        } else {
            // Kept for a client to come. Not on this thread, whose watch the close waits for.
            Thread.ofPlatform().daemon().name("release " + target).start(this::surrender);
        }
    }

    @Override
    public void lastClose() {
        Optional<Claim> mine = claim.get();
        boolean keep = options.keep() && !closed.get() && !wanted;
        if (keep && mine.isPresent() && mine.get().keep(watcher, this::releaseAsked) == 0) {
            Optional<Refusal> _ = sleeper.tell(new BridgeEvent.Closed());
        } else {
            surrender();
        }
    }

    private void surrender() {
        // A client that lives on has the device open still, and its mappings must not fault.
        int _ = sleeper.reach(() -> 0);
        Optional<Refusal> _ = sleeper.tell(new BridgeEvent.Surrendered());
        claim.getAndSet(Optional.empty()).ifPresent(Claim::close);
    }

    @Override
    public ServedAccess access() {
        proceeded();
        return claim().access();
    }

    @Override
    public ServedDma dma() {
        return claim().dma();
    }

    /** A client that asks for more has done what it does after its guest's D3hot. */
    private void proceeded() {
        if (sleeper.state().awaitsRequest()) {
            sleeper.post(new BridgeEvent.Proceeded());
        }
    }

    private Claim claim() {
        return claim.get()
                .orElseThrow(() -> new PowerException(Refusal.ENODEV, target + " is not open"));
    }

    @Override
    public boolean signalsPme() {
        return !config.pmeFrom().isEmpty();
    }

    // ---- the host ----

    @Override
    public HostReply host(HostRequest request) {
        return attributes.handle(request);
    }

    @Override
    public Watch watch(Consumer<HostEvent> listener) {
        return attributes.watch(listener);
    }

    /** Gives the device back to the kernel, and to the host what it had set. */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        claim.getAndSet(Optional.empty()).ifPresent(Claim::close);
        sleeper.close();
        try {
            d3cold.close();
            awake.close();
        } catch (VfioException refused) {
            LOG.log(Level.WARNING, "{0}: {1}", target, refused.getMessage());
        } finally {
            host.close();
        }
    }
}
