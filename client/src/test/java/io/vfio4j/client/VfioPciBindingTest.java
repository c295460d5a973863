/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Optional;

/** To vfio-pci and back, on a kernel that is a folder. */
class VfioPciBindingTest {
    private static final String NIC = "0000:01:00.0";
    private static final String KEEP = "devices/" + NIC + "/driver_override vfio-pci";
    private static final String LET = "devices/" + NIC + "/driver_override";
    private static final String TAKE = "drivers/e1000e/unbind " + NIC;
    private static final String BIND = "drivers/vfio-pci/bind " + NIC;
    private static final String UNBIND = "drivers/vfio-pci/unbind " + NIC;
    private static final String RESTORE = "drivers/e1000e/bind " + NIC;

    private FakeSysfs sysfs;
    private FakePciKernel kernel;

    @BeforeEach
    void plug(@TempDir Path root) {
        sysfs = new FakeSysfs(root);
        kernel = new FakePciKernel(sysfs);
        sysfs.add(NIC, 0x8086, 0x10d3, 0x020000);
        sysfs.group(8, NIC);
        sysfs.load("vfio-pci");
        sysfs.bind(NIC, "e1000e");
        kernel.usual.put(NIC, "e1000e");
    }

    private SysfsPci nic() {
        return sysfs.pci(NIC);
    }

    private VfioPciBinding bind() {
        return VfioPciBinding.bind(nic(), kernel);
    }

    private Optional<String> release() {
        return VfioPciBinding.release(nic(), kernel);
    }

    private void assertUntouched() {
        assertThat(nic().driver()).contains("e1000e");
        assertThat(nic().driverOverride()).isEmpty();
    }

