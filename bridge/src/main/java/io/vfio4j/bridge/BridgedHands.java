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
    private Optional<Sleep> sleep = Optional.empty();

    /** What an entry left behind. */
    private record Sleep(SleepEntry by, Optional<Armed> armed) {}

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

    BridgedHands(
            Supplier<Optional<Claim>> claim,
            AwakeHold awake,
            D3coldHold d3cold,
            EventFdWatcher watcher,
            BiConsumer<BooleanSupplier, BridgeEvent> post) {
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
        if (by != SleepEntry.WAKEUP) {
            sleep = Optional.of(new Sleep(by, Optional.empty()));
        }
    }

    private void enterWithWakeup(VfioDevice device) {
        Wakeup wakeup = Wakeup.create();
        Armed armed;
        try {
            AtomicBoolean signalled = new AtomicBoolean();
            armed = new Armed(wakeup, watch(wakeup, signalled), signalled);
        } catch (RuntimeException refused) {
            wakeup.close();
            throw refused;
        }
        try {
            again(device, () -> device.enterLowPower(wakeup));
        } catch (RuntimeException refused) {
            armed.close();
            throw refused;
        }
        sleep = Optional.of(new Sleep(SleepEntry.WAKEUP, Optional.of(armed)));
    }

    private EventFdWatcher.Watch watch(Wakeup wakeup, AtomicBoolean signalled) {
        BooleanSupplier stillArmed =
                () -> sleep.flatMap(Sleep::armed).filter(it -> it.wakeup() == wakeup).isPresent();
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
        Optional<Sleep> was = sleep;
        sleep = Optional.empty();
        try {
            if (was.filter(it -> it.by() == SleepEntry.PMCSR).isPresent()) {
                mine.config().writeOwn(PciPowerState.D0.pmcsrBits(), LOW_BYTE);
            } else {
                mine.device().exitLowPower();
            }
        } finally {
            was.flatMap(Sleep::armed).ifPresent(Armed::close);
        }
        mine.recovery().verify();
        mine.recoverIntx();
    }

    @Override
    public void check() {
        closed();
        claim().recovery().verify();
    }

    @Override
    public boolean signalled() {
        return sleep.flatMap(Sleep::armed).filter(it -> it.signalled().get()).isPresent();
    }

    @Override
    public void closed() {
        sleep.flatMap(Sleep::armed).ifPresent(Armed::close);
        sleep = Optional.empty();
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
