/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioIrqSet;

import java.util.List;

/**
 * One request of a client's to its device, which is awake for as long as this is open if the
 * request's rules say so. One object may serve every access of its device, one after the other; it
 * must not be used after its close.
 *
 * <p>Whatever throws {@link io.vfio4j.linux.LinuxException} or {@link
 * io.vfio4j.power.PowerException} has its request answered with that errno; the client stays.
 */
public interface ServedAccess extends AutoCloseable {
    /**
     * GET_INFO.
     *
     * @return {@code VFIO_DEVICE_FLAGS_*}: PCI, and RESET if {@link #reset} can work
     */
    int flags();

    /**
     * GET_REGION_INFO.
     *
     * @param index 0..8
     * @return the region; its descriptor stays the device's
     */
    RegionDescription region(int index);

    /**
     * GET_IRQ_INFO.
     *
     * @param index 0..5
     * @return the interrupts of that index; count 0 if the function lacks them
     */
    InterruptDescription interrupt(int index);

    /**
     * Reads a region.
     *
     * @param region 0..8
     * @param offset bytes, unsigned
     * @param count bytes, at least 1
     * @param target where the data goes
     * @param at where in the target
     * @return bytes read, fewer than asked at the end of a BAR, or minus an errno (spec B5)
     */
    int read(int region, long offset, int count, Memory target, long at);

    /**
     * Writes a region.
     *
     * @param region 0..8
     * @param offset bytes, unsigned
     * @param count bytes, at least 1
     * @param source where the data is
     * @param at where in the source
     * @return bytes written, or minus an errno as for {@link #read}
     */
    int write(int region, long offset, int count, Memory source, long at);

    /**
     * SET_IRQS.
     *
     * @param request the fixed part
     * @param available bytes of the request
     * @param data the booleans behind the fixed part
     * @param fds the descriptors that came with it; taken over, whatever the answer
     * @return 0 or minus an errno (spec G)
     */
    int setInterrupts(VfioIrqSet request, int available, byte[] data, List<Fd> fds);

    /**
     * DEVICE_RESET.
     *
     * @return 0 or minus an errno
     */
    int reset();

    /**
     * DEVICE_FEATURE.
     *
     * @param request holds the payload: argsz, flags, data; what the feature answers is put in its
     *     place, and may go on behind it up to the memory's end: a GET comes without data
     * @param at where in it
     * @param length bytes of the payload that are there
     * @param fds the descriptors that came with it; taken over, whatever the answer
     * @return 0 if the answer is as long as the request, its length if that is another, or minus
     *     the errno of the first check that fails (spec A2)
     */
    int feature(Memory request, long at, int length, List<Fd> fds);

    /** Lets the device go: it may fall asleep once nobody holds it. */
    @Override
    void close();
}
