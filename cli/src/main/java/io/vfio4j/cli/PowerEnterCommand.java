/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.Wakeup;
import io.vfio4j.uapi.VfioFeature;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** {@code power enter}: allows the device to sleep, as long as this process has it. */
final class PowerEnterCommand implements Command {
    private static final Duration TICK = Duration.ofMillis(20);

    /** Longest time to wait for the end of a wake that has begun. */
    private static final Duration WAKING = Duration.ofSeconds(1);

    @Override
    public String name() {
        return "power enter";
    }

    @Override
    public String operands() {
        return "TARGET [--wakeup]";
    }

    @Override
    public String summary() {
        return "let the device sleep; with --wakeup until it wakes, which is reported";
    }

    @Override
    public String details() {
        return """
        Low power lasts as long as its client is connected, so this stays: without --wakeup until
        Ctrl-C, SIGTERM or the end of --for; with --wakeup until something wakes the device or the end
        of --timeout (then the exit code is 1). Where the device has a host side, sysfs or PATH.ctl, it is
        also told when the device falls asleep. If the kernel wants the device back, because its driver
        is being unbound or it is removed, this gives it back and ends; the exit code is 1 unless a
        wake was waited for and came.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(
                CommandOption.WAKEUP,
                CommandOption.TIMEOUT,
                CommandOption.FOR,
                CommandOption.VIA,
                CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Target target = arguments.target();
        OpenOptions options = arguments.openOptions(target);
        boolean wakeup = arguments.has(CommandOption.WAKEUP);
        Optional<Duration> timeout = arguments.duration(CommandOption.TIMEOUT);
        Optional<Duration> length = arguments.duration(CommandOption.FOR);
        if (!wakeup && timeout.isPresent()) {
            throw new UsageException("--timeout goes with --wakeup; without, say --for");
        }
        if (wakeup && length.isPresent()) {
            throw new UsageException("--for goes without --wakeup; with it, say --timeout");
        }
        Stop stop = terminal.stops().get();
        EnterReport report = new EnterReport(target, arguments.json(), terminal);
        try (VfioDevice device = VfioDevice.open(target, options);
                GiveBack giveBack = GiveBack.of(device);
                Sleeper sleeper = Sleeper.of(target, report)) {
            // Asked now: asked for the first time on leaving, it would wake the device for that.
            boolean _ = device.supports(VfioFeature.LOW_POWER_EXIT);
            return wakeup
                    ? awaitWake(device, stop, giveBack, timeout, sleeper, report)
                    : hold(device, stop, giveBack, length, sleeper, report);
        }
    }

    private static Exit hold(
            VfioDevice device,
            Stop stop,
            GiveBack giveBack,
            Optional<Duration> length,
            Sleeper sleeper,
            EnterReport report) {
        Deadline end = Deadline.in(length);
        report.entering();
        device.enterLowPower();
        long replied = System.nanoTime();
        sleeper.tell(replied);
        report.entered(length, replied);
        while (!end.passed() && !giveBack.asked() && !stop.await(end.atMost(TICK))) {
            sleeper.tell(System.nanoTime());
        }
        sleeper.tell(System.nanoTime());
        device.exitLowPower();
        report.left();
        giveBack.check();
        return new Exit.Done();
    }

    private static Exit awaitWake(
            VfioDevice device,
            Stop stop,
            GiveBack giveBack,
            Optional<Duration> timeout,
            Sleeper sleeper,
            EnterReport report) {
        try (Wakeup wakeup = Wakeup.create()) {
            Deadline end = Deadline.in(timeout);
            report.entering();
            device.enterLowPower(wakeup);
            long replied = System.nanoTime();
            sleeper.tell(replied);
            report.enteredWithWakeup(timeout, replied);
            boolean woken = false;
            long heard = replied;
            while (!woken && !end.passed() && !giveBack.asked() && !stop.requested()) {
                woken = wakeup.await(end.atMost(TICK));
                heard = System.nanoTime();
                sleeper.tell(heard);
            }
            // Unbinding wakes the device and asks for it, both since the last look perhaps.
            woken = woken || wakeup.poll();
            if (!woken) {
                report.noWake(why(stop, giveBack));
                device.exitLowPower();
                giveBack.check();
                return new Exit.Negative();
            }
            long signals = wakeup.drain();
            report.woken(signals, heard);
            // The signal comes while the device is waking, the host's "active" after it.
            sleeper.tellUntilAwake(WAKING);
            // The wake has ended low power; this says so to the device, and must not signal again.
            device.exitLowPower();
            signals += wakeup.drain();
            report.left();
            if (signals != 1) {
                throw new CommandException(
                        "power enter: the wakeup was signalled %d times, not once: %s breaks the low-power contract"
                                .formatted(signals, device.target()));
            }
            return new Exit.Done();
        }
    }

    private static String why(Stop stop, GiveBack giveBack) {
        if (giveBack.asked()) {
            return "the kernel wants the device back";
        }
        return stop.requested() ? "stopped" : "timeout";
    }

    /** When to stop waiting, if ever. */
    private record Deadline(Optional<Duration> length, long start) {
        static Deadline in(Optional<Duration> length) {
            return new Deadline(length, System.nanoTime());
        }

        boolean passed() {
            return length.isPresent() && left().isNegative();
        }

        Duration atMost(Duration tick) {
            Duration left = length.isPresent() ? left() : tick;
            return left.compareTo(tick) < 0 ? left : tick;
        }

        private Duration left() {
            return length.orElseThrow().minusNanos(System.nanoTime() - start);
        }
    }
}
