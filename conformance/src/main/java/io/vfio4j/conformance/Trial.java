/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.BarAsleepException;
import io.vfio4j.client.ConnectionLostException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.MappedBar;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.RuntimeStatus;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One case being asked: an open device, its host side, and what is seen of them. What is seen
 * becomes an observation; where it is not what the specification says, a difference as well, and
 * the case goes on.
 *
 * <p>Whatever happens, {@link #close} leaves the device closed and its host side as it was; of a
 * trial that was given up the latter is the {@link Runner}'s task.
 */
final class Trial implements AutoCloseable {
    /** The case was given up: it is over, and another one may be under way. */
    static final class GivenUp extends RuntimeException {
        private static final long serialVersionUID = 1L;

        GivenUp() {
            super("the case was given up");
        }
    }

    /** An expected observation did not come, and without it there is no going on. */
    static final class Stuck extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Stuck(String message) {
            super(message);
        }
    }

    /** The case found that the target cannot show it, in a way that only trying could tell. */
    static final class Inapplicable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Inapplicable(String message) {
            super(message);
        }
    }

    /** Something that may be refused. */
    interface Act {
        void run();
    }

    /** How long a sleep must go on for it to be believed that nothing was about to end it. */
    private static final long BELIEVED_MILLIS = 10;

    /** How long a device must be seen awake for it to be believed that it will not fall asleep. */
    private static final long BELIEVED_AWAKE_MILLIS = 30;

    /** How often an act is repeated until its wakes add up to a millisecond. */
    private static final int REPETITIONS = 400;

    /** How often an act is repeated that must not wake, where one wake may be too short to see. */
    private static final int UNHEARD = 100;

    private final Subject subject;
    private final Facts facts;
    private final HostSide host;
    private final Duration soon;
    private final List<String> observations = new ArrayList<>();
    private final List<String> differences = new ArrayList<>();
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final EventFd wakeup = EventFd.create();
    private final EventFd second = EventFd.create();
    private final AtomicBoolean givenUp;
    private volatile VfioDevice device;
    private String restingState;
    private boolean controlled;
    private boolean closedOnce;
    private boolean lent;
    private boolean d3coldAllowed;
    private long activeMillis;
    private Act last = () -> {};
    private Optional<EventFd> interrupt = Optional.empty();
    private Optional<MappedBar> mapping = Optional.empty();

    /**
     * A trial.
     *
     * @param lent the device, open and as an open gives it, if it need not be opened anew; closed
     *     by the trial, unless {@link #lend} gives it back
     * @param soon how long what must come may take
     * @param givenUp whether nobody waits for it any more: it touches the host side no longer then,
     *     nor opens the device
     */
    Trial(
            Subject subject,
            Facts facts,
            HostSide host,
            Optional<VfioDevice> lent,
            Duration soon,
            AtomicBoolean givenUp) {
        this.soon = soon;
        this.givenUp = givenUp;
        this.subject = subject;
        this.facts = facts;
        this.host = host;
        restingState = facts.restingState();
        try {
            device = prepare(lent.orElseGet(() -> Opening.patiently(subject)));
        } catch (RuntimeException failed) {
            wakeup.close();
            second.close();
            throw failed;
        }
    }

    private VfioDevice prepare(VfioDevice opened) {
        try {
            if (givenUp.get()) {
                throw new GivenUp();
            }
            enableMemory(opened);
            return opened;
        } catch (RuntimeException failed) {
            opened.close();
            throw failed;
        }
    }

    private static void enableMemory(VfioDevice device) {
        int command = device.readShort(Acts.CONFIG, PciRegs.PCI_COMMAND);
        int enabled = command | PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_MASTER;
        if (enabled != command) {
            device.writeShort(Acts.CONFIG, PciRegs.PCI_COMMAND, (short) enabled);
        }
    }

    // What there is

    Facts facts() {
        return facts;
    }

    VfioDevice device() {
        return device;
    }

    HostSide host() {
        if (givenUp.get()) {
            throw new GivenUp();
        }
        return host;
    }

    /** How long what must come may take. */
    Duration soon() {
        return soon;
    }

    /** What W is given by {@link #bring}. */
    EventFd wakeup() {
        return wakeup;
    }

    /** Another, for a second W. */
    EventFd second() {
        return second;
    }

    /** An eventfd, closed with the trial. */
    EventFd eventFd() {
        return owned(EventFd.create());
    }

    /** Hands something over, to be closed before the device is. */
    <T extends AutoCloseable> T owned(T resource) {
        owned.push(resource);
        return resource;
    }

    /** Remembers the mapping that the case is about. */
    void mapped(MappedBar bar) {
        mapping = Optional.of(bar);
    }

    /** The mapping that the case is about. */
    MappedBar mapped() {
        return mapping.orElseThrow();
    }

    List<String> observations() {
        return observations;
    }

    List<String> differences() {
        return differences;
    }

    // Bringing it there

    /** Has the device's power cut when it sleeps, in this case. */
    void sleepInD3cold() {
        d3coldAllowed = true;
        restingState = "D3cold";
        host().setD3coldAllowed(true);
    }

    /** And not any more. */
    void sleepInD3hot() {
        restingState = facts.restingState();
        host().setD3coldAllowed(false);
    }

    /**
     * Brings the device, which is OFF, to a state.
     *
     * <p>Engaged and awake is made to last by power/control = on before the entry: it holds one
     * reference of its own, and the entry drops its own all the same (spec B2), so that all that is
     * seen is what the truth table says of N-A and W-A; any other hold is a call under way, which
     * nobody but its caller can make last.
     */
    void bring(State state) {
        if (!state.engaged()) {
            return;
        }
        if (state.held()) {
            hold();
        }
        if (state.wakeup()) {
            Acts.wakeup(device, wakeup);
        } else {
            Acts.entry(device);
        }
        if (state.asleep()) {
            fallAsleep();
        }
    }

    /** Keeps the device awake: power/control = on. */
    void hold() {
        controlled = true;
        host().setControl(RuntimeControl.ON);
    }

    /** Lets it fall asleep again, if it may: power/control = auto. */
    void letGo() {
        if (controlled) {
            host().setControl(RuntimeControl.AUTO);
            controlled = false;
        }
    }

    /** Waits until the device is asleep, deep enough; without an observation. */
    void fallAsleep() {
        if (!Settle.asleepIn(host(), restingState, soon)) {
            throw new Stuck(
                    "expected suspended in %s, observed %s in %s"
                            .formatted(restingState, power(), host().powerState()));
        }
        activeMillis = activeTime();
    }

    private long activeTime() {
        return Long.parseLong(host().read(HostAttribute.POWER_RUNTIME_ACTIVE_TIME));
    }

    // Acting

    /** What an act came to: 0, or why it was refused. */
    static String outcome(Act act) {
        try {
            act.run();
            return "0";
        } catch (BarAsleepException _) {
            return "BarAsleep";
        } catch (ConnectionLostException broken) {
            throw broken;
        } catch (VfioException refused) {
            return refused.errno().name();
        } catch (LinuxException refused) {
            return refused.errno().name();
        }
    }

    /** Does something, and sees what came of it. */
    void does(String what, String expected, Act act) {
        last = act;
        expect("%s → %s".formatted(what, expected), "%s → %s".formatted(what, outcome(act)));
    }

    /** Sees something, whatever it is. */
    void saw(String observed) {
        observations.add(observed);
    }

    /** Sees something. */
    void expect(String expected, String observed) {
        observations.add(observed);
        if (!expected.equals(observed)) {
            differences.add("expected \"%s\", observed \"%s\"".formatted(expected, observed));
        }
    }

    /** Sees whether something is so. */
    void expect(String what, boolean so) {
        expect(what, so ? what : "not: " + what);
    }

    // Seeing

    /**
     * Sees how often the wakeup was signalled until now: a signal comes before its cause returns.
     */
    void signals(long expected) {
        expect("wakeup " + expected, "wakeup " + wakeup.drain());
    }

    /** As {@link #signals}, where the wake comes a little after what asks for it. */
    void signalsSoon(long expected) {
        boolean _ = wakeup.await(soon);
        signals(expected);
    }

    /** Sees how often the second wakeup was. */
    void secondSignals(long expected) {
        expect("second wakeup " + expected, "second wakeup " + second.drain());
    }

    /** Sees the device fall asleep, with nobody who holds it awake. */
    void sleeps() {
        boolean asleep =
                Settle.until(
                        () -> Settle.asleep(host()) && host().powerState().equals(restingState),
                        soon);
        expect("suspended", asleep ? "suspended" : host().runtimeStatus().sysfsName());
        references(0);
        activeMillis = activeTime();
    }

    /**
     * Sees the device asleep as one that nobody has open, for good. A server hears of a close a
     * little later, and a close wakes: what is seen must last.
     */
    void sleepsClosed() {
        if (!facts.inKernel()) {
            boolean _ = Settle.until(() -> host().read(HostAttribute.ENABLE).equals("0"), soon);
        }
        boolean _ = Settle.until(this::asleepForGood, soon);
        sleeps();
    }

    private boolean asleepForGood() {
        if (!Settle.asleep(host())) {
            return false;
        }
        activeMillis = activeTime();
        return sleepsOn();
    }

    /** Whether it sleeps on without a moment awake, for as long as is believed. */
    private boolean sleepsOn() {
        Duration until = host().runtimeSuspendedTime().plusMillis(BELIEVED_MILLIS);
        boolean _ =
                Settle.until(
                        () ->
                                activeTime() != activeMillis
                                        || host().runtimeSuspendedTime().compareTo(until) >= 0,
                        soon);
        return Settle.asleep(host()) && activeTime() == activeMillis;
    }

    /** Sees that the device is not engaged: it is awake, and will stay so. */
    void staysAwake() {
        expect("stays awake", awakeForGood() ? "stays awake" : power());
        references(1);
    }

    /**
     * Whether the device stays awake. Where the references are counted it is enough that its being
     * open is one; elsewhere it must be seen awake for longer than it needs to begin to sleep.
     */
    boolean awakeForGood() {
        if (facts.counted()) {
            return Settle.until(() -> active() && host().runtimeUsage() == 1, soon);
        }
        Duration slept = host().runtimeSuspendedTime();
        long until = activeTime() + BELIEVED_AWAKE_MILLIS;
        boolean _ = Settle.until(() -> activeTime() >= until || Settle.asleep(host()), soon);
        return active() && host().runtimeSuspendedTime().equals(slept);
    }

    private boolean active() {
        return host().runtimeStatus() == RuntimeStatus.ACTIVE;
    }

    /** Sees the device awake while power/control keeps it so, with so many references. */
    void held(int references) {
        boolean _ = Settle.until(this::active, soon);
        expect("active", host().runtimeStatus().sysfsName());
        references(references);
    }

    /** What the runtime PM core says. */
    private String power() {
        String references = facts.counted() ? ", usage " + host().runtimeUsage() : "";
        return host().runtimeStatus().sysfsName() + references;
    }

    /** Checks the count, where there is one; told only if it is wrong, since not all can tell. */
    private void references(int expected) {
        if (facts.counted() && !Settle.until(() -> host().runtimeUsage() == expected, soon)) {
            expect("usage " + expected, "usage " + host().runtimeUsage());
        }
    }

    /** Sees the count of references. */
    void usage(int expected) {
        boolean _ = Settle.until(() -> host().runtimeUsage() == expected, soon);
        expect("usage " + expected, "usage " + host().runtimeUsage());
    }

    /**
     * Sees that the last act woke the device, which then fell asleep again: it has been awake for
     * longer than before. Where a wake takes less than a millisecond the act is repeated until its
     * wakes add up.
     */
    void woke() {
        long before = activeMillis;
        sleeps();
        for (int i = 0; activeMillis == before && i < REPETITIONS && Settle.asleep(host()); i++) {
            String _ = outcome(last);
            fallAsleep();
        }
        expect("woken", activeMillis > before ? "woken" : "not woken");
    }

    /**
     * Sees that the last act did not wake the device, now or a little later: its time awake stands
     * still while its time asleep goes on.
     */
    void notWoken() {
        expect("not woken", sleepsOn() ? "not woken" : "woken");
    }

    /**
     * As {@link #notWoken}, where no signal would tell of a wake: one of less than a millisecond is
     * not in its time awake, so the act is repeated until such wakes would add up to that.
     */
    void notWokenUnheard() {
        for (int i = 0; i < UNHEARD; i++) {
            String _ = outcome(last);
            if (!Settle.until(() -> Settle.asleep(host()), soon)) {
                break;
            }
        }
        notWoken();
    }

    /** The PM capability. */
    PciPowerManagement capability() {
        return facts.power().orElseThrow();
    }

    /** Where PMCSR is. */
    int pmcsr() {
        return capability().offset() + PciRegs.PCI_PM_CTRL;
    }

    /** Reads PMCSR, which wakes a sleeping device. */
    int readPmcsr() {
        return device.readShort(Acts.CONFIG, pmcsr()) & 0xffff;
    }

    /** Sees the D-state that the client reads. */
    void clientState(String expected) {
        String state =
                new PciPowerManagement(capability().offset(), capability().pmc(), readPmcsr())
                        .state();
        expect("PMCSR reads " + expected, "PMCSR reads " + state);
    }

    // Interrupts

    /** Remembers the interrupt's eventfd that the case is about. */
    void interrupt(EventFd event) {
        interrupt = Optional.of(event);
    }

    /** The interrupt's eventfd that the case is about. */
    EventFd interrupt() {
        return interrupt.orElseThrow();
    }

    /** Sees an interrupt come, and how many. */
    void interrupts(EventFd event, long expected) {
        boolean _ = event.await(soon);
        expect("interrupt " + expected, "interrupt " + event.drain());
    }

    /**
     * Sees that no interrupt has come; what was done before is done, for the device has answered a
     * request since. One that comes later is seen by whatever is seen next.
     */
    void noInterrupt(EventFd event) {
        Acts.readConfig(device);
        expect("interrupt 0", "interrupt " + event.drain());
    }

    // Ending

    /** Closes the device, as its program does. */
    void closeDevice() {
        closedOnce = true;
        closeOwned();
        device.close();
    }

    /** Opens it anew. */
    void reopen() {
        device = prepare(Opening.patiently(subject));
        if (givenUp.get()) {
            device.close();
            throw new GivenUp();
        }
    }

    /** Gives the device to vfio-pci again. */
    void bindAgain() {
        subject.bindAgain();
    }

    /** From another thread, once it is given up: whatever call is under way ends. */
    void abandon() {
        device.close();
    }

    /**
     * Gives the device away as it was opened, for the next case that shares it: there was nothing
     * unexpected, it is open still, and OFF.
     *
     * @return empty if any of that is in doubt
     */
    Optional<VfioDevice> lend() {
        closeOwned();
        if (!differences.isEmpty() || closedOnce || controlled || d3coldAllowed || !isOff()) {
            return Optional.empty();
        }
        lent = true;
        return Optional.of(device);
    }

    /** Whether it stays awake, and an EXIT finds nothing to end. */
    private boolean isOff() {
        if (!awakeForGood()) {
            return false;
        }
        return outcome(() -> Acts.exit(device)).equals("0")
                && wakeup.drain() == 0
                && second.drain() == 0;
    }

    private void closeOwned() {
        while (!owned.isEmpty()) {
            cleanUp(owned.pop());
        }
    }

    /** What does not work is a difference: the target is not as it was. */
    private void cleanUp(AutoCloseable step) {
        try {
            step.close();
        } catch (Exception failed) {
            differences.add("cleaning up: " + failed);
        }
    }

    /** Cleans up; what fails is a difference, so they are to be read after this. */
    @Override
    public void close() {
        closeOwned();
        if (!lent) {
            cleanUp(() -> device.close());
        }
        wakeup.close();
        second.close();
        if (!givenUp.get()) {
            cleanUp(this::letGo);
            if (d3coldAllowed) {
                cleanUp(() -> host().setD3coldAllowed(false));
            }
        }
    }
}
