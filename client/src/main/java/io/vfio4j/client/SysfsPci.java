/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What this machine says of a PCI function. Each method looks anew, at attributes whose reading
 * wakes nobody, from whatever D-state (spec C), and needs no privilege.
 *
 * <p>Threads: any; there is nothing to close.
 *
 * <p>Failures, of all methods but {@link #exists}: {@link DeviceNotFoundException} if there is no
 * such function, or not any more.
 */
public final class SysfsPci {
    private static final Path SYSFS = Path.of("/sys");

    private static final Set<String> HARMLESS = Set.of("pci-stub", "pcieport", "shpchp");

    private final Path sysfs;
    private final PciAddress address;

    private SysfsPci(Path sysfs, PciAddress address) {
        this.sysfs = sysfs;
        this.address = address;
    }

    /**
     * The function at an address, whether or not there is one.
     *
     * @param address where it sits
     * @return what can be asked about it
     */
    public static SysfsPci of(PciAddress address) {
        return of(SYSFS, address);
    }

    /** The function at an address, where sysfs is mounted elsewhere. */
    static SysfsPci of(Path sysfs, PciAddress address) {
        return new SysfsPci(sysfs, address);
    }

    /** Where it sits. */
    public PciAddress address() {
        return address;
    }

    /** Where sysfs is mounted. */
    Path sysfs() {
        return sysfs;
    }

    /** The function's directory, with its attributes. */
    Path directory() {
        return sysfs.resolve("bus/pci/devices").resolve(address.toString());
    }

    /** Whether there is such a function. */
    public boolean exists() {
        return Files.isDirectory(directory());
    }

    /** Its vendor, 0 to 0xffff. */
    public int vendor() {
        return number("vendor");
    }

    /** Its kind, as the vendor numbers them, 0 to 0xffff. */
    public int device() {
        return number("device");
    }

    /** Its class, 0 to 0xffffff: base class, subclass and programming interface. */
    public int classCode() {
        return number("class");
    }

    /** The name of the driver it is bound to, such as {@code vfio-pci}; empty if to none. */
    public Optional<String> driver() {
        return link("driver");
    }

    /**
     * The only driver it may be bound to, if somebody has said so. Waits while somebody is taking
     * the device from its driver, who may be waiting for a program that has it open.
     */
    public Optional<String> driverOverride() {
        return optional("driver_override").filter(name -> !name.equals("(null)"));
    }

    /** The number of its IOMMU group; empty if no IOMMU stands between it and memory. */
    public OptionalInt iommuGroup() {
        Optional<String> name = link("iommu_group");
        try {
            return name.map(text -> OptionalInt.of(Integer.parseInt(text)))
                    .orElse(OptionalInt.empty());
        } catch (NumberFormatException e) {
            throw nonsense("iommu_group", name.orElse(""), e);
        }
    }

    /**
     * Whether its IOMMU group is a pretence, of a vfio that was told to do without an IOMMU: then
     * it is at {@code /dev/vfio/noiommu-NUMBER}.
     */
    public boolean withoutIommu() {
        return optional("iommu_group/name").filter("vfio-noiommu"::equals).isPresent();
    }

    /**
     * All functions of its IOMMU group, itself among them, in the order of their addresses; empty
     * without a group. A program that has one of them opened could reach all of them, so each must
     * be bound to vfio-pci, to another driver that does no DMA, or to none.
     */
    public List<SysfsPci> groupMembers() {
        List<SysfsPci> members = new ArrayList<>();
        for (String name : names("iommu_group/devices")) {
            PciAddress.of(name).map(member -> of(sysfs, member)).ifPresent(members::add);
        }
        members.sort((a, b) -> a.address.compareTo(b.address));
        return members;
    }

    /**
     * Whether the machine itself uses it, by a driver, so that no device of its IOMMU group can be
     * opened: any driver but those of vfio, of bridges, and pci-stub, which does nothing.
     */
    public boolean usedByHost() {
        return driver().filter(name -> !HARMLESS.contains(name)).isPresent() && !byVfio();
    }

    /** Whether vfio has it, by vfio-pci or a variant of it for this kind of device. */
    boolean byVfio() {
        return driver().filter(SysfsPci::isOfVfio).isPresent() || vfioDevice().isPresent();
    }

    /**
     * Whether a driver of that name is vfio-pci, or a variant of it such as {@code mlx5_vfio_pci}:
     * by the name, which is all there is before Linux 6.1, and where the driver has no device.
     */
    static boolean isOfVfio(String driver) {
        return driver.contains("vfio");
    }

    /**
     * The name of the device that vfio has made of it, such as {@code vfio0}; empty if it is not
     * bound to vfio-pci, and before Linux 6.1. Whether there is a character device of that name in
     * {@code /dev/vfio/devices} depends on how the kernel was built.
     */
    public Optional<String> vfioDevice() {
        return names("vfio-dev").stream().findFirst();
    }

    /** For a virtual function of SR-IOV, the physical one that it belongs to. */
    public Optional<PciAddress> physicalFunction() {
        return link("physfn").flatMap(PciAddress::of);
    }

    /**
     * How many virtual functions it has now: 0 also for one that can have none. May wait as {@link
     * #driverOverride}.
     */
    public int virtualFunctions() {
        return optional("sriov_numvfs").map(text -> parse("sriov_numvfs", text)).orElse(0);
    }

    /**
     * Its D-state as the kernel remembers it: {@code D0} to {@code D3cold}, {@code unknown}; empty
     * before Linux 5.11, which does not tell.
     */
    public Optional<String> powerState() {
        return optional("power_state");
    }

    /**
     * Refuses a function that is not there.
     *
     * @throws DeviceNotFoundException if it is not
     */
    void require() {
        if (!exists()) {
            throw notFound();
        }
    }

    private DeviceNotFoundException notFound() {
        return new DeviceNotFoundException(
                Errno.ENODEV,
                "%s: there is no such PCI device; %s lists those there are"
                        .formatted(address, sysfs.resolve("bus/pci/devices")));
    }

    private int number(String attribute) {
        return parse(attribute, optional(attribute).orElseThrow(() -> missing(attribute)));
    }

    private int parse(String attribute, String text) {
        try {
            return Integer.decode(text);
        } catch (NumberFormatException e) {
            throw nonsense(attribute, text, e);
        }
    }

    private VfioException missing(String attribute) {
        return new VfioException(
                Errno.ENOENT, "%s: sysfs has no %s of it".formatted(address, attribute));
    }

    private VfioException nonsense(String attribute, String text, Throwable cause) {
        return new VfioException(
                Errno.EPROTO, "%s of %s says \"%s\"".formatted(attribute, address, text), cause);
    }

    private Optional<String> optional(String attribute) {
        try {
            return Optional.of(SysfsFile.read(directory().resolve(attribute)));
        } catch (LinuxException failed) {
            require();
            if (failed.errno().equals(Errno.ENOENT)) {
                return Optional.empty();
            }
            throw new VfioException(
                    failed.errno(),
                    "reading %s of %s: %s".formatted(attribute, address, failed.getMessage()),
                    failed);
        }
    }

    /** The last name of where a link points. */
    private Optional<String> link(String name) {
        Path link = directory().resolve(name);
        try {
            return Optional.ofNullable(Files.readSymbolicLink(link).getFileName())
                    .map(Path::toString);
        } catch (IOException absent) {
            require();
            return Optional.empty();
        }
    }

    private List<String> names(String folder) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries =
                Files.newDirectoryStream(directory().resolve(folder))) {
            entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
        } catch (IOException absent) {
            require();
        }
        names.sort(null);
        return names;
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
