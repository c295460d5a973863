/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedAccess;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.PowerException;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.RegionWriteMulti;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * The region accesses, and the way to everything else. What is wrapped in a runtime PM access, and
 * what is refused before the device is woken, is spec B5 and B7.
 *
 * <p>A handler returns the length of the payload that it put into the {@link Reply}, or minus an
 * errno. Region accesses allocate nothing.
 */
final class Requests {
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final System.Logger LOG = System.getLogger(Requests.class.getName());

    /** Where the data of a region access starts in its frame. */
    private static final int DATA = VfioUserHeader.SIZE + RegionAccess.DATA;

    private final ServedDevice device;
    private final Reply reply;
    private final DeviceRequests deviceRequests;
    private final DmaRequests dmaRequests;

    /**
     * The requests of one client.
     *
     * @param pme whether it knows the PME interrupt
     */
    Requests(ServedDevice device, Reply reply, boolean pme) {
        this.device = device;
        this.reply = reply;
        deviceRequests = new DeviceRequests(device, reply, pme);
        dmaRequests = new DmaRequests(device.dma(), reply);
    }

    /**
     * Does what a request asks.
     *
     * @param command its number
     * @param flags of its header
     * @param frame its bytes, from offset 0
     * @param size of the frame
     * @param fds its descriptors
     * @return the length of the reply's payload, or minus an errno
     */
    int handle(int command, int flags, Memory frame, int size, FrameFds fds) {
        if (!VfioUserHeader.isCommand(flags)) {
            return EINVAL;
        }
        Optional<VfioUserCommand> known = VfioUserCommand.of(command);
        try {
            if (known.isEmpty()) {
                return deviceRequests.unknown();
            }
            return switch (known.get()) {
                case REGION_READ -> read(frame, size);
                case REGION_WRITE -> write(frame, size);
                case REGION_WRITE_MULTI -> writeMulti(frame, size);
                case DMA_MAP -> dmaRequests.map(frame, size, fds);
                case DMA_UNMAP -> dmaRequests.unmap(frame, size);
                case DEVICE_GET_INFO,
                        DEVICE_GET_REGION_INFO,
                        DEVICE_GET_REGION_IO_FDS,
                        DEVICE_GET_IRQ_INFO,
                        DEVICE_SET_IRQS,
                        DEVICE_RESET,
                        DEVICE_FEATURE ->
                        deviceRequests.handle(known.get(), frame, size, fds);
                // No model migrates yet, so there is no data; not wrapped (spec B7).
                case MIG_DATA_READ, MIG_DATA_WRITE -> EINVAL;
                // VERSION comes once, DMA messages only from the server.
                case VERSION, DMA_READ, DMA_WRITE -> EINVAL;
            };
        } catch (PowerException refused) {
            return -refused.refusal().errno();
        } catch (LinuxException refused) {
            // Out of descriptors or memory: the request fails, not the connection.
            LOG.log(Level.WARNING, "command {0}: {1}", command, refused.getMessage());
            return -refused.errno().number();
        }
    }

    private int read(Memory frame, int size) {
        if (size != DATA) {
            return EINVAL;
        }
        long offset = RegionAccess.offset(frame, VfioUserHeader.SIZE);
        int region = RegionAccess.region(frame, VfioUserHeader.SIZE);
        long count = RegionAccess.count(frame, VfioUserHeader.SIZE);
        if (count > Session.MAX_TRANSFER) {
            return EINVAL;
        }
        // Nothing to read, nothing to wake for, wherever (spec B5).
        int done = 0;
        if (count > 0) {
            if (badRegion(region)) {
                return EINVAL;
            }
            try (ServedAccess access = device.access()) {
                done = access.read(region, offset, (int) count, reply.frame(), DATA);
            }
        }
        return done < 0 ? done : answer(offset, region, done) + done;
    }

    private int write(Memory frame, int size) {
        if (size < DATA) {
            return EINVAL;
        }
        long offset = RegionAccess.offset(frame, VfioUserHeader.SIZE);
        int region = RegionAccess.region(frame, VfioUserHeader.SIZE);
        long count = RegionAccess.count(frame, VfioUserHeader.SIZE);
        if (count != size - DATA || count > Session.MAX_TRANSFER) {
            return EINVAL;
        }
        int done = write(region, offset, (int) count, frame, DATA);
        return done < 0 ? done : answer(offset, region, done);
    }

    private int write(int region, long offset, int count, Memory frame, long at) {
        if (count == 0) {
            return 0;
        }
        if (badRegion(region)) {
            return EINVAL;
        }
        try (ServedAccess access = device.access()) {
            return access.write(region, offset, count, frame, at);
        }
    }

    private int answer(long offset, int region, int done) {
        RegionAccess.write(reply.frame(), Reply.PAYLOAD, offset, region, done);
        return RegionAccess.SIZE;
    }

    private static boolean badRegion(int region) {
        return region < 0 || region >= VfioPci.VFIO_PCI_NUM_REGIONS;
    }

    /** Each write is an access of its own, as if it had come alone. */
    private int writeMulti(Memory frame, int size) {
        int entries = size - VfioUserHeader.SIZE - RegionWriteMulti.SIZE;
        if (entries < 0) {
            return EINVAL;
        }
        long writes = RegionWriteMulti.writes(frame, VfioUserHeader.SIZE);
        if (entries % RegionWriteMulti.WRITE_SIZE != 0
                || writes != entries / RegionWriteMulti.WRITE_SIZE) {
            return EINVAL;
        }
        int done = 0;
        int failure = 0;
        while (done < writes && failure == 0) {
            failure = writeOne(frame, RegionWriteMulti.entry(VfioUserHeader.SIZE, done));
            done += failure == 0 ? 1 : 0;
        }
        if (failure != 0 && done == 0) {
            return failure;
        }
        RegionWriteMulti.putWrites(reply.frame(), Reply.PAYLOAD, done);
        return RegionWriteMulti.SIZE;
    }

    private int writeOne(Memory frame, long at) {
        int region = RegionAccess.region(frame, at);
        long count = RegionAccess.count(frame, at);
        if (count > RegionWriteMulti.MAX_COUNT) {
            return EINVAL;
        }
        long offset = RegionAccess.offset(frame, at);
        return Math.min(0, write(region, offset, (int) count, frame, at + RegionAccess.DATA));
    }
}
