/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import java.util.function.Consumer;

/**
 * What a server serves: the one client of a socket gets in by {@link #open} and makes its requests
 * by {@link #access}; the host side asks by {@link #host}. An emulated function is one ({@link
 * HostedDevice}), and so is a real one that is passed on.
 *
 * <p>Threads: a client's requests come one at a time, from its session's thread; the host side's
 * from any, at any time, also while a request is under way.
 */
public interface ServedDevice extends AutoCloseable {
    /**
     * A client has come: the first open (spec B2).
     *
     * @param client who; valid until {@link #lastClose}
     * @throws io.vfio4j.power.PowerException the errno of a failed resume, EBUSY if it is open
     * @throws io.vfio4j.linux.LinuxException with any other errno: the client is refused with it
     */
    void open(ServedClient client);

    /**
     * The client is gone (spec B3, last close). Whatever fails meanwhile, nothing of the client's
     * stays, and the next one gets in.
     */
    void lastClose();

    /**
     * A request of the client's that, on the kernel's device, is an ioctl or a region access: it
     * wakes a device that sleeps by the low-power contract, whatever becomes of it (spec B7). One
     * at a time.
     *
     * @return to be closed by the caller before the client has its reply
     * @throws io.vfio4j.power.PowerException EIO if the device does not wake
     */
    ServedAccess access();

    /** The client's memory: DMA_MAP and DMA_UNMAP, which wake nobody (spec B7). */
    ServedDma dma();

    /**
     * Whether the function signals PME as an interrupt: {@link
     * io.vfio4j.uapi.VfioUser#VFIO_USER_PCI_PME_IRQ_INDEX} exists, for clients that know it.
     */
    boolean signalsPme();

    /**
     * What sysfs answers for a real device.
     *
     * @param request anything but a watch
     * @return the value, or an errno and a sentence
     */
    HostReply host(HostRequest request);

    /**
     * Has every change of the device's power told from now on, in order, from whichever thread made
     * it: the listener must be quick and never block.
     *
     * @param listener gets one event for each attribute that reads differently now
     * @return ends it when closed
     */
    Watch watch(Consumer<HostEvent> listener);

    /** Ends the device for good. Closing again does nothing. */
    @Override
    void close();

    /** Ends a watch when closed; what is being told just now may still come. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
