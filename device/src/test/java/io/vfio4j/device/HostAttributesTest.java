/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The host side: sysfs's names and values (spec B9), and who is woken by them (spec C). */
class HostAttributesTest {
    private Hosted hosted = Hosted.opened(Hosted.FULL);

    @AfterEach
    void close() {
        hosted.close();
    }

    private void host(PciDescription description) {
        hosted.close();
        hosted = Hosted.opened(description);
    }

    private HostReply ask(String line) {
        return hosted.device.host(HostRequest.parse(line));
    }

    private String read(String attribute) {
        HostReply reply = ask("read " + attribute);
        assertThat(reply).isInstanceOf(HostReply.Ok.class);
        return ((HostReply.Ok) reply).value();
    }

    private void write(String attribute, String value) {
        assertThat(ask("write %s %s".formatted(attribute, value))).isEqualTo(new HostReply.Ok(""));
    }

    private void assertErrno(Errno errno, String line) {
        assertThat(ask(line))
                .isInstanceOfSatisfying(
                        HostReply.Failed.class,
                        failed -> {
                            assertThat(failed.errno()).isEqualTo(errno);
                            assertThat(failed.message()).isNotBlank();
                            // It must fit in a line, whatever it is about.
                            assertThat(failed.format()).startsWith("error ");
                        });
    }

    @Nested
    class Values {
        @ParameterizedTest
        @CsvSource({
            "vendor, 0x1234",
            "device, 0x11e8",
            "class, 0x00ff00",
            "subsystem_vendor, 0x1af4",
            "subsystem_device, 0x1100",
            "revision, 0x10",
            "irq, 0",
            "enable, 1",
            "current_link_speed, 2.5 GT/s PCIe",
            "current_link_width, 1",
            "power_state, D0",
            "d3cold_allowed, 1",
            "power/control, auto",
            "power/runtime_status, active",
            "power/runtime_usage, 1",
            "power/runtime_active_kids, 0",
            "power/runtime_enabled, enabled",
            "power/wakeup, disabled",
        })
        void shouldBeSysfssWhileOpen(String attribute, String value) {
            assertThat(read(attribute)).isEqualTo(value);
        }

        @ParameterizedTest
        @CsvSource({
            "enable, 0",
            "power_state, D3hot",
            "power/runtime_status, suspended",
            "power/runtime_usage, 0",
        })
        void shouldBeSysfssWhileClosed(String attribute, String value) {
            hosted.device.lastClose();
            hosted.settle();
            assertThat(read(attribute)).isEqualTo(value);
        }

        @Test
        void shouldTellOfD3cold() {
            host(Hosted.COLD);
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(read("power_state")).isEqualTo("D3cold");
            assertThat(read("power/runtime_status")).isEqualTo("suspended");
        }

        @Test
        void shouldBeD0WithoutAPmCapability() {
            host(PciDescription.of(PciIdentity.of(1, 2, 3)));
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(read("power_state")).isEqualTo("D0");
            assertThat(read("power/runtime_status")).isEqualTo("suspended");
        }

        @Test
        void shouldCountTimeInMilliseconds() {
            long active = Long.parseLong(read("power/runtime_active_time"));
            long suspended = Long.parseLong(read("power/runtime_suspended_time"));
            hosted.clock.pass(Duration.ofMillis(1500));
            assertThat(read("power/runtime_active_time")).isEqualTo(Long.toString(active + 1500));
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            hosted.clock.pass(Duration.ofNanos(2_999_999));
            assertThat(read("power/runtime_suspended_time"))
                    .isEqualTo(Long.toString(suspended + 2));
        }

        @Test
        void shouldForbidSleepByControlOn() {
            write("power/control", "on");
            assertThat(read("power/control")).isEqualTo("on");
            assertThat(read("power/runtime_usage")).isEqualTo("2");
            assertThat(read("power/runtime_enabled")).isEqualTo("forbidden");
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(read("power/runtime_status")).isEqualTo("active");

            write("power/control", "auto");
            hosted.settle();
            assertThat(read("power/runtime_status")).isEqualTo("suspended");
            assertThat(read("power/runtime_enabled")).isEqualTo("enabled");
        }

        @Test
        void shouldKeepToD3hotWhereD3coldIsNotAllowed() {
            host(Hosted.COLD);
            write("d3cold_allowed", "0");
            assertThat(read("d3cold_allowed")).isEqualTo("0");
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(read("power_state")).isEqualTo("D3hot");
        }

