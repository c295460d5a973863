/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioFeature;

import java.util.List;
import java.util.Optional;

/**
 * A device in this program's hands: its regions, interrupts, DMA and power, wherever the device is.
 *
 * <p>Lifetime: from {@link #open} to {@link #close}. Closing ends the program's claim: interrupts
 * are given up, DMA windows unmapped, low power left without a signal. A {@link MappedBar} is
 * closed by its owner; until then, as a duplicate of the {@link #descriptor} does, it keeps a
 * device of this machine open in the kernel's eyes (spec B3). Any call after close throws
 * IllegalStateException.
 *
 * <p>Threads: any thread may make any call, at any time. To a device behind a socket one request is
 * under way at a time, the others wait for it; to the kernel they go as they come. Calls block the
 * calling thread, which does the work itself; Thread.interrupt does not end them. {@link #close}
 * from another thread ends those to a socket; those to the kernel run to their end.
 *
 * <p>Power: every call here but {@link #close}, {@link #dmaDomain}, {@link #map} and {@link
 * #regionFile} of a region whose {@link #region} was asked before, and those of zero bytes, wakes a
 * sleeping device (spec B7, and {@link Wakeup} on what follows).
 *
 * <p>Failures, of all methods: {@link ConnectionLostException} if the other side is gone, {@link
 * ProtocolViolationException} if it sent nonsense, {@link DeviceTimeoutException} if it sent
 * nothing in time; after one of these every call throws ConnectionLostException. So it does for a
 * device of this machine that was removed. A request that the device refuses throws {@link
 * VfioException} with the device's errno; EIO may say that a sleeping device could not be woken
 * (spec A2 step 2). The device's answers are not trusted.
 */
public interface VfioDevice extends AutoCloseable {
    /**
     * Opens a device.
     *
     * @param target such as {@code 0000:01:00.0} or {@code vfio-user:/run/edu.sock}
     * @return the device, to be closed by the caller
     * @throws IllegalArgumentException if that is no target
     * @throws DeviceNotFoundException if there is no device
     * @throws DeviceBusyException if another client or program has it, or its IOMMU group
     * @throws VfioException with EACCES if this user may not, or the token is missing or wrong;
     *     EPROTO if what answers is nothing this library understands; for a device of this machine
     *     ENODEV if it is not bound to vfio-pci or no IOMMU is active, EPERM if a device of its
     *     group is bound to another driver, ENOENT if the kernel has not what it takes, EOPNOTSUPP
     *     if the interface that was asked for does not have the device
     */
    static VfioDevice open(String target) {
        return open(Target.parse(target));
    }

    /**
     * Opens a device.
     *
     * @param target where it is
     * @return the device, to be closed by the caller
     * @throws VfioException as {@link #open(String)}
     */
    static VfioDevice open(Target target) {
        return open(target, OpenOptions.DEFAULTS);
    }

    /**
     * Opens a device.
     *
     * @param target where it is
     * @param options how to talk to it
     * @return the device, to be closed by the caller
     * @throws VfioException as {@link #open(String)}
     */
    static VfioDevice open(Target target, OpenOptions options) {
        return switch (target) {
            case Target.VfioUser(var socket) -> VfioUserDevice.connect(socket, options);
            case Target.Pci(var address) -> KernelDevice.open(address, options);
        };
    }

    /** Where the device is. */
    Target target();

    /**
     * The kernel's descriptor of the device, which stays this object's; empty for a device behind a
     * socket. A duplicate of it keeps the device open (spec B3).
     */
    Optional<Fd> descriptor();

    // What it is

    /** Asks what the device is. */
    DeviceInfo info();

    /**
     * Asks what a region is.
     *
     * @param index 0 to {@link DeviceInfo#regions} - 1
     * @throws VfioException with EINVAL if there is no such index
     */
    RegionInfo region(int index);

    /**
     * Asks what an interrupt index is.
     *
     * @param index 0 to {@link DeviceInfo#irqs} - 1
     * @throws VfioException with EINVAL if there is no such index
     */
    IrqInfo irq(int index);

    // Regions

    /**
     * Reads one byte of a region by one access of that width. As for all reads and writes, the
     * device decides about offset and width.
     *
     * @param region the region's index
     * @param offset bytes from its start
     * @throws VfioException with EINVAL if the region or the offset does not exist (EFAULT in the
     *     kernel's configuration space), EIO if its memory is disabled or the device is in D3hot,
     *     and if not all of the bytes were there (spec B5)
     */
    byte readByte(int region, long offset);

    /** Reads two bytes, little-endian, by one access; as {@link #readByte}. */
    short readShort(int region, long offset);

    /** Reads four bytes, little-endian, by one access; as {@link #readByte}. */
    int readInt(int region, long offset);

