/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Who has a device open, as {@code /proc} shows it. */
class VfioUsersTest {
    private static final String NIC = "0000:01:00.0";

    private static final String DEVICE = "anon_inode:[vfio-device]";

    private final Set<Path> inUse = new HashSet<>();

    @TempDir Path proc;

    private FakeSysfs sysfs;

    @BeforeEach
    void plug(@TempDir Path root) throws IOException {
        sysfs = new FakeSysfs(root);
        sysfs.add(NIC, 0x8086, 0x10d3, 0x020000);
        process(1, "init", "/nowhere/console");
        Files.createDirectories(proc.resolve("sys/fd"));
    }

    private void process(int pid, String name, String... open) throws IOException {
        Path fds = Files.createDirectories(proc.resolve(pid + "/fd"));
        Files.writeString(proc.resolve(pid + "/comm"), name + "\n");
        for (int i = 0; i < open.length; i++) {
            Files.createSymbolicLink(fds.resolve(Integer.toString(i)), Path.of(open[i]));
        }
    }

    private List<String> users() {
        return VfioUsers.of(sysfs.pci(NIC), proc, inUse::contains);
    }

    private void named(int pid, int fd, String device) throws IOException {
        Path info = Files.createDirectories(proc.resolve(pid + "/fdinfo"));
        Files.writeString(
                info.resolve(Integer.toString(fd)),
                "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/" + device + "\n");
    }

    private void maps(int pid, String file) throws IOException {
        Files.writeString(
                proc.resolve(pid + "/maps"),
                """
                7f0000000000-7f0000001000 rw-s 00000000 00:0f 1063                       %s
                7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0                          [stack]
                """
                        .formatted(file));
    }

    @Test
    void shouldFindWhoHasTheGroup() throws IOException {
        sysfs.group(8, NIC);
        process(4711, "qemu", "/nowhere/null", "/dev/vfio/vfio", "/dev/vfio/8");
        process(4712, "other", "/dev/vfio/vfio", "/dev/vfio/80");
        assertThat(users()).containsExactly("qemu (process 4711)");
    }

    @Test
    void shouldFindWhoHasTheCharacterDevice() throws IOException {
        sysfs.directories("bus/pci/devices/" + NIC + "/vfio-dev/vfio3");
        process(4711, "qemu", "/dev/iommu", "/dev/vfio/devices/vfio3");
        process(4712, "other", "/dev/iommu", "/dev/vfio/devices/vfio30");
        assertThat(users()).containsExactly("qemu (process 4711)");
    }

    @Test
    void shouldFindNobody() throws IOException {
        process(4711, "qemu", "/dev/vfio/8");
        assertThat(users()).isEmpty();
        assertThat(VfioUsers.of(sysfs.pci(NIC))).isEmpty();
        sysfs.group(8, NIC);
        assertThat(VfioUsers.of(sysfs.pci(NIC), proc.resolve("nowhere"), _ -> true)).isEmpty();
    }

    // A program that has closed the group's file, and kept the device

    @Test
    void shouldFindWhoKeptTheDeviceWhereTheKernelNamesIt() throws IOException {
        sysfs.group(8, NIC);
        process(4711, "qemu", "/nowhere/null", DEVICE);
        named(4711, 1, NIC);
        process(4712, "other", DEVICE);
        named(4712, 0, "0000:02:00.0");
        assertThat(users()).containsExactly("qemu (process 4711)");
    }

    @Test
    void shouldSuspectWhoHasADeviceWhereTheKernelNamesNone() throws IOException {
        sysfs.group(8, NIC);
        process(4711, "qemu", "/dev/vfio/vfio", DEVICE);
        process(4712, "mapper");
        maps(4712, DEVICE);
        process(4713, "other", "/dev/vfio/9", DEVICE);
        process(4714, "named", DEVICE);
        named(4714, 0, "0000:02:00.0");
        maps(4714, DEVICE);
        assertThat(users()).as("while nobody uses the group").isEmpty();
        inUse.add(Path.of("/dev/vfio/8"));
        assertThat(users())
                .containsExactly("perhaps mapper (process 4712)", "perhaps qemu (process 4711)");
    }

    @Test
    void shouldSuspectNobodyIfSomebodyIsKnown() throws IOException {
        sysfs.group(8, NIC);
        inUse.add(Path.of("/dev/vfio/8"));
        process(4711, "qemu", DEVICE);
        process(4712, "owner", "/dev/vfio/8", DEVICE);
        assertThat(users()).containsExactly("owner (process 4712)");
    }

    @Test
    void shouldFindWhoMapsTheCharacterDevice() throws IOException {
        sysfs.directories("bus/pci/devices/" + NIC + "/vfio-dev/vfio3");
        process(4711, "qemu");
        maps(4711, "/dev/vfio/devices/vfio3");
        process(4712, "other");
        maps(4712, "/dev/vfio/devices/vfio30");
        assertThat(users()).containsExactly("qemu (process 4711)");
    }
}
