/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceAttachIommufdPt;
import io.vfio4j.uapi.VfioDeviceBindIommufd;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Supplier;

/** A device by its character device, and iommufd. */
final class CdevAccess implements KernelAccess {
    private record Key(KernelFiles files, int group) {}

    /** Older kernels end here, and know no token. */
    private static final int BIND_WITHOUT_TOKEN =
            VfioDeviceBindIommufd.LAYOUT.offset("token_uuid_ptr");

    private static final int ATTACH_WITHOUT_PASID =
            VfioDeviceAttachIommufdPt.LAYOUT.offset("pasid");

    private static final Shared<KernelFiles, IommuContext> CONTEXTS = new Shared<>();
    private static final Shared<Key, IommuSpace> SPACES = new Shared<>();

    private final int group;
    private final Shared<Key, IommuSpace>.Lease lease;

    private CdevAccess(int group, Shared<Key, IommuSpace>.Lease lease) {
        this.group = group;
        this.lease = lease;
    }

    static CdevAccess open(KernelFiles files, SysfsPci device, int group) {
        return of(
                files,
                group,
                () -> {
                    Shared<KernelFiles, IommuContext>.Lease context =
                            CONTEXTS.take(files, () -> IommuContext.open(files, device));
                    return IommuSpace.allocate(context.value().fd(), device, context);
                });
    }

    static CdevAccess of(KernelFiles files, int group, Supplier<IommuSpace> opener) {
        return new CdevAccess(group, SPACES.take(new Key(files, group), opener));
    }

    /** Whether this process has devices of that group open, by this way. */
    static boolean isOpen(KernelFiles files, int group) {
        return SPACES.isOpen(new Key(files, group));
    }

    /** Opens the device itself, which wakes it, and attaches it to the address space. */
    Fd openDevice(KernelFiles files, SysfsPci device, Optional<UUID> token) {
        String name = device.vfioDevice().orElseThrow(() -> Preconditions.noCdev(device));
        Fd fd =
                KernelFiles.open(
                        files.device(name),
                        device,
                        "the kernel was built without VFIO_DEVICE_CDEV; open the device by its group");
        try {
            bind(fd, device, token);
            attach(fd, device);
            return fd;
        } catch (RuntimeException refused) {
            fd.close();
            throw refused;
        }
    }

    private void bind(Fd fd, SysfsPci device, Optional<UUID> token) {
        int size = VfioDeviceBindIommufd.LAYOUT.size();
        Fd iommufd = lease.value().iommufd();
        try (Memory memory = Memory.allocate(size + 2L * Long.BYTES)) {
            byte[] uuid = token.map(VfToken::bytes).orElseGet(() -> new byte[0]);
            memory.put(size, uuid, 0, uuid.length);
            new VfioDeviceBindIommufd(
                            token.isPresent() ? size : BIND_WITHOUT_TOKEN,
                            token.isPresent() ? Vfio.VFIO_DEVICE_BIND_FLAG_TOKEN : 0,
                            iommufd.number(),
                            0,
                            token.isPresent() ? memory.address() + size : 0)
                    .write(memory, 0);
            int _ = Ioctl.call(fd, Vfio.VFIO_DEVICE_BIND_IOMMUFD, memory, 0, List.of(iommufd));
        } catch (LinuxException refused) {
            throw bindRefused(device, token.isPresent(), refused.errno());
        }
    }

    /** The sentence for a device that cannot be bound to the iommufd. */
    static VfioException bindRefused(SysfsPci device, boolean token, Errno errno) {
        if (errno.equals(Errno.EBUSY) || errno.equals(Errno.EPERM)) {
            return Preconditions.claimRefused(device, errno);
        }
        if (errno.equals(Errno.EINVAL) && token) {
            return new VfioException(
                    errno,
                    ("%s: this kernel takes no vf_token with a character device, or the device takes none, or"
                                    + " it is open already; open it by its group to know")
                            .formatted(device));
        }
        if (errno.equals(Errno.EINVAL)) {
            return Preconditions.busy(device, "its character device, which opens once only,");
        }
        return Preconditions.openRefused(device, token, errno);
    }

    private void attach(Fd fd, SysfsPci device) {
        try (Memory memory = Memory.allocate(VfioDeviceAttachIommufdPt.LAYOUT.size())) {
            new VfioDeviceAttachIommufdPt(ATTACH_WITHOUT_PASID, 0, lease.value().id(), 0)
                    .write(memory, 0);
            int _ = Ioctl.call(fd, Vfio.VFIO_DEVICE_ATTACH_IOMMUFD_PT, memory, 0);
        } catch (LinuxException refused) {
            String advice =
                    refused.errno().equals(Errno.EPERM)
                            ? ": the IOMMU does not remap interrupts: turn that on (intremap)"
                            : "";
            throw Answers.failed(
                    refused.errno(),
                    "%s: attaching it to an address space".formatted(device),
                    advice);
        }
    }

    @Override
    public void map(long address, long iova, long size, DmaDirection direction) {
        lease.value().map(address, iova, size, direction);
    }

    @Override
    public void unmap(long iova, long size) {
        lease.value().unmap(iova, size);
    }

    @Override
    public Optional<Fd> group() {
        return Optional.empty();
    }

    @Override
    public OptionalInt groupNumber() {
        return OptionalInt.empty();
    }

    @Override
    public String dmaDomain() {
        return "iommu group " + group;
    }

    @Override
    public boolean hasOpen(int otherGroup) {
        return false;
    }

    @Override
    public void close() {
        lease.close();
    }
}
