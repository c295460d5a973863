/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIommuType1DmaMap;
import io.vfio4j.uapi.VfioIommuType1DmaUnmap;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Supplier;

/** A device by its group and a container. */
final class GroupAccess implements KernelAccess {
    private record Key(KernelFiles files, int group) {}

    private static final Shared<Key, VfioGroup> GROUPS = new Shared<>();

    private final Key key;
    private final Shared<Key, VfioGroup>.Lease lease;

    private GroupAccess(Key key, Shared<Key, VfioGroup>.Lease lease) {
        this.key = key;
        this.lease = lease;
    }

    static GroupAccess open(KernelFiles files, SysfsPci device, int group) {
        return of(files, group, () -> VfioGroup.open(files, device, group));
    }

    static GroupAccess of(KernelFiles files, int group, Supplier<VfioGroup> opener) {
        Key key = new Key(files, group);
        return new GroupAccess(key, GROUPS.take(key, opener));
    }

    /** Whether this process has that group open, by this way. */
    static boolean isOpen(KernelFiles files, int group) {
        return GROUPS.isOpen(new Key(files, group));
    }

    /** Opens the device itself, which wakes it. */
    Fd openDevice(SysfsPci device, Optional<UUID> token) {
        byte[] name = name(device, token).getBytes(StandardCharsets.US_ASCII);
        try (var block = ArgumentBlocks.PLAIN.take(name.length + 1)) {
            Memory memory = block.memory;
            memory.put(0, name, 0, name.length);
            memory.putByte(name.length, (byte) 0);
            return Fd.own(Ioctl.call(lease.value().fd(), Vfio.VFIO_GROUP_GET_DEVICE_FD, memory, 0));
        } catch (LinuxException refused) {
            throw Preconditions.openRefused(device, token.isPresent(), refused.errno());
        }
    }

    /** How a device is called there. */
    static String name(SysfsPci device, Optional<UUID> token) {
        return device.address() + token.map(uuid -> " vf_token=" + uuid).orElse("");
    }

    @Override
    public void map(long address, long iova, long size, DmaDirection direction) {
        int argsz = VfioIommuType1DmaMap.LAYOUT.size();
        try (var block = ArgumentBlocks.PLAIN.take(argsz)) {
            Memory memory = block.memory;
            new VfioIommuType1DmaMap(argsz, direction.flags(), address, iova, size)
                    .write(memory, 0);
            int _ = Ioctl.call(lease.value().container(), Vfio.VFIO_IOMMU_MAP_DMA, memory, 0);
        }
    }

    @Override
    public void unmap(long iova, long size) {
        int argsz = VfioIommuType1DmaUnmap.LAYOUT.size();
        try (var block = ArgumentBlocks.PLAIN.take(argsz)) {
            Memory memory = block.memory;
            new VfioIommuType1DmaUnmap(argsz, 0, iova, size).write(memory, 0);
            int _ = Ioctl.call(lease.value().container(), Vfio.VFIO_IOMMU_UNMAP_DMA, memory, 0);
            if (VfioIommuType1DmaUnmap.read(memory, 0).size() != size) {
                throw new LinuxException(Errno.ENOENT, "VFIO_IOMMU_UNMAP_DMA", "");
            }
        }
    }

    @Override
    public Optional<Fd> group() {
        return Optional.of(lease.value().fd());
    }

    @Override
    public OptionalInt groupNumber() {
        return OptionalInt.of(key.group());
    }

    @Override
    public String dmaDomain() {
        return "iommu group " + key.group();
    }

    @Override
    public boolean hasOpen(int otherGroup) {
        return isOpen(key.files(), otherGroup);
    }

    @Override
    public void close() {
        lease.close();
    }
}