    /** Reads eight bytes, little-endian, by one access; as {@link #readByte}. */
    long readLong(int region, long offset);

    /**
     * Reads bytes of a region, in as few messages or system calls as can be.
     *
     * @param region the region's index
     * @param offset bytes from its start
     * @param destination where to put them
     * @param destinationOffset where in the destination
     * @param length how many bytes; 0 does nothing and wakes nobody
     * @throws IndexOutOfBoundsException if the range is not inside the destination
     * @throws VfioException as {@link #readByte}; some of the bytes may have been read
     */
    void read(int region, long offset, Memory destination, long destinationOffset, long length);

    /** Reads bytes of a region into an array; as with {@link Memory}. */
    void read(int region, long offset, byte[] destination, int destinationOffset, int length);

    /**
     * Writes one byte of a region by one access of that width, and waits until it is done.
     *
     * @param region the region's index
     * @param offset bytes from its start
     * @throws VfioException as {@link #readByte}
     */
    void writeByte(int region, long offset, byte value);

    /** Writes two bytes, little-endian, by one access; as {@link #writeByte}. */
    void writeShort(int region, long offset, short value);

    /** Writes four bytes, little-endian, by one access; as {@link #writeByte}. */
    void writeInt(int region, long offset, int value);

    /** Writes eight bytes, little-endian, by one access; as {@link #writeByte}. */
    void writeLong(int region, long offset, long value);

    /**
     * Writes bytes of a region, in as few messages or system calls as can be, and waits until it is
     * done.
     *
     * @param region the region's index
     * @param offset bytes from its start
     * @param source where the bytes are
     * @param sourceOffset where in the source
     * @param length how many bytes; 0 does nothing and wakes nobody
     * @throws IndexOutOfBoundsException if the range is not inside the source
     * @throws VfioException as {@link #readByte}; some of the bytes may have been written
     */
    void write(int region, long offset, Memory source, long sourceOffset, long length);

    /** Writes bytes of a region from an array; as with {@link Memory}. */
    void write(int region, long offset, byte[] source, int sourceOffset, int length);

    /**
     * Writes four bytes of a region and does not wait: as PCI posts writes. The device does them in
     * order, and before whatever is asked of it next; nobody is told of a failure. Where the device
     * cannot be written so, this is {@link #writeInt}.
     *
     * @param region the region's index
     * @param offset bytes from its start
     */
    void postInt(int region, long offset, int value);

    /** Writes eight bytes of a region and does not wait; as {@link #postInt}. */
    void postLong(int region, long offset, long value);

    /** Writes bytes of a region and does not wait; as {@link #postInt}. */
    void post(int region, long offset, Memory source, long sourceOffset, long length);

    /**
     * Maps what can be mapped of a region. Possible while the device is in low power, but of no use
     * before it has left it. Wakes no device of this machine.
     *
     * @param region the region's index
     * @return the mapping, to be closed by the caller
     * @throws VfioException with ENODEV if nothing of it can be mapped
     */
    MappedBar map(int region);

    /**
     * Tells by what a client of this program may map a region itself. Wakes no device once the
     * region was asked for, as {@link #map}.
     *
     * @param index the region's index
     * @return the descriptor and the parts; the whole region where the device names no parts; empty
     *     if nothing of it can be mapped. The descriptor stays the device's, and open as long as
     *     the device is, unless a server sends another file for the region when it is asked again
     * @throws VfioException with EINVAL if there is no such index
     */
    Optional<RegionFile> regionFile(int index);

    // Interrupts (SET_IRQS)

    /**
     * Has interrupts signal eventfds from now on. The descriptors are passed on: the caller may
     * close its own.
     *
     * @param index the interrupt index, such as {@link
     *     io.vfio4j.uapi.VfioPci#VFIO_PCI_MSIX_IRQ_INDEX}
     * @param start the first interrupt, from 0
     * @param events one for each interrupt from there on, at least one
     * @throws VfioException with EINVAL if there are not so many; none of them is then enabled
     */
    void enableInterrupts(int index, int start, List<EventFd> events);

    /** Disables all interrupts of an index; no error if none was enabled. */
    void disableInterrupts(int index);

    /** Disables some interrupts of an index. */
    void disableInterrupts(int index, int start, int count);

    /**
     * Masks interrupts: what they have to tell waits.
     *
     * @throws VfioException with EINVAL or ENOTTY if they cannot be masked, as MSI (spec G)
     */
    void maskInterrupts(int index, int start, int count);

    /** Unmasks interrupts; one that has something to tell fires. Errors as for masking. */
    void unmaskInterrupts(int index, int start, int count);

