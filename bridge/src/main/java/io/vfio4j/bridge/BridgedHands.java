/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.AlreadyInLowPowerException;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.Wakeup;
import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.SleepEntry;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The power rules' hands on the device behind and on its client; used by the power thread. */
final class BridgedHands implements Hands {
    private static final int LOW_BYTE = 1;

    private final Supplier<Optional<Claim>> claim;
    private final AwakeHold awake;
    private final D3coldHold d3cold;
    private final EventFdWatcher watcher;
    private final BiConsumer<BooleanSupplier, BridgeEvent> post;
    private final SleepEntry entry;
    private final boolean knowsExit;
    private Optional<Armed> armed = Optional.empty();

    /**
     * What the kernel signals, and who waits for it: one for each entry, so that no late signal of
     * an earlier one is taken for this one's.
     */
    private record Armed(Wakeup wakeup, EventFdWatcher.Watch watch, AtomicBoolean signalled)
            implements AutoCloseable {
        @Override
        public void close() {
            watch.close();
            wakeup.close();
        }
    }

    /**
     * The hands of one bridge.
     *
     * @param entry what the device is let sleep by, whoever has it
     * @param knowsExit whether it can be told to leave low power: kernels before 6.1 cannot
     * @param claim the device, while it is open
     * @param awake keeps it awake by its host
     * @param d3cold tells whether its host still keeps the promise
     * @param watcher waits for the wakeup
     * @param post takes a wake that was not ours, to be dropped if it does not count any more
     */
    BridgedHands(
            SleepEntry entry,
            boolean knowsExit,
            Supplier<Optional<Claim>> claim,
            AwakeHold awake,
            D3coldHold d3cold,
            EventFdWatcher watcher,
            BiConsumer<BooleanSupplier, BridgeEvent> post) {
        this.entry = entry;
        this.knowsExit = knowsExit;
        this.claim = claim;
        this.awake = awake;
        this.d3cold = d3cold;
        this.watcher = watcher;
        this.post = post;
    }

    private Claim claim() {
        return claim.get().orElseThrow(() -> new IllegalStateException("the device is closed"));
    }

    @Override
    public void enter(SleepEntry by) {
        if (!d3cold.kept()) {
            throw new IllegalStateException(
                    "d3cold_allowed has been written 1 since the bridge was started, and its guest"
                            + " was promised that the device keeps its context: write it 0, or"
                            + " start the bridge with --deep");
        }
        Claim mine = claim();
        mine.config().renewCopy();
        switch (by) {
            case WAKEUP -> enterWithWakeup(mine.device());
            case PLAIN -> again(mine.device(), mine.device()::enterLowPower);
            case PMCSR -> mine.config().writeOwn(PciPowerState.D3HOT.pmcsrBits(), LOW_BYTE);
        }
    }

    private void enterWithWakeup(VfioDevice device) {
        Wakeup wakeup = Wakeup.create();
        Armed mine;
        try {
            AtomicBoolean signalled = new AtomicBoolean();
            mine = new Armed(wakeup, watch(wakeup, signalled), signalled);
        } catch (RuntimeException refused) {
            wakeup.close();
            throw refused;
        }
        try {
            again(device, () -> device.enterLowPower(wakeup));
        } catch (RuntimeException refused) {
            mine.close();
            throw refused;
        }
        armed = Optional.of(mine);
    }

    private EventFdWatcher.Watch watch(Wakeup wakeup, AtomicBoolean signalled) {
        BooleanSupplier stillArmed = () -> armed.filter(it -> it.wakeup() == wakeup).isPresent();
        return watcher.watch(
                wakeup.eventFd(),
                () -> {
                    signalled.set(true);
                    post.accept(stillArmed, new BridgeEvent.Woken());
                });
    }

    /** An entry that was left behind is ended: its wakeup would not be this one's (spec J). */
    private static void again(VfioDevice device, Runnable entry) {
        try {
            entry.run();
        } catch (AlreadyInLowPowerException leftBehind) {
            device.exitLowPower();
            entry.run();
        }
    }

    /** The flag first, then the exit, then the drain (spec J): a signal from here on is an echo. */
    @Override
    public void wake() {
        Claim mine = claim();
        Optional<Armed> was = armed;
        armed = Optional.empty();
        try {
            leave(mine);
        } finally {
            was.ifPresent(Armed::close);
        }
        mine.recovery().verify();
        mine.recoverIntx();
    }

    /** Also what an earlier try was refused, or a client has left that managed power itself. */
    private void leave(Claim mine) {
        if (entry == SleepEntry.PMCSR) {
            mine.config().writeOwn(PciPowerState.D0.pmcsrBits(), LOW_BYTE);
        }
        if (knowsExit) {
            mine.device().exitLowPower();
        }
    }

    @Override
    public void check() {
        closed();
        claim().recovery().verify();
    }

    @Override
    public boolean signalled() {
        return armed.filter(it -> it.signalled().get()).isPresent();
    }

    @Override
    public void closed() {
        armed.ifPresent(Armed::close);
        armed = Optional.empty();
    }

    @Override
    public boolean clientHasMappings() {
        return claim.get().map(Claim::clientHasMappings).orElse(false);
    }

    @Override
    public void writePmcsr(int value, int bytes) {
        claim().config().writeOwn(value, bytes);
    }

    @Override
    public void tellPme() {
        claim.get().ifPresent(Claim::tellPme);
    }

    @Override
    public void holdAwake(boolean hold) {
        awake.hold(hold);
    }
}