        @ParameterizedTest
        @CsvSource({"0, 0", "1, 1", "2, 1", "0x0, 0", "0x1f, 1", "010, 1", "+1, 1"})
        void shouldTakeForD3coldAllowedWhatTheKernelTakes(String value, String stored) {
            write("d3cold_allowed", value);
            assertThat(read("d3cold_allowed")).isEqualTo(stored);
        }

        @Test
        void shouldListTheBars() {
            assertThat(read("resource").lines())
                    .hasSize(6)
                    .element(2)
                    .isEqualTo("0x0000000000000000 0x0000000000003fff 0x0000000000040200");
            assertThat(read("resource").lines())
                    .element(5)
                    .isEqualTo("0x0000000000000000 0x0000000000000000 0x0000000000000000");
        }
    }

    @Nested
    class Refusals {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "write power/control ON",
                    "write power/control yes",
                    "write d3cold_allowed -1",
                    "write d3cold_allowed yes",
                    "write d3cold_allowed #1",
                    "write d3cold_allowed 0x",
                    "write d3cold_allowed 99999999999999999999",
                    "write reset 0",
                    "write reset 2",
                    "write reset now",
                    "write power/wakeup enabled",
                    "watch",
                })
        void shouldBeEinvalForAValueThatCannotBe(String line) {
            assertErrno(Errno.EINVAL, line);
        }

        @ParameterizedTest
        @ValueSource(strings = {"power/control", "d3cold_allowed", "reset"})
        void shouldBeOneLineHoweverLongTheValue(String attribute) {
            assertErrno(Errno.EINVAL, "write " + attribute + " " + "\\n\\\\".repeat(4000));
        }

        @Test
        void shouldBeEioForTheAutosuspendDelay() {
            assertErrno(Errno.EIO, "read power/autosuspend_delay_ms");
            assertErrno(Errno.EIO, "write power/autosuspend_delay_ms 100");
        }

        @ParameterizedTest
        @EnumSource
        void shouldBeEaccesWhereSysfsHasNoPermission(HostAttribute attribute) {
            if (!attribute.readable()) {
                assertErrno(Errno.EACCES, "read " + attribute.sysfsName());
            }
            if (!attribute.writable()) {
                assertErrno(Errno.EACCES, "write " + attribute.sysfsName() + " 1");
            }
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "read sriov_numvfs",
                    "write sriov_numvfs 1",
                    "read reset_method",
                    "read max_link_speed",
                    "read driver_override",
                    "write driver/unbind 0000:01:00.0",
                    "write remove 1"
                })
        void shouldBeEnoentWhereOnlyARealDeviceHasTheAttribute(String line) {
            assertErrno(Errno.ENOENT, line);
        }

        @ParameterizedTest
        @EnumSource
        void shouldBeEnoentWhereOnlyABridgeHasTheAttribute(HostAttribute attribute) {
            if (attribute.ofBridge()) {
                assertErrno(Errno.ENOENT, "read " + attribute.sysfsName());
                assertErrno(
                        attribute.writable() ? Errno.ENOENT : Errno.EACCES,
                        "write " + attribute.sysfsName() + " 1");
            }
        }

        @Test
        void shouldTellTheModelOfASignal() {
            hosted.model.calls();
            write("signal", "bell");
            assertErrno(Errno.EINVAL, "write signal horn");
            assertThat(hosted.model.calls()).containsExactly("signal bell", "signal horn");
        }

        @Test
        void shouldBeEinvalForTheLinkOfAConventionalFunction() {
            host(Hosted.FULL.withoutExpress());
            assertErrno(Errno.EINVAL, "read current_link_speed");
            assertErrno(Errno.EINVAL, "read current_link_width");
        }

        @Test
        void shouldPassTheErrnoOfAResetThatFails() {
            hosted.model.whileResuming =
                    () -> {
                        throw new IllegalStateException("the model is broken");
                    };
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertErrno(Errno.EIO, "write reset 1");
        }
    }

    @Nested
    class Config {
        @Test
        void shouldReadAsHexadecimal() {
            assertThat(read("config 0 4")).isEqualTo("3412e811");
            assertThat(read("config")).hasSize(2 * 4096).startsWith("3412e811");
        }

        @Test
        void shouldBeShortAtTheEnd() {
            host(Hosted.FULL.withoutExpress());
            assertThat(read("config 252 8")).isEqualTo("00000000");
            assertThat(read("config 256 8")).isEmpty();
            assertThat(read("config 4095 1")).isEmpty();
            assertErrno(Errno.EINVAL, "write config 254 00000000");
        }

        @Test
        void shouldBeWrittenWhereTheClientCouldWrite() {
            write("config", "0x3c ff");
            write("config", "0 ffff");
            assertThat(read("config 0x3c 2")).isEqualTo("ff01");
            assertThat(read("config 0 2")).isEqualTo("3412");
        }

        @Test
        void shouldTurnMemoryDecodingOff() {
            write("config", "4 0000");
            assertThat(hosted.read(1, 0, 4)).isEqualTo(-Errno.EIO.number());
        }

        @Test
        void shouldNotMoveTheFunctionByPmcsrNorResetIt() {
            write("config", "0x44 0300");
            assertThat(hosted.config(0x44, 2) & 3).isZero();
            host(PciDescription.of(PciIdentity.of(1, 2, 3)));
            write("config", "0x48 0080");
            assertThat(hosted.model.calls()).isEmpty();
        }

        @Test
        void shouldShowD3hotToTheHostButNotToTheClient() {
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(read("config 0x44 1")).isEqualTo("0b");
            assertThat(hosted.config(0x44, 1)).as("it has woken the device").isEqualTo(8);
        }
    }

    /**
     * Table C for everything that the host does through attributes, while a client is in W-S: the
     * device sleeps and its client wants to be told of the wake.
     */
    @Nested
    class Waking {
        private enum Wakes {
            NEVER,
            FROM_D3COLD,
            ALWAYS
        }

        private static final Set<HostAttribute> READ_BY_CONFIG_ACCESS =
                EnumSet.of(
                        HostAttribute.CONFIG,
                        HostAttribute.CURRENT_LINK_SPEED,
                        HostAttribute.CURRENT_LINK_WIDTH);

        private static Map<String, Wakes> table() {
            Map<String, Wakes> table = new LinkedHashMap<>();
            for (HostAttribute attribute : HostAttribute.values()) {
                table.put(
                        "read " + attribute.sysfsName(),
                        READ_BY_CONFIG_ACCESS.contains(attribute)
                                ? Wakes.FROM_D3COLD
                                : Wakes.NEVER);
            }
            table.put("read config 0 4", Wakes.FROM_D3COLD);
            table.put("write config 0x3c 01", Wakes.FROM_D3COLD);
            table.put("write power/control on", Wakes.ALWAYS);
            table.put("write power/control auto", Wakes.NEVER);
            table.put("write d3cold_allowed 1", Wakes.ALWAYS);
            table.put("write d3cold_allowed 0", Wakes.ALWAYS);
            table.put("write reset 1", Wakes.ALWAYS);
            // What is refused does nothing.
            table.put("write power/control off", Wakes.NEVER);
            table.put("write d3cold_allowed maybe", Wakes.NEVER);
            table.put("write reset 0", Wakes.NEVER);
            table.put("write vendor 1", Wakes.NEVER);
            table.put("write power/wakeup enabled", Wakes.NEVER);
            table.put("write power/autosuspend_delay_ms 1", Wakes.NEVER);
            // Of a function that cannot signal PME.
            table.put("write signal wake", Wakes.NEVER);
            return table;
        }

        @TestFactory
        List<DynamicTest> shouldSignalExactlyAsTableCSays() {
            List<DynamicTest> cells = new ArrayList<>();
            for (PciPowerState depth : List.of(PciPowerState.D3HOT, PciPowerState.D3COLD)) {
                table().forEach((line, wakes) -> {
                    boolean signal =
                            wakes == Wakes.ALWAYS
                                    || (wakes == Wakes.FROM_D3COLD
                                            && depth == PciPowerState.D3COLD);
                    String name =
                            "%s in %s: %s"
                                    .formatted(line, depth.sysfsName(), signal ? "signal" : "no")
                                    .toLowerCase(Locale.ROOT);
                    cells.add(dynamicTest(name, () -> assertCell(line, depth, signal)));
                });
            }
            return cells;
        }

        private void assertCell(String line, PciPowerState depth, boolean signal) {
            host(depth == PciPowerState.D3COLD ? Hosted.COLD : Hosted.FULL);
            try (EventFd wakeup = EventFd.create()) {
                assertThat(hosted.enter(wakeup)).isZero();
                hosted.settle();
                assertThat(hosted.powerState()).isEqualTo(depth);
                hosted.model.calls();

                ask(line);

                if (signal) {
                    assertThat(wakeup.drain()).isEqualTo(1);
                    assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
                    hosted.settle();
                    assertThat(read("power_state"))
                            .as("I5: no sleep until asked again")
                            .isEqualTo("D0");
                } else {
                    assertThat(wakeup.drain()).isZero();
                    assertThat(hosted.contract()).isEqualTo(ContractState.W_S);
                    assertThat(hosted.powerState()).isEqualTo(depth);
                    assertThat(hosted.model.calls()).allMatch(call -> call.startsWith("signal"));
                }
            }
        }

        @Test
        void shouldLetTheDeviceSleepAgainWithoutAWakeup() {
            host(Hosted.COLD);
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            hosted.model.calls();

            assertThat(read("config 0 2")).isEqualTo("3412");
            hosted.settle();

            assertThat(hosted.contract()).isEqualTo(ContractState.N_S);
            assertThat(hosted.model.calls())
                    .containsExactly("reset POWER_ON", "resume D3cold", "suspend D3cold");
        }
    }

    /** Spec C's last row: PME from the device, whose cause is here the host. */
    @Nested
    class WakeEvents {
        private static final PciDescription COLD_SIGNALS =
                Hosted.FULL.withPower(
                        PowerManagement.downToD3cold()
                                .withD1AndD2()
                                .withDelays(Delays.ZERO)
                                .withPme(PciPowerState.D3COLD, PciPowerState.D3HOT));
        private static final PciDescription HOT_SIGNALS =
                Hosted.COLD.withPower(
                        PowerManagement.downToD3cold()
                                .withDelays(Delays.ZERO)
                                .withPme(PciPowerState.D3HOT));

        @Test
        void shouldNotBeThoseOfAFunctionWithoutPme() {
            assertErrno(Errno.EINVAL, "write signal wake");
            assertThat(((HostReply.Failed) ask("write signal wake")).message())
                    .isEqualTo("the function cannot signal PME");
        }

        @Test
        void shouldBeRefusedInAStateThatIsNotDeclared() {
            host(COLD_SIGNALS);
            assertThat(ask("write signal wake"))
                    .isEqualTo(
                            new HostReply.Failed(
                                    Errno.EINVAL,
                                    "the function signals PME from D3hot D3cold, not from D0"));
            assertThat(hosted.config(0x44, 2) & 0x8000).isZero();
        }

        @Test
        void shouldSetTheStatusAndLeaveTheStateThatTheDriverWrote() {
            host(COLD_SIGNALS);
            hosted.config(0x44, 2, 0x0103);
            hosted.model.calls();
            assertThat(ask("write signal wake")).isEqualTo(new HostReply.Ok(""));
            hosted.settle();
            assertThat(hosted.config(0x44, 2)).isEqualTo(0x810b);
            assertThat(hosted.model.calls()).containsExactly("signal wake");
        }

        @Test
        void shouldWakeADeviceThatSleepsByTheContract() {
            host(COLD_SIGNALS);
            try (EventFd wakeup = EventFd.create()) {
                assertThat(hosted.enter(wakeup)).isZero();
                hosted.settle();
                assertThat(ask("write signal wake")).isEqualTo(new HostReply.Ok(""));
                hosted.settle();
                assertThat(wakeup.drain()).isEqualTo(1);
                assertThat(read("power_state")).isEqualTo("D0");
            }
        }

        @Test
        void shouldNotWakeFromAStateThatIsNotDeclared() {
            host(HOT_SIGNALS);
            try (EventFd wakeup = EventFd.create()) {
                assertThat(hosted.enter(wakeup)).isZero();
                hosted.settle();
                assertErrno(Errno.EINVAL, "write signal wake");
                hosted.settle();
                assertThat(wakeup.drain()).isZero();
                assertThat(read("power_state")).isEqualTo("D3cold");
            }
        }
    }

    @Test
    void shouldResetTheFunction() {
        write("reset", "1");
        assertThat(hosted.model.calls()).containsExactly("reset FUNCTION");
        write("reset", "0x1");
        assertThat(hosted.model.calls()).containsExactly("reset FUNCTION");
    }
}