    /**
     * Has an interrupt unmasked whenever an eventfd is signalled. The descriptor is passed on.
     *
     * @throws VfioException with EINVAL or ENOTTY if the index cannot
     */
    void unmaskInterruptBy(int index, int vector, EventFd event);

    /** Has the device fire interrupts, as a test: loopback. */
    void triggerInterrupts(int index, int start, int count);

    /**
     * Makes a SET_IRQS request just as somebody else made it, right or wrong. The kernel is told of
     * its eventfds by number: of as many as there are descriptors, and if there are none, of none
     * for each interrupt, which takes them away, but for MSI and MSI-X that are not enabled yet
     * enables them first; more descriptors than interrupts, or some beside other data, it refuses.
     *
     * @param request what to ask; its descriptors are passed on, and stay their owner's
     * @throws VfioException with the device's errno, of which nothing is done then; EFAULT for data
     *     that is not there; E2BIG for more descriptors than the server takes with one message
     * @throws IllegalStateException if one of the descriptors is closed
     */
    void setInterrupts(RawInterrupts request);

    /**
     * Has PME signal an eventfd from now on, whenever it rises: {@link PmeEvent} is the way to use
     * it. The descriptor is passed on. It replaces an earlier one.
     *
     * @throws VfioException with EOPNOTSUPP if the device cannot signal PME, or its server does not
     *     know how to tell; always for a device of this machine, whose PME the kernel keeps to
     *     itself (spec B6): there {@link #enterLowPower(Wakeup)} tells of the wake that PME is
     */
    void enablePme(EventFd event);

    /**
     * Has an eventfd stand for a write to a BAR: whenever it is signalled, the write is done,
     * unless the device sleeps, which it does not wake for (spec B7). The descriptor is passed on.
     *
     * @throws VfioException with EINVAL if that cannot be written so, or lies in the MSI-X table,
     *     EEXIST if there is one like it, ENOSPC beyond 1000 (spec G), EOPNOTSUPP for a device
     *     behind a socket, whose server is the one to say which eventfds it wants
     */
    void addIoEventFd(IoEvent write, EventFd event);

    /**
     * Undoes {@link #addIoEventFd}.
     *
     * @throws VfioException with ENODEV if there is none like it, EOPNOTSUPP as there
     */
    void removeIoEventFd(IoEvent write);

    // DMA

    /**
     * Names the address space that the device sees memory in. Devices of this process with the same
     * name see the same: a window that one of them has at an address is there for all of them, and
     * for another to map anything there is EEXIST.
     *
     * @return such as "iommu group 7"; for a device behind a socket, a name of its connection alone
     */
    String dmaDomain();

    /**
     * Gives the device memory that it shares.
     *
     * @param iova where the device shall see it, a multiple of 4096
     * @param memory the memory, all of it; stays the caller's, to be kept open until the window is
     *     unmapped (see {@link DmaWindow})
     * @param direction what the device may do with it
     * @return the window
     * @throws VfioException with EEXIST if something is mapped there, also for another device of
     *     the same IOMMU group; EINVAL if address or size are not what the device or its IOMMU can
     *     do, such as no multiple of 4096; ENOSPC if it has no room for another window; ENOMEM if
     *     this process may not lock so much memory; EFAULT if the memory's file has become too
     *     short, or is of a sort that cannot be pinned (on a disk); EACCES if the device shall
     *     write what may only be read
     * @throws IllegalArgumentException if the window would reach beyond the last address
     * @throws IllegalStateException if this or the memory is closed
     */
    DmaWindow mapDma(long iova, DmaMemory memory, DmaDirection direction);

    /**
     * Gives the device memory of this process alone. A device of this machine reaches it as any
     * other, if it begins at a multiple of 4096, as blocks of at least that do; one in another
     * process asks this process for each piece, slowly: the bytes are then read and written by
     * whichever thread is in a call, or, if none is, by one of this library, which exists from the
     * first such window on.
     *
     * @param iova where the device shall see it, a multiple of 4096
     * @param memory the memory, all of it; stays the caller's, to be kept open until the window is
     *     unmapped (see {@link DmaWindow})
     * @param direction what the device may do with it
     * @return the window
     * @throws VfioException as {@link #mapDma(long, DmaMemory, DmaDirection)}
     * @throws IllegalArgumentException as {@link #mapDma(long, DmaMemory, DmaDirection)}
     * @throws IllegalStateException as {@link #mapDma(long, DmaMemory, DmaDirection)}
     */
    DmaWindow mapDma(long iova, Memory memory, DmaDirection direction);

