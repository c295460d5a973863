/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who has a device open, as {@code /proc} shows it. */
class VfioUsersTest {
    private static final String NIC = "0000:01:00.0";

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

    @Test
    void shouldFindWhoHasTheGroup() throws IOException {
        sysfs.group(8, NIC);
        process(4711, "qemu", "/nowhere/null", "/dev/vfio/vfio", "/dev/vfio/8");
        process(4712, "other", "/dev/vfio/vfio", "/dev/vfio/80");
        assertThat(VfioUsers.of(sysfs.pci(NIC), proc)).containsExactly("qemu (process 4711)");
    }

    @Test
    void shouldFindWhoHasTheCharacterDevice() throws IOException {
        sysfs.directories("bus/pci/devices/" + NIC + "/vfio-dev/vfio3");
        process(4711, "qemu", "/dev/iommu", "/dev/vfio/devices/vfio3");
        process(4712, "other", "/dev/iommu", "/dev/vfio/devices/vfio30");
        assertThat(VfioUsers.of(sysfs.pci(NIC), proc)).containsExactly("qemu (process 4711)");
    }

    @Test
    void shouldFindNobody() throws IOException {
        process(4711, "qemu", "/dev/vfio/8");
        assertThat(VfioUsers.of(sysfs.pci(NIC), proc)).isEmpty();
        assertThat(VfioUsers.of(sysfs.pci(NIC))).isEmpty();
        sysfs.group(8, NIC);
        assertThat(VfioUsers.of(sysfs.pci(NIC), proc.resolve("nowhere"))).isEmpty();
    }
}
