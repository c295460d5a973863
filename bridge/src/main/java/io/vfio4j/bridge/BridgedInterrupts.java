/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.IrqInfo;
import io.vfio4j.client.RawInterrupts;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.device.InterruptDescription;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.UnmaskedInterrupt;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUser;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A client's interrupts: INTx, MSI, MSI-X and errors go straight from the device to the client's
 * eventfds, set up by its requests as they come. Two are the bridge's own: REQ, which the bridge
 * must hear as well, and PME, which the kernel keeps to itself (spec B6).
 *
 * <p>Threads: requests come one at a time; all else from any.
 */
final class BridgedInterrupts implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(BridgedInterrupts.class.getName());
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;

    /** The indices that are passed on: those before REQ. */
    private static final int PASSED_ON = VfioPci.VFIO_PCI_REQ_IRQ_INDEX;

    private static final int UNMASKED_BY_NOBODY =
            Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE;

    /** More interrupts than any device has, and so more booleans than any request needs. */
    private static final int MAX_DATA = 1 << 16;

    private final VfioDevice device;
    private final boolean knowsPme;
    private final List<InterruptDescription> behind;
    private final UnmaskedInterrupt release = new UnmaskedInterrupt();
    private final UnmaskedInterrupt pme = new UnmaskedInterrupt();
    private final ReleaseWatch releaseWatch;
    private final IntxUse intx = new IntxUse();

    /**
     * The interrupts of one client. The device is awake. What another client had enabled before is
     * disabled.
     *
     * @param client told of PME, if it knows it
     * @param watcher waits for the host's request
     * @param releaseAsked the host wants the device back: called on the watcher's thread after the
     *     client was told; again and again, until the device is closed; must not block
     * @throws VfioException if the device cannot be asked
     */
    BridgedInterrupts(
            VfioDevice device, ServedClient client, EventFdWatcher watcher, Runnable releaseAsked) {
        this.device = device;
        knowsPme = client.knowsPme();
        int indices = device.info().irqs();
        behind =
                IntStream.range(0, PASSED_ON)
                        .mapToObj(index -> ask(device, index, indices))
                        .toList();
        for (int index = 0; index < PASSED_ON; index++) {
            if (behind.get(index).count() > 0) {
                device.disableInterrupts(index);
            }
        }
        releaseWatch =
                new ReleaseWatch(
                        device,
                        watcher,
                        () -> {
                            release.signal();
                            releaseAsked.run();
                        });
    }

    private static InterruptDescription ask(VfioDevice device, int index, int indices) {
        if (index >= indices) {
            return new InterruptDescription(0, 0);
        }
        try {
            IrqInfo info = device.irq(index);
            return new InterruptDescription(info.flags(), info.count());
        } catch (VfioException refused) {
            // Kernels before 7.3 refuse ERR of a device that is not PCI Express.
            if (refused.errno().equals(Errno.EINVAL)) {
                return new InterruptDescription(0, 0);
            }
            throw refused;
        }
    }

    /**
     * What GET_IRQ_INFO tells of an index. Wakes nobody: the device was asked once.
     *
     * @param index 0..5
     */
    InterruptDescription describe(int index) {
        if (index < PASSED_ON) {
            return behind.get(index);
        }
        boolean there = index == VfioPci.VFIO_PCI_REQ_IRQ_INDEX || knowsPme;
        return new InterruptDescription(UNMASKED_BY_NOBODY, there ? 1 : 0);
    }

    /**
     * SET_IRQS.
     *
     * @param request the fixed part
     * @param available bytes of the request, the fixed part included
     * @param data the booleans behind the fixed part
     * @param fds the descriptors that came with it; taken over, whatever the answer
     * @return 0 or minus an errno: for what is passed on, the device's
     */
    int set(VfioIrqSet request, int available, byte[] data, List<Fd> fds) {
        try {
            return switch (request.index()) {
                case VfioPci.VFIO_PCI_REQ_IRQ_INDEX -> release.set(request, available, data, fds);
                case VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX ->
                        knowsPme ? pme.set(request, available, data, fds) : -Errno.EINVAL.number();
                default -> passOn(request, available, data, fds);
            };
        } finally {
            // The device has taken the counters that they stand for.
            fds.forEach(Fd::close);
        }
    }

    /** The device judges, but for what it cannot see: the frame. */
    private int passOn(VfioIrqSet request, int available, byte[] data, List<Fd> fds) {
        boolean cutOff = Integer.compareUnsigned(request.argsz(), available) > 0;
        if (cutOff || data.length > MAX_DATA || !isPassedOn(request.index())) {
            return -Errno.EINVAL.number();
        }
        RawInterrupts raw =
                RawInterrupts.of(
                                request.flags(),
                                request.index(),
                                request.start(),
                                request.count(),
                                data)
                        .withArgsz(request.argsz())
                        .withDescriptors(fds);
        try {
            device.setInterrupts(raw);
        } catch (VfioException refused) {
            return refuse(refused);
        } catch (IllegalStateException closed) {
            return -Errno.ENODEV.number();
        }
        if (request.index() == INTX) {
            intx.set(request, data, fds.size());
        }
        return 0;
    }

    private static boolean isPassedOn(int index) {
        return index >= 0 && index < PASSED_ON;
    }

    /** EINVAL and ENOTTY are answers to clients that try what there is. */
    private int refuse(VfioException refused) {
        Errno errno = refused.errno();
        boolean tried = errno.equals(Errno.EINVAL) || errno.equals(Errno.ENOTTY);
        LOG.log(tried ? Level.DEBUG : Level.WARNING, "{0}: {1}", device, refused.getMessage());
        return -errno.number();
    }

    /**
     * The device is back from low power: INTx fires again, also if it was to be unmasked meanwhile.
     * One that is still asserted fires once more, as a level does.
     */
    void recoverIntx() {
        if (!intx.mayBeStuck()) {
            return;
        }
        try {
            device.maskInterrupts(INTX, 0, 1);
            device.unmaskInterrupts(INTX, 0, 1);
        } catch (VfioException refused) {
            LOG.log(Level.WARNING, "{0}: {1}", device, refused.getMessage());
        }
    }

    /** Tells the client that PME has risen, if it listens. */
    void tellPme() {
        pme.signal();
    }

    /** The client is gone. Asks the device nothing: it may sleep. */
    @Override
    public void close() {
        releaseWatch.close();
        release.close();
        pme.close();
    }
}
