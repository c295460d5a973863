/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import java.util.List;
import java.util.Optional;

/**
 * SET_IRQS and what follows from it: who is told of INTx, MSI, MSI-X, errors and requests. The
 * checks and their errno are those of the kernel's vfio_set_irqs_validate_and_prepare and
 * vfio_pci_set_irqs_ioctl (spec G).
 *
 * <p>Unlike the kernel it lets a client set up INTx, MSI and MSI-X at the same time, disable what
 * is not enabled, and replace the INTx unmask eventfd without removing the old one first: clients
 * of other vfio-user servers do, and QEMU closes its own descriptor of the old one, which here
 * nobody sees. A device's message goes to MSI-X first, then to MSI.
 *
 * <p>INTx, messages and errors leave the function in D0 only; requests and PME in every state.
 *
 * <p>Set up by one thread at a time; signalled from any, also while it is being set up.
 */
final class InterruptController implements Interrupts {
    /** What the power rules have to say before an INTx mask changes. */
    interface Gate {
        /** An unmask eventfd was kicked: now, or when the device is awake again (spec I.1). */
        void unmaskKicked();
    }

    private final IntxLine intx = new IntxLine();
    private final Messages messages;
    private final VectorSet errors;
    private final VectorSet requests = new VectorSet(1);
    private final VectorSet wakeEvents;
    private final List<Vectors> sets;
    private final MsixTable table;
    private final int intxCount;
    private final boolean dynamicMsix;
    private final EventFdWatcher watcher;
    private final Gate gate;
    private Optional<Unmask> unmask = Optional.empty();

    /** What the client signals to unmask INTx. */
    private record Unmask(EventFd eventFd, EventFdWatcher.Watch watch) implements AutoCloseable {
        @Override
        public void close() {
            watch.close();
            eventFd.close();
        }
    }

    /**
     * The interrupts of a function.
     *
     * @param dynamicMsix whether MSI-X vectors can be added while others are in use
     */
    InterruptController(
            PciDescription description, boolean dynamicMsix, EventFdWatcher watcher, Gate gate) {
        this.dynamicMsix = dynamicMsix;
        this.watcher = watcher;
        this.gate = gate;
        intxCount = description.intx() ? 1 : 0;
        messages = new Messages(description.msiVectors(), description.msixVectors());
        errors = new VectorSet(description.express() ? 1 : 0);
        wakeEvents = new VectorSet(signalsPme(description) ? 1 : 0);
        sets =
                List.of(
                        new VectorSet(0),
                        messages.msi(),
                        messages.msix(),
                        errors,
                        requests,
                        wakeEvents);
        table =
                new MsixTable(
                        description.bar(description.msixBar()).map(BarDescription::size).orElse(0L),
                        description.msixVectors(),
                        description.msixPendingOffset(),
                        messages);
    }

    private static boolean signalsPme(PciDescription description) {
        return description.power().map(power -> !power.pmeFrom().isEmpty()).orElse(false);
    }

    IntxLine line() {
        return intx;
    }

    /** What answers in the BAR of MSI-X. */
    MsixTable table() {
        return table;
    }

    /** How many interrupts an index has; 0 for an index without any. */
    int count(int index) {
        return index == VfioPci.VFIO_PCI_INTX_IRQ_INDEX ? intxCount : sets.get(index).size();
    }

    /** What GET_IRQ_INFO tells of an index. */
    InterruptDescription description(int index) {
        int flags =
                switch (index) {
                    case VfioPci.VFIO_PCI_INTX_IRQ_INDEX ->
                            Vfio.VFIO_IRQ_INFO_EVENTFD
                                    | Vfio.VFIO_IRQ_INFO_MASKABLE
                                    | Vfio.VFIO_IRQ_INFO_AUTOMASKED;
                    case VfioPci.VFIO_PCI_MSIX_IRQ_INDEX ->
                            dynamicMsix
                                    ? Vfio.VFIO_IRQ_INFO_EVENTFD
                                    : Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE;
                    default -> Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE;
                };
        return new InterruptDescription(flags, count(index));
    }

    @Override
    public void intx(boolean asserted) {
        intx.drive(asserted);
    }

    @Override
    public boolean message(int vector) {
        return messages.send(vector);
    }

    @Override
    public void withdraw(int vector) {
        messages.withdraw(vector);
    }

    @Override
    public void trigger(int vector) {
        if (!message(vector)) {
            intx.drive(true);
            intx.drive(false);
        }
    }

    /** Tells the client that PME has risen: the PME interrupt. */
    void powerManagementEvent() {
        wakeEvents.signal(0);
    }

    /** Tells the client of an uncorrectable error: the ERR interrupt. */
    void error() {
        errors.signal(0);
    }

    /** Tells the client that the host wants the device back: the REQ interrupt. */
    void request() {
        requests.signal(0);
    }

    /** What the driver wrote to its capabilities; see {@link ConfigSpace.Owner}. */
    void messagesWritten(int msi, int msiMask, int msix) {
        messages.written(msi, msiMask, msix);
        intx.replacedByMessages(
                (msi & PciRegs.PCI_MSI_FLAGS_ENABLE) != 0
                        || (msix & PciRegs.PCI_MSIX_FLAGS_ENABLE) != 0);
    }

    /** The pending bits of MSI, as its capability shows them. */
    int msiPending() {
        return messages.msiPending();
    }

    /** The function has left D0: INTx waits, messages are dropped. */
    void leaveD0() {
        synchronized (messages) {
            messages.leaveD0();
            intx.leaveD0();
        }
    }