    /**
     * Takes a window over from another device of the same {@link #dmaDomain}, for whom it is
     * unmapped from then on: closing that device leaves it mapped. No device loses sight of the
     * memory meanwhile.
     *
     * @param window of a device that is still open
     * @return the window, now of this device; the same one if it was already
     * @throws IllegalArgumentException if it is of another address space
     * @throws IllegalStateException if it is not mapped any more, or this is closed; it then stays
     *     the other's
     */
    DmaWindow adoptDma(DmaWindow window);

    // Reset, features, power

    /**
     * Resets the device. Low power without wakeup stays, one with wakeup ends if the device slept
     * (spec B7).
     *
     * @throws VfioException with EINVAL if it cannot be reset
     */
    void reset();

    /**
     * Tells which devices a hot reset would reset, this one among them.
     *
     * @throws VfioException with ENODEV if its bus or slot cannot be reset, EOPNOTSUPP for a device
     *     behind a socket, which has neither
     */
    List<HotResetDevice> hotResetInfo();

    /**
     * Resets the bus or slot that the device is on, and with it every device there. All of them
     * wake first; low power without wakeup stays, one with wakeup ends (spec B7).
     *
     * @param others further devices of this program whose claims shall count, where the devices
     *     that are affected are of several groups
     * @throws VfioException with EINVAL if a device that is affected belongs to nobody here, EBUSY
     *     if another reset is under way, ENODEV and EOPNOTSUPP as {@link #hotResetInfo}, ENOTTY
     *     where the slot's reset is refused
     */
    void hotReset(List<VfioDevice> others);

    /**
     * Tells whether the device has a feature, by a probe; asks once, and remembers.
     *
     * @param feature which
     */
    boolean supports(VfioFeature feature);

    /**
     * Gets a feature's data.
     *
     * @param feature its number; {@link VfioFeature} names them
     * @param size the most bytes to expect
     * @return the data, at most that much
     * @throws VfioException with ENOTTY if the device does not know the feature, EINVAL if it
     *     cannot be got (spec A2; others have other numbers)
     */
    byte[] getFeature(int feature, int size);

    /**
     * Sets or performs a feature that takes no descriptor.
     *
     * @param feature its number; {@link VfioFeature} names them
     * @param payload its data; empty for those without
     * @throws VfioException with ENOTTY if the device does not know the feature, EINVAL if it
     *     cannot be set or not so (spec A2; others have other numbers)
     */
    void setFeature(int feature, byte[] payload);

    /**
     * Makes a feature request just as given, right or wrong: for tests and for what has no method
     * of its own.
     *
     * @param flags the feature's number and {@code VFIO_DEVICE_FEATURE_GET}, {@code _SET}, {@code
     *     _PROBE}
     * @param payload the bytes after the flags
     * @param size the most bytes to expect after the flags of the answer
     * @return those bytes
     * @throws VfioException with the device's errno
     */
    byte[] feature(int flags, byte[] payload, int size);

    /**
     * Makes a feature request just as given, with a wrong size or missing bytes too: for tests.
     *
     * @param request what to ask
     * @throws VfioException with the device's errno; EFAULT for bytes that are not there
     */
    void feature(RawFeature request);

    /**
     * Allows the device to sleep. It falls asleep some time after, wakes for every request and
     * sleeps again, until {@link #exitLowPower}. From now until then mapped regions do not answer:
     * {@link BarAsleepException} (spec B3, B4).
     *
     * @throws AlreadyInLowPowerException if it is allowed already
     * @throws UnsupportedFeatureException if the device or its server knows no low power
     */
    void enterLowPower();

    /**
     * Allows the device to sleep once: its first wake signals the wakeup and ends low power (spec
     * B3). See {@link Wakeup} for how to use it.
     *
     * @param wakeup what to signal; stays the caller's, who may close it any time
     * @throws AlreadyInLowPowerException if it is allowed already, and the device does not sleep
     *     yet, or it was allowed without wakeup; an earlier wakeup stays armed. If the device
     *     slept, this call wakes it, which signals the earlier wakeup, and then succeeds.
     * @throws UnsupportedFeatureException if the device or its server knows no low power
     */
    void enterLowPower(Wakeup wakeup);

    /**
     * Ends low power; does nothing if there was none. A device that slept wakes first, which
     * signals its wakeup if it had one (spec B3).
     *
     * @throws UnsupportedFeatureException if the device or its server knows no low power
     */
    void exitLowPower();

    /**
     * Ends the claim on the device: never waits for it, signals no wakeup. A call that another
     * thread has under way to a socket throws {@link ConnectionLostException}; one to the kernel
     * ends as ever, and only then is the device closed. Closing again does nothing.
     *
     * @throws VfioException if the kernel refuses to unmap a window, with its errno: the device is
     *     closed nevertheless, but others of its group may still reach that memory, which therefore
     *     is never freed
     */
    @Override
    void close();
}
