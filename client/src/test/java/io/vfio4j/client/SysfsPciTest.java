/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/** What sysfs says of a PCI function, and what it does not say. */
class SysfsPciTest {
    private static final String NIC = "0000:01:00.0";
    private static final String SIBLING = "0000:01:00.1";

    private FakeSysfs sysfs;

    @BeforeEach
    void plug(@TempDir Path root) {
        sysfs = new FakeSysfs(root);
        sysfs.add(NIC, 0x8086, 0x10d3, 0x020000);
    }

    @Test
    void shouldTellWhatAFunctionIs() {
        SysfsPci nic = sysfs.pci(NIC);
        assertThat(nic.exists()).isTrue();
        assertThat(nic).hasToString(NIC);
        assertThat(nic.vendor()).isEqualTo(0x8086);
        assertThat(nic.device()).isEqualTo(0x10d3);
        assertThat(nic.classCode()).isEqualTo(0x020000);
        assertThat(nic.powerState()).contains("D0");
    }

    @Test
    void shouldTellNothingOfWhatAFunctionLacks() {
        SysfsPci nic = sysfs.pci(NIC);
        assertThat(nic.driver()).isEmpty();
        assertThat(nic.driverOverride()).isEmpty();
        assertThat(nic.iommuGroup()).isEmpty();
        assertThat(nic.withoutIommu()).isFalse();
        assertThat(nic.groupMembers()).isEmpty();
        assertThat(nic.vfioDevice()).isEmpty();
        assertThat(nic.physicalFunction()).isEmpty();
        assertThat(nic.virtualFunctions()).isZero();
        FakeSysfs.delete(sysfs.device(NIC).resolve("power_state"));
        assertThat(nic.powerState()).isEmpty();
    }

    @Test
    void shouldTellTheDriver() {
        sysfs.bind(NIC, "vfio-pci");
        sysfs.set(NIC, "driver_override", "vfio-pci");
        sysfs.directories("bus/pci/devices/" + NIC + "/vfio-dev/vfio3");
        assertThat(sysfs.pci(NIC).driver()).contains("vfio-pci");
        assertThat(sysfs.pci(NIC).driverOverride()).contains("vfio-pci");
        assertThat(sysfs.pci(NIC).vfioDevice()).contains("vfio3");
    }

    @Test
    void shouldTellWhoSharesItsGroup() {
        sysfs.add(SIBLING, 0x8086, 0x10d3, 0x020000);
        sysfs.bind(SIBLING, "e1000e");
        sysfs.group(8, SIBLING, NIC);
        assertThat(sysfs.pci(NIC).iommuGroup()).hasValue(8);
        assertThat(sysfs.pci(NIC).groupMembers())
                .extracting(SysfsPci::toString)
                .containsExactly(NIC, SIBLING);
        assertThat(sysfs.pci(NIC).groupMembers())
                .extracting(SysfsPci::driver)
                .containsExactly(java.util.Optional.empty(), java.util.Optional.of("e1000e"));
    }

    @Test
    void shouldTellWhatKeepsAGroupFromBeingOpened() {
        SysfsPci nic = sysfs.pci(NIC);
        assertThat(nic.usedByHost()).isFalse();
        for (String harmless : new String[] {"vfio-pci", "pci-stub", "pcieport"}) {
            sysfs.bind(NIC, harmless);
            assertThat(nic.usedByHost()).as(harmless).isFalse();
        }
        sysfs.bind(NIC, "mlx5_core");
        assertThat(nic.usedByHost()).isTrue();
        sysfs.directories("bus/pci/devices/" + NIC + "/vfio-dev/vfio0");
        assertThat(nic.usedByHost()).isFalse();
    }

    @Test
    void shouldKnowAGroupThatIsNone() {
        sysfs.group(0, NIC);
        assertThat(sysfs.pci(NIC).withoutIommu()).isFalse();
        sysfs.set(NIC, "iommu_group/name", "vfio-noiommu");
        assertThat(sysfs.pci(NIC).withoutIommu()).isTrue();
    }

    @Test
    void shouldTellOfVirtualFunctions() {
        sysfs.add(SIBLING, 0x8086, 0x10ed, 0x020000);
        sysfs.link(sysfs.device(SIBLING).resolve("physfn"), sysfs.device(NIC));
        sysfs.set(NIC, "sriov_numvfs", "1");
        assertThat(sysfs.pci(SIBLING).physicalFunction()).isEqualTo(PciAddress.of(NIC));
        assertThat(sysfs.pci(NIC).virtualFunctions()).isEqualTo(1);
    }

    @Test
    void shouldSayThatThereIsNoSuchFunction() {
        SysfsPci absent = sysfs.pci("0000:7f:00.0");
        assertThat(absent.exists()).isFalse();
        assertThatThrownBy(absent::driver)
                .isInstanceOfSatisfying(
                        DeviceNotFoundException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV))
                .hasMessageStartingWith("0000:7f:00.0: there is no such PCI device");
        assertThatThrownBy(absent::vendor).isInstanceOf(DeviceNotFoundException.class);
        assertThatThrownBy(absent::groupMembers).isInstanceOf(DeviceNotFoundException.class);
    }

    @Test
    void shouldSayThatAFunctionWasRemoved() {
        SysfsPci nic = sysfs.pci(NIC);
        assertThat(nic.vendor()).isEqualTo(0x8086);
        sysfs.remove(NIC);
        assertThatThrownBy(nic::vendor).isInstanceOf(DeviceNotFoundException.class);
    }

    @Test
    void shouldRefuseWhatIsNoNumber() {
        sysfs.set(NIC, "vendor", "Intel");
        assertThatThrownBy(() -> sysfs.pci(NIC).vendor())
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPROTO))
                .hasMessage("vendor of 0000:01:00.0 says \"Intel\"");
    }
}