    /** The function is in D0 again, but not yet as its client sees it: messages wait as well. */
    void enterD0() {
        messages.enterD0();
    }

    /** All of the function is awake, if {@link #enterD0} was the last: what waits goes out. */
    void awake() {
        // One lock over both: a line must not wake up while its function falls asleep again.
        synchronized (messages) {
            if (messages.awake()) {
                intx.awake();
            }
        }
    }

    /**
     * The line is down, nothing is pending; the client's eventfds stay. The table of MSI-X and its
     * masks go only where configuration space goes as well.
     */
    void reset(ConfigReset what) {
        intx.drive(false);
        switch (what) {
            case SOFT, FUNCTION_LEVEL -> {
                messages.powerOn();
                table.reset();
            }
            case RESTORED, RESTORED_POWER -> messages.withdrawAll();
        }
    }

    /**
     * SET_IRQS.
     *
     * @param request the fixed part
     * @param available bytes of the request, the fixed part included
     * @param data the booleans after the fixed part
     * @param fds the descriptors that came with it; taken over, whatever the answer
     * @return 0 or minus an errno
     */
    synchronized int set(VfioIrqSet request, int available, byte[] data, List<Fd> fds) {
        try {
            int refusal = check(request, available, fds);
            return refusal != 0 ? refusal : act(request, data, fds);
        } finally {
            // What was put to use is an EventFd by now and has left the list.
            fds.forEach(Fd::close);
        }
    }

    private int check(VfioIrqSet request, int available, List<Fd> fds) {
        int index = request.index();
        return index < 0 || index >= sets.size()
                ? -Errno.EINVAL.number()
                : SetIrqs.check(request, available, fds, count(index));
    }

    private int act(VfioIrqSet request, byte[] data, List<Fd> fds) {
        if (request.index() == VfioPci.VFIO_PCI_INTX_IRQ_INDEX) {
            return switch (SetIrqs.action(request)) {
                case Vfio.VFIO_IRQ_SET_ACTION_MASK -> maskIntx(request, data);
                case Vfio.VFIO_IRQ_SET_ACTION_UNMASK -> unmaskIntx(request, data, fds);
                case Vfio.VFIO_IRQ_SET_ACTION_TRIGGER -> triggerIntx(request, data, fds);
                default -> -Errno.ENOTTY.number();
            };
        }
        return SetIrqs.act(sets.get(request.index()), request, data, fds);
    }

    private int maskIntx(VfioIrqSet request, byte[] data) {
        if (!intx.configured() || request.count() != 1) {
            return -Errno.EINVAL.number();
        }
        if (SetIrqs.kind(request) == Vfio.VFIO_IRQ_SET_DATA_EVENTFD) {
            return -Errno.ENOTTY.number();
        }
        if (SetIrqs.kind(request) == Vfio.VFIO_IRQ_SET_DATA_NONE || data[0] != 0) {
            intx.mask();
        }
        return 0;
    }

    private int unmaskIntx(VfioIrqSet request, byte[] data, List<Fd> fds) {
        if (!intx.configured() || request.count() != 1) {
            return -Errno.EINVAL.number();
        }
        if (SetIrqs.kind(request) == Vfio.VFIO_IRQ_SET_DATA_EVENTFD) {
            Optional<List<EventFd>> eventFds = SetIrqs.adopt(fds);
            if (eventFds.isEmpty()) {
                return -Errno.EINVAL.number();
            }
            watchUnmask(eventFds.get().stream().findFirst());
        } else if (SetIrqs.kind(request) == Vfio.VFIO_IRQ_SET_DATA_NONE || data[0] != 0) {
            intx.unmask();
        }
        return 0;
    }

    private int triggerIntx(VfioIrqSet request, byte[] data, List<Fd> fds) {
        int kind = SetIrqs.kind(request);
        if (kind == Vfio.VFIO_IRQ_SET_DATA_NONE && request.count() == 0) {
            disableIntx();
            return 0;
        }
        if (request.count() != 1) {
            return -Errno.EINVAL.number();
        }
        if (kind == Vfio.VFIO_IRQ_SET_DATA_EVENTFD) {
            Optional<List<EventFd>> eventFds = SetIrqs.adopt(fds);
            if (eventFds.isEmpty()) {
                return -Errno.EINVAL.number();
            }
            if (eventFds.get().isEmpty()) {
                disableIntx();
            } else {
                intx.configure(Optional.of(eventFds.get().getFirst()));
            }
            return 0;
        }
        if (!intx.configured()) {
            return -Errno.EINVAL.number();
        }
        if (kind == Vfio.VFIO_IRQ_SET_DATA_NONE || data[0] != 0) {
            intx.loopback();
        }
        return 0;
    }

    private void disableIntx() {
        watchUnmask(Optional.empty());
        intx.configure(Optional.empty());
    }

    private void watchUnmask(Optional<EventFd> eventFd) {
        unmask.ifPresent(Unmask::close);
        unmask = Optional.empty();
        unmask = eventFd.map(this::watched);
    }

    private Unmask watched(EventFd eventFd) {
        try {
            return new Unmask(eventFd, watcher.watch(eventFd, gate::unmaskKicked));
        } catch (RuntimeException refused) {
            eventFd.close();
            throw refused;
        }
    }

    /** The client is gone: every descriptor that it gave is closed. */
    synchronized void disconnect() {
        disableIntx();
        sets.forEach(Vectors::clear);
        messages.forgetEntries();
    }
}