    private static void assertRefused(ThrowingCallable call, Errno errno, String sentence) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageContaining(sentence);
    }

    @Test
    void shouldTakeTheDeviceAndGiveItBack() {
        try (VfioPciBinding binding = bind()) {
            assertThat(nic().driver()).contains("vfio-pci");
            assertThat(nic().driverOverride()).contains("vfio-pci");
            assertThat(binding.address()).isEqualTo(nic().address());
            assertThat(binding.previousDriver()).contains("e1000e");
            assertThat(binding).hasToString("0000:01:00.0 with vfio-pci");
        }
        assertUntouched();
        assertThat(kernel.writes).containsExactly(KEEP, TAKE, BIND, UNBIND, LET, RESTORE);
    }

    @Test
    void shouldGiveBackOnce() {
        VfioPciBinding binding = bind();
        binding.close();
        VfioPciBinding again = bind();
        binding.close();
        assertThat(nic().driver()).contains("vfio-pci");
        again.close();
        assertUntouched();
    }

    @Test
    void shouldLeaveADeviceWithoutDriverAsItWas() {
        FakeSysfs.delete(sysfs.device(NIC).resolve("driver"));
        sysfs.set(NIC, "driver_override", "pci-stub");
        try (VfioPciBinding binding = bind()) {
            assertThat(nic().driver()).contains("vfio-pci");
            assertThat(binding.previousDriver()).isEmpty();
        }
        assertThat(nic().driver()).isEmpty();
        assertThat(nic().driverOverride()).contains("pci-stub");
    }

    @Test
    void shouldLeaveWhatVfioHadBeforeWithVfio() {
        sysfs.bind(NIC, "vfio-pci");
        bind().close();
        assertThat(nic().driver()).contains("vfio-pci");
        sysfs.bind(NIC, "mlx5_vfio_pci");
        sysfs.directories("bus/pci/devices/" + NIC + "/vfio-dev/vfio0");
        bind().close();
        assertThat(nic().driver()).contains("mlx5_vfio_pci");
        assertThat(kernel.writes).isEmpty();
    }

    @Test
    void shouldRefuseADeviceThatIsNotThere() {
        sysfs.remove(NIC);
        assertRefused(this::bind, Errno.ENODEV, "there is no such PCI device");
        assertRefused(this::release, Errno.ENODEV, "there is no such PCI device");
    }

    @Test
    void shouldSayThatTheModuleIsNotLoaded() {
        FakeSysfs.delete(sysfs.driver("vfio-pci"));
        assertRefused(this::bind, Errno.ENOENT, "modprobe vfio-pci");
        assertUntouched();
    }

    @Test
    void shouldSayThatRootIsNeeded() {
        kernel.refusals.put(KEEP, Errno.EACCES);
        assertRefused(this::bind, Errno.EACCES, "permission denied: this needs root");
        assertUntouched();
        assertThat(kernel.writes).containsExactly(KEEP);
    }

    @Test
    void shouldGiveTheDeviceBackIfItsDriverDoesNotLetGo() {
        kernel.refusals.put(TAKE, Errno.EBUSY);
        assertRefused(this::bind, Errno.EBUSY, "taking 0000:01:00.0 from e1000e: EBUSY");
        assertUntouched();
        assertThat(kernel.writes).doesNotContain(RESTORE);
    }

    @Test
    void shouldGiveTheDeviceBackIfVfioPciDoesNotWantIt() {
        kernel.refusals.put(BIND, Errno.EBUSY);
        assertRefused(this::bind, Errno.EBUSY, "binding 0000:01:00.0 to vfio-pci: EBUSY");
        assertUntouched();
    }

    @Test
    void shouldSayThatThereIsNoIommu() {
        FakeSysfs.delete(sysfs.device(NIC).resolve("iommu_group"));
        kernel.refusals.put(BIND, Errno.EINVAL);
        assertRefused(this::bind, Errno.EINVAL, "no IOMMU stands between it and memory");
        assertUntouched();
    }

    @Test
    void shouldLeaveBridgesAlone() {
        sysfs.set(NIC, "class", "0x060400");
        assertRefused(this::bind, Errno.EINVAL, "it is a bridge, and vfio-pci takes none");
        assertThat(kernel.writes).isEmpty();
    }

    @Test
    void shouldTellOfBothFailuresIfTheDeviceCannotBeGivenBack() {
        kernel.refusals.put(BIND, Errno.EBUSY);
        kernel.refusals.put(RESTORE, Errno.EIO);
        assertThatThrownBy(this::bind)
                .hasMessageContaining("EBUSY")
                .satisfies(e ->
                        assertThat(e.getSuppressed()[0])
                                .hasMessageContaining("binding 0000:01:00.0 to e1000e: EIO"));
        assertThat(nic().driverOverride()).isEmpty();
    }

    @Test
    void shouldBindTheOldDriverEvenIfTheOverrideStays() {
        kernel.refusals.put(TAKE, Errno.EBUSY);
        kernel.refusals.put(LET, Errno.ENOMEM);
        kernel.before.put(
                TAKE,
                () -> {
                    FakeSysfs.delete(sysfs.device(NIC).resolve("driver"));
                    sysfs.set(NIC, "driver_override", "e1000e");
                });
        assertThatThrownBy(this::bind)
                .hasMessageContaining("EBUSY")
                .satisfies(e ->
                        assertThat(e.getSuppressed()[0])
                                .hasMessageContaining("letting any driver have")
                                .hasMessageContaining("ENOMEM"));
        assertThat(kernel.writes).containsExactly(KEEP, TAKE, LET, RESTORE);
        assertThat(nic().driver()).contains("e1000e");
    }

    @Test
    void shouldTellOfBothFailuresOfGivingBack() {
        VfioPciBinding binding = bind();
        kernel.refusals.put(LET, Errno.ENOMEM);
        kernel.refusals.put(RESTORE, Errno.EIO);
        assertThatThrownBy(binding::close)
                .hasMessageContaining("ENOMEM")
                .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessageContaining("EIO"));
        kernel.refusals.clear();
        binding.close();
        assertUntouched();
    }

    @Test
    void shouldNotWaitForAProgramThatHasTheDeviceOpen() {
        VfioPciBinding binding = bind();
        kernel.users.add("qemu-system-x86 (process 4711)");
        assertThatThrownBy(binding::close)
                .isInstanceOf(DeviceBusyException.class)
                .hasMessageContaining("qemu-system-x86 (process 4711) has it open");
        assertThatThrownBy(this::release).isInstanceOf(DeviceBusyException.class);
        assertThat(nic().driver()).contains("vfio-pci");
        assertThat(nic().driverOverride()).contains("vfio-pci");

        kernel.users.clear();
        binding.close();
        assertUntouched();
    }

    @Test
    void shouldHaveNothingToGiveBackOfADeviceThatWasRemoved() {
        VfioPciBinding binding = bind();
        sysfs.remove(NIC);
        binding.close();
        assertThat(kernel.writes).containsExactly(KEEP, TAKE, BIND);
    }

    @Test
    void shouldSayThatTheDeviceWasRemovedMeanwhile() {
        kernel.before.put(BIND, () -> sysfs.remove(NIC));
        assertThatThrownBy(this::bind)
                .isInstanceOf(DeviceNotFoundException.class)
                .hasMessage("binding 0000:01:00.0 to vfio-pci: ENODEV (the device was removed)");
        assertThat(kernel.writes).containsExactly(KEEP, TAKE, BIND);
    }

    @Test
    void shouldGiveTheDeviceToNoneIfItsOldDriverIsNotLoadedAnyMore() {
        VfioPciBinding binding = bind();
        FakeSysfs.delete(sysfs.driver("e1000e"));
        binding.close();
        assertThat(nic().driver()).isEmpty();
        assertThat(nic().driverOverride()).isEmpty();
    }

    @Test
    void shouldReleaseWhatAnotherProcessHasBound() {
        VfioPciBinding _ = bind();
        assertThat(release()).contains("e1000e");
        assertUntouched();
    }

    @Test
    void shouldReleaseToNoneIfNoDriverTakesTheDevice() {
        VfioPciBinding _ = bind();
        kernel.usual.clear();
        assertThat(release()).isEmpty();
        assertThat(nic().driverOverride()).isEmpty();
    }

    @Test
    void shouldReleaseADeviceThatWaitsForVfioPci() {
        FakeSysfs.delete(sysfs.device(NIC).resolve("driver"));
        sysfs.set(NIC, "driver_override", "vfio-pci");
        assertThat(release()).contains("e1000e");
        assertUntouched();
    }

    @Test
    void shouldReleaseFromADriverOfVfiosForOneMakeOfDevice() {
        sysfs.bind(NIC, "mlx5_vfio_pci");
        sysfs.set(NIC, "driver_override", "mlx5_vfio_pci");
        assertThat(release()).contains("e1000e");
        assertUntouched();
        assertThat(kernel.writes)
                .containsExactly(
                        "drivers/mlx5_vfio_pci/unbind " + NIC, LET, "drivers_probe " + NIC);
    }

    @Test
    void shouldReleaseNothingThatVfioDoesNotHave() {
        assertThat(release()).contains("e1000e");
        assertThat(kernel.writes).isEmpty();
    }
}
