/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The host side of a real device: the files of its directory in sysfs (spec B9). */
@Timeout(20)
class SysfsHostSideTest {
    private static final String NIC = "0000:01:00.0";

    private FakeSysfs sysfs;
    private HostSide host;
    private int descriptors;

    @BeforeEach
    void plug(@TempDir Path root) {
        descriptors = Fd.openCount();
        sysfs = new FakeSysfs(root);
        sysfs.add(NIC, 0x8086, 0x10d3, 0x020000);
        sysfs.set(NIC, "power/control", "auto");
        sysfs.set(NIC, "power/runtime_status", "active");
        sysfs.set(NIC, "power/runtime_usage", "1");
        sysfs.set(NIC, "power/runtime_active_time", "1000");
        sysfs.set(NIC, "power/runtime_suspended_time", "250");
        sysfs.set(NIC, "d3cold_allowed", "1");
        host = SysfsHostSide.of(sysfs.pci(NIC), Duration.ofMillis(2));
    }

    @AfterEach
    void shouldLeakNothing() {
        host.close();
        assertThat(Fd.openCount()).isLessThanOrEqualTo(descriptors);
    }

    private String file(String attribute) throws IOException {
        return Files.readString(sysfs.device(NIC).resolve(attribute));
    }

    private static void assertRefused(ThrowingCallable call, Errno errno, String sentence) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageContaining(sentence);
    }

    @Test
    void shouldReadAttributes() {
        assertThat(host.read(HostAttribute.VENDOR)).isEqualTo("0x8086");
        assertThat(host.runtimeStatus()).isEqualTo(RuntimeStatus.ACTIVE);
        assertThat(host.runtimeUsage()).isEqualTo(1);
        assertThat(host.runtimeSuspendedTime()).isEqualTo(Duration.ofMillis(250));
        assertThat(host.powerState()).isEqualTo("D0");
        assertThat(host.d3coldAllowed()).isTrue();
        assertThat(host).hasToString("host side 0000:01:00.0");
    }

    @Test
    void shouldReadLinesOfAnAttribute() {
        sysfs.set(NIC, "resource", "0x1 0x2 0x200\n0x3 0x4 0x200");
        assertThat(host.read(HostAttribute.RESOURCE)).isEqualTo("0x1 0x2 0x200\n0x3 0x4 0x200");
    }

    @Test
    void shouldWriteAttributes() throws IOException {
        host.setControl(RuntimeControl.ON);
        assertThat(file("power/control")).isEqualTo("on");
        assertThat(host.control()).isEqualTo(RuntimeControl.ON);
        sysfs.set(NIC, "reset", "");
        host.resetFunction();
        assertThat(file("reset")).isEqualTo("1");
    }

    @Test
    void shouldTakeTheDeviceFromItsDriverByItsAddress() throws IOException {
        assertRefused(host::unbindDriver, Errno.ENOENT, "driver/unbind of 0000:01:00.0");
        sysfs.bind(NIC, "vfio-pci");
        Path unbind = Files.writeString(sysfs.driver("vfio-pci").resolve("unbind"), "");
        host.unbindDriver();
        assertThat(unbind).hasContent(NIC);
    }

    @Test
    void shouldRefuseWhatIsOnlyForTheOtherDirection() {
        assertRefused(() -> host.read(HostAttribute.RESET), Errno.EACCES, "it can only be written");
        assertRefused(
                () -> host.write(HostAttribute.VENDOR, "1"), Errno.EACCES, "it can only be read");
    }

    @Test
    void shouldRefuseWhatIsNoValue() {
        for (String value : List.of("", "on\noff")) {
            assertThatThrownBy(() -> host.write(HostAttribute.POWER_CONTROL, value))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> host.write(HostAttribute.CONFIG, "00"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldSayThatTheDeviceHasNoSuchAttribute() {
        assertRefused(
                () -> host.read(HostAttribute.SRIOV_NUMVFS),
                Errno.ENOENT,
                "reading sriov_numvfs of 0000:01:00.0: ENOENT (the device has no such attribute");
    }

    /** What is no file answers with an errno of its own, as attributes without a value do. */
    @Test
    void shouldPassOnWhatAnAttributeAnswers() {
        sysfs.directories("bus/pci/devices/" + NIC + "/power/autosuspend_delay_ms");
        assertRefused(
                () -> host.read(HostAttribute.POWER_AUTOSUSPEND_DELAY_MS),
                Errno.EISDIR,
                "reading power/autosuspend_delay_ms of 0000:01:00.0: EISDIR");
    }

    @Test
    void shouldSayThatTheDeviceWasRemoved() {
        sysfs.remove(NIC);
        assertThatThrownBy(() -> host.powerState())
                .isInstanceOf(DeviceNotFoundException.class)
                .hasMessage("reading power_state of 0000:01:00.0: ENODEV (the device was removed)");
        assertThatThrownBy(() -> host.readConfig(0, 4)).isInstanceOf(DeviceNotFoundException.class);
        assertThatThrownBy(() -> host.writeConfig(0, new byte[4]))
                .isInstanceOf(DeviceNotFoundException.class);
        assertThatThrownBy(() -> SysfsHostSide.of(sysfs.pci(NIC), Duration.ofMillis(1)))
                .isInstanceOf(DeviceNotFoundException.class)
                .hasMessageContaining("there is no such PCI device");
    }

    @Test
    void shouldRefuseUseAfterClose() {
        host.close();
        assertThatThrownBy(host::powerState)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("host side 0000:01:00.0 is closed");
        assertThatThrownBy(() -> host.watch(_ -> {})).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldRefuseAnIntervalThatIsNone() {
        assertThatThrownBy(() -> SysfsHostSide.of(sysfs.pci(NIC), Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Nested
    class Config {
        private final byte[] space = new byte[256];

        @BeforeEach
        void fill() throws IOException {
            for (int i = 0; i < space.length; i++) {
                space[i] = (byte) i;
            }
            Files.write(sysfs.device(NIC).resolve("config"), space);
        }

        @Test
        void shouldBeReadWhole() {
            assertThat(host.read(HostAttribute.CONFIG))
                    .hasSize(512)
                    .startsWith("000102")
                    .endsWith("feff");
        }

        @Test
        void shouldBeReadShortAtItsEnd() {
            assertThat(host.readConfig(4, 2)).containsExactly(4, 5);
            assertThat(host.readConfig(252, 100)).containsExactly(-4, -3, -2, -1);
            assertThat(host.readConfig(2048, 4)).isEmpty();
        }

        @Test
        void shouldBeWrittenWhereSaid() throws IOException {
            host.writeConfig(0x3c, new byte[] {11, 12});
            space[0x3c] = 11;
            space[0x3d] = 12;
            assertThat(Files.readAllBytes(sysfs.device(NIC).resolve("config"))).isEqualTo(space);
        }

        @Test
        void shouldSayThatTheKernelCutAWriteShort() {
            SysfsHostSide sysfsHost = SysfsHostSide.of(sysfs.pci(NIC), Duration.ofMillis(2));
            sysfsHost.requireAll("writing it", 4, 4);
            assertRefused(
                    () -> sysfsHost.requireAll("writing it", 2, 4),
                    Errno.EIO,
                    "writing it of 0000:01:00.0: EIO (the kernel took 2 of 4)");
        }

        @Test
        void shouldNotGrow() throws IOException {
            assertRefused(
                    () -> host.writeConfig(254, new byte[4]),
                    Errno.EINVAL,
                    "writing 4 bytes of config at 0xfe of 0000:01:00.0: EINVAL (config has 256 bytes");
            assertThat(Files.readAllBytes(sysfs.device(NIC).resolve("config"))).isEqualTo(space);
            assertThatThrownBy(() -> host.readConfig(4096, 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> host.writeConfig(0, new byte[0]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Nested
    class Watching {
        private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        private void tell(HostEvent event) {
            events.add(event.format());
        }

        private List<String> next(int count) throws InterruptedException {
            String[] next = new String[count];
            for (int i = 0; i < count; i++) {
                next[i] = events.poll(10, TimeUnit.SECONDS);
            }
            return Arrays.asList(next);
        }

        @Test
        void shouldTellEachChange() throws InterruptedException {
            try (HostWatch watch = host.watch(this::tell)) {
                sysfs.set(NIC, "power_state", "D3hot");
                assertThat(next(1)).containsExactly("event power_state D3hot");
                sysfs.set(NIC, "power/runtime_status", "suspended");
                assertThat(next(1)).containsExactly("event power/runtime_status suspended");
                sysfs.set(NIC, "power/runtime_status", "active");
                assertThat(next(1)).containsExactly("event power/runtime_status active");
                assertThat(watch.failure()).isEmpty();
            }
            assertThat(events).isEmpty();
        }

        @Test
        void shouldTellASleepThatWasOverBetweenTwoLooks() throws InterruptedException {
            try (HostWatch _ = host.watch(this::tell)) {
                for (int time = 261; events.isEmpty(); time++) {
                    // Not before it has looked twice does a watch know the time that stood still.
                    sysfs.set(NIC, "power/runtime_suspended_time", Integer.toString(time));
                }
                assertThat(next(2))
                        .containsExactly(
                                "event power/runtime_status suspended"
                                        + " seen_by=power/runtime_suspended_time",
                                "event power/runtime_status active");
            }
        }

        @Test
        void shouldEndWhenTheDeviceIsRemoved() throws InterruptedException {
            try (HostWatch watch = host.watch(this::tell)) {
                sysfs.remove(NIC);
                assertThat(watch.awaitEnd(Duration.ofSeconds(10))).isTrue();
                assertThat(watch.failure().orElseThrow())
                        .isInstanceOf(DeviceNotFoundException.class)
                        .hasMessage("0000:01:00.0 was removed");
            }
        }

        @Test
        void shouldEndByWhatTheListenerThrows() throws InterruptedException {
            RuntimeException thrown = new IllegalStateException("enough");
            try (HostWatch watch =
                    host.watch(_ -> {
                        throw thrown;
                    })) {
                sysfs.set(NIC, "power_state", "D3hot");
                assertThat(watch.awaitEnd(Duration.ofSeconds(10))).isTrue();
                assertThat(watch.failure()).contains(thrown);
            }
        }

        @Test
        void shouldGoOnAfterTheHostSideIsClosedAndEndByItsOwnClose() throws InterruptedException {
            HostWatch watch = host.watch(this::tell);
            host.close();
            sysfs.set(NIC, "power_state", "D3hot");
            assertThat(next(1)).containsExactly("event power_state D3hot");
            assertThat(watch.awaitEnd(Duration.ZERO)).isFalse();
            watch.close();
            watch.close();
            assertThat(watch.awaitEnd(Duration.ZERO)).isTrue();
            assertThat(watch.failure()).isEmpty();
        }

        @Test
        void shouldBeClosableByItsListener() {
            BlockingQueue<HostWatch> own = new LinkedBlockingQueue<>();
            HostWatch watch =
                    host.watch(event -> {
                        tell(event);
                        own.element().close();
                    });
            own.add(watch);
            sysfs.set(NIC, "power_state", "D3hot");
            await().until(() -> watch.awaitEnd(Duration.ZERO));
            assertThat(events).containsExactly("event power_state D3hot");
        }
    }

    /** Two looks, and what must have been between them. */
    @Nested
    class Looks {
        private static SysfsPower at(String status, String state, String otherTime) {
            return new SysfsPower(
                    status,
                    Optional.of(state).filter(text -> !text.isEmpty()),
                    Optional.of(otherTime).filter(text -> !text.isEmpty()));
        }

        private static List<String> between(SysfsPower before, SysfsPower after) {
            return after.since(before).stream().map(HostEvent::format).toList();
        }

        @Test
        void shouldTellNothingOfNothing() {
            SysfsPower look = at("active", "D0", "5");
            assertThat(between(look, look)).isEmpty();
            assertThat(between(look, at("active", "D0", ""))).isEmpty();
            assertThat(between(at("active", "D0", ""), look)).isEmpty();
        }

        @Test
        void shouldTellTheStateBeforeTheStatus() {
            assertThat(between(at("active", "D0", "5"), at("suspended", "D3hot", "1000")))
                    .containsExactly(
                            "event power_state D3hot", "event power/runtime_status suspended");
            assertThat(between(at("suspended", "", "1000"), at("resuming", "", "")))
                    .containsExactly("event power/runtime_status resuming");
        }

        @Test
        void shouldTellAWakeByTheTimeItTook() {
            assertThat(between(at("suspended", "D3hot", "1000"), at("suspended", "D3hot", "1013")))
                    .containsExactly(
                            "event power/runtime_status active"
                                    + " seen_by=power/runtime_active_time",
                            "event power/runtime_status suspended");
        }

        @Test
        void shouldLookAtTheClockThatStandsStill() {
            try (SysfsPowerFiles files = new SysfsPowerFiles(sysfs.pci(NIC))) {
                SysfsPower first = SysfsPower.first(files);
                assertThat(first).isEqualTo(at("active", "D0", ""));
                SysfsPower second = first.next(files);
                assertThat(second).isEqualTo(at("active", "D0", "250"));
                sysfs.set(NIC, "power/runtime_status", "suspended");
                SysfsPower third = second.next(files);
                assertThat(third).isEqualTo(at("suspended", "D0", ""));
                assertThat(third.next(files)).isEqualTo(at("suspended", "D0", "1000"));
                sysfs.set(NIC, "power/runtime_status", "suspending");
                assertThat(third.next(files).next(files)).isEqualTo(at("suspending", "D0", ""));
            }
        }

        @Test
        void shouldDoWithoutWhatOlderKernelsDoNotTell() {
            FakeSysfs.delete(sysfs.device(NIC).resolve("power_state"));
            FakeSysfs.delete(sysfs.device(NIC).resolve("power/runtime_status"));
            try (SysfsPowerFiles files = new SysfsPowerFiles(sysfs.pci(NIC))) {
                assertThat(SysfsPower.first(files)).isEqualTo(at("unsupported", "", ""));
            }
        }
    }
}
