/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Access;
import io.vfio4j.power.DevicePower;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerException;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;

import java.util.List;

/**
 * The device, awake, for as long as this is open: the only way to its registers, so that no request
 * can forget to wake it.
 *
 * <p>One object serves every access of its device, so that an access allocates nothing; it must not
 * be used after its close. A client's requests come one at a time.
 */
public final class DeviceAccess implements ServedAccess {
    private static final int CONFIG_REGION = 7;

    private final DevicePower power;
    private final Regions regions;
    private final InterruptController interrupts;
    private final Features features;
    private final PoweredFunction function;
    private Access access;

    DeviceAccess(
            DevicePower power,
            Access first,
            Regions regions,
            InterruptController interrupts,
            Features features,
            PoweredFunction function) {
        this.power = power;
        this.access = first;
        this.regions = regions;
        this.interrupts = interrupts;
        this.features = features;
        this.function = function;
    }

    DeviceAccess with(Access held) {
        access = held;
        return this;
    }

    @Override
    public int flags() {
        return Vfio.VFIO_DEVICE_FLAGS_PCI | Vfio.VFIO_DEVICE_FLAGS_RESET;
    }

    /**
     * GET_REGION_INFO.
     *
     * @param index 0..8
     * @return the region; its descriptor stays the device's
     * @throws io.vfio4j.linux.LinuxException EMFILE, ENFILE or ENOMEM if there can be no file to
     *     map now
     */
    @Override
    public RegionDescription region(int index) {
        return regions.get(index).description();
    }

    @Override
    public InterruptDescription interrupt(int index) {
        return interrupts.description(index);
    }

    /**
     * Reads a region. Where nothing answers it is all ones, as on a bus: a BAR of a function in D1
     * or D2 (spec E), and configuration space after a power-up that failed.
     *
     * @param region 0..8
     * @param offset bytes, unsigned
     * @param count bytes, at least 1
     * @param target where the data goes
     * @param at where in the target
     * @return bytes read, fewer than asked at the end of a BAR, or minus an errno: EINVAL outside
     *     the region, EFAULT outside the configuration space, EIO while memory decoding is off or
     *     the client has put the device in D3hot (spec B5)
     */
    @Override
    public int read(int region, long offset, int count, Memory target, long at) {
        if (region < CONFIG_REGION && !power.memoryAccessible()) {
            return undecoded(region, offset);
        }
        if (unanswered(region)) {
            int silent = silence(region, offset, count);
            if (silent > 0) {
                target.fill(at, silent, (byte) 0xff);
            }
            return silent;
        }
        return regions.get(region).read(offset, count, target, at);
    }

    /**
     * Writes a region. Where nothing answers, see {@link #read}, the data is lost.
     *
     * @param region 0..8
     * @param offset bytes, unsigned
     * @param count bytes, at least 1
     * @param source where the data is
     * @param at where in the source
     * @return bytes written, or minus an errno as for {@link #read}
     */
    @Override
    public int write(int region, long offset, int count, Memory source, long at) {
        if (region < CONFIG_REGION && !power.memoryAccessible()) {
            return undecoded(region, offset);
        }
        if (unanswered(region)) {
            return silence(region, offset, count);
        }
        return regions.get(region).write(offset, count, source, at);
    }

    /** A bad offset is still a bad offset. */
    private int undecoded(int region, long offset) {
        return Region.clip(regions.get(region).size(), offset, 1) < 0 ? Region.EINVAL : Region.EIO;
    }

    private boolean unanswered(int region) {
        return !function.inD0()
                && (region != CONFIG_REGION || power.powerState() == PciPowerState.D3COLD);
    }

    /** How much of an access nobody answers. */
    private int silence(int region, long offset, int count) {
        long size = regions.get(region).size();
        if (region != CONFIG_REGION) {
            return Region.clip(size, offset, count);
        }
        return offset < 0 || offset > size - count ? Region.EFAULT : count;
    }

    /** A PMCSR write of the client (spec B6): a refused transition silently stays. */
    void writePmcsr(int value, int bytes) {
        access.writePmcsr(value, bytes);
    }

    @Override
    public int setInterrupts(VfioIrqSet request, int available, byte[] data, List<Fd> fds) {
        return interrupts.set(request, available, data, fds);
    }

    /**
     * DEVICE_RESET: back to D0, registers as after power-on; low power and what software has
     * written to configuration space stay as they are (spec B7).
     *
     * @return 0 or minus an errno
     */
    @Override
    public int reset() {
        try {
            access.deviceReset();
            return 0;
        } catch (PowerException refused) {
            return -refused.refusal().errno();
        }
    }

    @Override
    public int feature(Memory request, long at, int length, List<Fd> fds) {
        return features.handle(access, request, at, length, fds);
    }

    @Override
    public void close() {
        access.close();
    }
}
