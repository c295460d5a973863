/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.VfioException;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.power.BridgeCounts;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.BridgePromise;
import io.vfio4j.power.BridgeState;
import io.vfio4j.power.Refusal;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The host side of a device that is passed on: what the bridge tells of itself, below {@code
 * bridge/}, and everything else as the host side of the device behind has it, asked anew each time.
 * So nothing here wakes the device that there would not (spec C).
 *
 * <p>Thread-safe. What wakes the device blocks until it is awake.
 */
final class BridgeAttributes {
    private static final System.Logger LOG = System.getLogger(BridgeAttributes.class.getName());

    private final HostBehind behind;
    private final Supplier<BridgeState> state;
    private final BridgePromise promise;
    private final Supplier<Optional<ServedClient>> client;
    private final Function<BridgeEvent, Optional<Refusal>> operator;
    private final List<Consumer<HostEvent>> watchers = new CopyOnWriteArrayList<>();

    /**
     * The host side of one bridge.
     *
     * @param behind the host side of the device behind
     * @param state as it is now
     * @param promise what the guest is promised
     * @param client who has the device now
     * @param operator tells the bridge's power what the operator wants, waits for what follows, and
     *     says why it did not work
     */
    BridgeAttributes(
            HostBehind behind,
            Supplier<BridgeState> state,
            BridgePromise promise,
            Supplier<Optional<ServedClient>> client,
            Function<BridgeEvent, Optional<Refusal>> operator) {
        this.behind = behind;
        this.state = state;
        this.promise = promise;
        this.client = client;
        this.operator = operator;
    }

    /**
     * Does what a request asks.
     *
     * @param request anything but a watch
     * @return the value, or an errno and a sentence: EACCES for an attribute that cannot be read or
     *     written, EINVAL for a value that cannot be, EBUSY for what would have the bridge wait for
     *     itself or break its promise, EIO for a device that does not wake, and what the host side
     *     of the device behind answers: ENOENT if it has none
     */
    HostReply handle(HostRequest request) {
        try {
            return switch (request) {
                case HostRequest.Read(HostAttribute attribute) -> read(attribute);
                case HostRequest.Write(HostAttribute attribute, String value) ->
                        write(attribute, value.strip());
                case HostRequest.ReadConfig(int offset, int length) ->
                        HostReply.Ok.ofBytes(behind.ask(side -> side.readConfig(offset, length)));
                case HostRequest.WriteConfig change -> {
                    behind.tell(side -> side.writeConfig(change.offset(), change.bytes()));
                    yield ok("");
                }
                case HostRequest.Watch _ -> failed(Errno.EINVAL, "watch is not an attribute");
            };
        } catch (VfioException refused) {
            return failed(refused.errno(), String.valueOf(refused.getMessage()));
        } catch (IllegalArgumentException bad) {
            return failed(Errno.EINVAL, String.valueOf(bad.getMessage()));
        } catch (IllegalStateException closed) {
            return failed(Errno.ENODEV, String.valueOf(closed.getMessage()));
        }
    }

    private HostReply read(HostAttribute attribute) {
        BridgeState now = state.get();
        return switch (attribute) {
            case BRIDGE_STATE -> ok(BridgeEvents.phase(now));
            case BRIDGE_PMCSR ->
                    ok(
                            "%s pme_enabled=%s pme_status=%s"
                                    .formatted(
                                            BridgeEvents.guest(now),
                                            BridgeEvents.bit(now.pme().enabled()),
                                            BridgeEvents.bit(now.pme().status())));
            case BRIDGE_PROMISE -> ok(promise.reason());
            case BRIDGE_LOCKED -> ok(now.lock().map(why -> "1 " + why).orElse("0"));
            case BRIDGE_WAKES -> ok(wakes(now.counts()));
            case BRIDGE_CLIENT ->
                    ok(client.get().map(who -> ClientProcess.of(who).attribute()).orElse("none"));
            default -> ok(behind.ask(side -> side.read(attribute)));
        };
    }

    private static String wakes(BridgeCounts counts) {
        return "entries %d guest %d own %d foreign %d failures %d"
                .formatted(
                        counts.entries(),
                        counts.guestWakes(),
                        counts.ownWakes(),
                        counts.foreignWakes(),
                        counts.failures());
    }

    private HostReply write(HostAttribute attribute, String value) {
        return switch (attribute) {
            case BRIDGE_LOCKED -> lock(value);
            case DRIVER_UNBIND, REMOVE ->
                    failed(
                            Errno.EBUSY,
                            ("%s would wait for this bridge, which would wait for it: stop the"
                                            + " bridge first")
                                    .formatted(attribute));
            case D3COLD_ALLOWED -> writeD3coldAllowed(value);
            default ->
                    attribute.ofBridge()
                            ? failed(Errno.EACCES, attribute + " cannot be written")
                            : passOn(attribute, value);
        };
    }

    private HostReply lock(String value) {
        BridgeEvent event;
        switch (value) {
            case "1" -> event = new BridgeEvent.Locked("the operator asked for it");
            case "0" -> event = new BridgeEvent.Unlocked();
            default -> {
                return failed(Errno.EINVAL, "bridge/locked is written 1 or 0");
            }
        }
        return operator.apply(event)
                .<HostReply>map(refusal ->
                        failed(
                                Errno.of(refusal.errno()),
                                "the device does not wake; see the bridge's log"))
                .orElse(ok(""));
    }

    /** The promise of a context that survives holds for as long as the bridge runs. */
    private HostReply writeD3coldAllowed(String value) {
        return promise.noSoftReset() && !value.matches("[+]?0[0xX]*")
                ? failed(
                        Errno.EBUSY,
                        "the guest was promised that the device keeps its context, which D3cold"
                                + " would not: start the bridge with --deep")
                : passOn(HostAttribute.D3COLD_ALLOWED, value);
    }

    private HostReply passOn(HostAttribute attribute, String value) {
        behind.tell(side -> side.write(attribute, value));
        return ok("");
    }

    /**
     * Watches the device behind, and what the bridge tells of itself; see {@link
     * ServedDevice#watch}.
     */
    ServedDevice.Watch watch(Consumer<HostEvent> listener) {
        watchers.add(listener);
        Runnable endOther = watchBehind(listener);
        return () -> {
            watchers.remove(listener);
            endOther.run();
        };
    }

    private Runnable watchBehind(Consumer<HostEvent> listener) {
        try {
            return behind.watch(listener)::close;
        } catch (VfioException | IllegalStateException none) {
            LOG.log(
                    Level.WARNING,
                    "a watcher is told of the bridge only, not of the device behind: {0}",
                    none.getMessage());
            return () -> {};
        }
    }

    /** To be told of every change of the bridge's state, in order. */
    void changed(BridgeState before, BridgeState after) {
        List<HostEvent> events = BridgeEvents.between(before, after);
        watchers.forEach(events::forEach);
    }

    private static HostReply ok(String value) {
        return new HostReply.Ok(value);
    }

    private static HostReply failed(Errno errno, String message) {
        return new HostReply.Failed(errno, OneLine.of(message));
    }
}
