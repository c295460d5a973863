/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The parts of SET_IRQS that are the same for every index. The checks and their errno are those of
 * the kernel's vfio_set_irqs_validate_and_prepare and vfio_pci_set_irqs_ioctl (spec G).
 */
final class SetIrqs {
    private SetIrqs() {}

    /**
     * Judges a request before it is looked at what it wants.
     *
     * @param limit how many interrupts its index has
     * @return 0 or minus EINVAL
     */
    static int check(VfioIrqSet request, int available, List<Fd> fds, int limit) {
        int flags = request.flags();
        int known = Vfio.VFIO_IRQ_SET_DATA_TYPE_MASK | Vfio.VFIO_IRQ_SET_ACTION_TYPE_MASK;
        long end =
                Integer.toUnsignedLong(request.start()) + Integer.toUnsignedLong(request.count());
        if (Integer.toUnsignedLong(request.argsz()) < VfioIrqSet.LAYOUT.size()
                || Integer.toUnsignedLong(request.argsz()) > available
                || (flags & ~known) != 0
                || end >= 0xffff_ffffL
                || Integer.compareUnsigned(request.start(), limit) >= 0
                || end > limit) {
            return -Errno.EINVAL.number();
        }
        // The booleans must be there, and argsz must say so; eventfds travel beside the frame.
        long said = Integer.toUnsignedLong(request.argsz()) - VfioIrqSet.LAYOUT.size();
        boolean complete =
                switch (kind(request)) {
                    case Vfio.VFIO_IRQ_SET_DATA_NONE -> fds.isEmpty();
                    case Vfio.VFIO_IRQ_SET_DATA_BOOL -> fds.isEmpty() && said >= request.count();
                    // No descriptor takes the eventfds away; otherwise each vector has one.
                    case Vfio.VFIO_IRQ_SET_DATA_EVENTFD ->
                            fds.isEmpty() || fds.size() == request.count();
                    default -> false;
                };
        return complete ? 0 : -Errno.EINVAL.number();
    }

    static int kind(VfioIrqSet request) {
        return request.flags() & Vfio.VFIO_IRQ_SET_DATA_TYPE_MASK;
    }

    static int action(VfioIrqSet request) {
        return request.flags() & Vfio.VFIO_IRQ_SET_ACTION_TYPE_MASK;
    }

    /**
     * Does what was checked, to interrupts that are not INTx. Masking them is the device's
     * business, not SET_IRQS's (spec G).
     *
     * @return 0 or minus an errno
     */
    static int act(Vectors set, VfioIrqSet request, byte[] data, List<Fd> fds) {
        if (action(request) != Vfio.VFIO_IRQ_SET_ACTION_TRIGGER) {
            return -Errno.ENOTTY.number();
        }
        int kind = kind(request);
        if (kind == Vfio.VFIO_IRQ_SET_DATA_NONE && request.count() == 0) {
            set.clear();
            return 0;
        }
        if (kind == Vfio.VFIO_IRQ_SET_DATA_EVENTFD) {
            return configure(set, request, fds);
        }
        // A loopback test needs something to signal; only a boolean for ERR, REQ or PME may go
        // nowhere.
        boolean single = request.index() >= VfioPci.VFIO_PCI_ERR_IRQ_INDEX;
        boolean optional = single && kind == Vfio.VFIO_IRQ_SET_DATA_BOOL && request.count() > 0;
        if (!set.configured() && !optional) {
            return -Errno.EINVAL.number();
        }
        for (int i = 0; i < request.count(); i++) {
            if (kind == Vfio.VFIO_IRQ_SET_DATA_NONE || data[i] != 0) {
                set.loopback(request.start() + i);
            }
        }
        return 0;
    }

    private static int configure(Vectors set, VfioIrqSet request, List<Fd> fds) {
        Optional<List<EventFd>> eventFds = adopt(fds);
        if (eventFds.isEmpty()) {
            return -Errno.EINVAL.number();
        }
        for (int i = 0; i < request.count(); i++) {
            Optional<EventFd> eventFd =
                    eventFds.get().isEmpty()
                            ? Optional.empty()
                            : Optional.of(eventFds.get().get(i));
            set.configure(request.start() + i, eventFd);
        }
        return 0;
    }

    /** All of them or none: a list with one descriptor that is no eventfd changes nothing. */
    static Optional<List<EventFd>> adopt(List<Fd> fds) {
        if (!fds.stream().allMatch(EventFd::isEventFd)) {
            return Optional.empty();
        }
        List<EventFd> eventFds = new ArrayList<>(fds.size());
        while (!fds.isEmpty()) {
            eventFds.add(EventFd.adopt(fds.removeFirst()));
        }
        return Optional.of(eventFds);
    }
}
