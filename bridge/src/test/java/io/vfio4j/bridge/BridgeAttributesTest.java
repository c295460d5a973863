/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.Target;
import io.vfio4j.device.ClientMemory;
import io.vfio4j.device.ServedClient;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.BridgePromise;
import io.vfio4j.power.BridgeState;
import io.vfio4j.power.Refusal;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;

/** The host side of a device that is passed on. */
@Timeout(20)
class BridgeAttributesTest {
    private final StubHostSide side = new StubHostSide();
    private final List<BridgeEvent> told = new ArrayList<>();
    private final Steps steps = new Steps(this::changed);
    private Optional<Refusal> refusal = Optional.empty();
    private Optional<ServedClient> client = Optional.empty();
    private BridgeAttributes attributes = attributes(new HostBehind(() -> side), Steps.KEPT);

    private BridgeAttributes attributes(HostBehind behind, BridgePromise promise) {
        return new BridgeAttributes(behind, steps::state, promise, () -> client, this::operator);
    }

    private void changed(BridgeState before, BridgeState after) {
        attributes.changed(before, after);
    }

    private Optional<Refusal> operator(BridgeEvent event) {
        told.add(event);
        steps.tell(event);
        return refusal;
    }

    private HostReply ask(String line) {
        return attributes.handle(HostRequest.parse(line));
    }

    private String read(String attribute) {
        assertThat(ask("read " + attribute)).isInstanceOf(HostReply.Ok.class);
        return ((HostReply.Ok) ask("read " + attribute)).value();
    }

    private void assertRefused(Errno errno, String why, String line) {
        assertThat(ask(line))
                .isInstanceOfSatisfying(
                        HostReply.Failed.class,
                        failed -> {
                            assertThat(failed.errno()).isEqualTo(errno);
                            assertThat(failed.message()).contains(why);
                            // It must fit in a line, whatever it is about.
                            assertThat(failed.format()).startsWith("error ");
                        });
    }

    /** A client that is some process, or one that is not to be seen. */
    private record Client(OptionalInt process) implements ServedClient {
        @Override
        public ClientMemory memory() {
            throw new AssertionError("nobody has a reason to");
        }

        @Override
        public boolean bearsFaults() {
            return false;
        }

        @Override
        public boolean knowsPme() {
            return false;
        }

        @Override
        public void hangUp() {
            throw new AssertionError("nobody has a reason to");
        }
    }

    @Nested
    class OfTheBridge {
        @Test
        void shouldTellWhereTheDeviceIsOnItsWay() {
            assertThat(read("bridge/state")).isEqualTo("closed");
            assertThat(read("bridge/pmcsr")).isEqualTo("D0 pme_enabled=0 pme_status=0");

            steps.tell(new BridgeEvent.Opened(true));
            assertThat(read("bridge/state")).isEqualTo("awake");
            steps.tell(new BridgeEvent.GuestWrote(0x103, 3));
            assertThat(read("bridge/state")).isEqualTo("unmapping");
            assertThat(read("bridge/pmcsr")).isEqualTo("D3hot pme_enabled=1 pme_status=0");
            steps.tell(new BridgeEvent.Unmapped());
            assertThat(read("bridge/state")).isEqualTo("pausing");
        }

        @Test
        void shouldTellOfAWakeThatTheGuestDidNotCause() {
            steps.fallAsleep();
            assertThat(read("bridge/state")).isEqualTo("asleep");
            assertThat(read("bridge/wakes"))
                    .isEqualTo("entries 1 guest 0 own 0 foreign 0 failures 0");

            steps.tell(new BridgeEvent.Woken());

            assertThat(read("bridge/pmcsr")).isEqualTo("D3hot pme_enabled=1 pme_status=1");
            assertThat(read("bridge/wakes"))
                    .isEqualTo("entries 1 guest 0 own 0 foreign 1 failures 0");
        }

        @Test
        void shouldNotPretendToKnowThePmcsrOfAClientThatManagesItItself() {
            steps.tell(new BridgeEvent.Opened(true));
            steps.tell(new BridgeEvent.ClientEntered());

            assertThat(read("bridge/pmcsr")).isEqualTo("unknown pme_enabled=0 pme_status=0");
        }

        @Test
        void shouldTellWhatIsPromisedAndWhy() {
            assertThat(read("bridge/promise")).isEqualTo(Steps.KEPT.reason());
        }

        @Test
        void shouldTellWhoHasTheDevice() {
            assertThat(read("bridge/client")).isEqualTo("none");

            long me = ProcessHandle.current().pid();
            client = Optional.of(new Client(OptionalInt.of((int) me)));
            assertThat(read("bridge/client")).matches(me + " \\S.*");

            client = Optional.of(new Client(OptionalInt.empty()));
            assertThat(read("bridge/client")).isEqualTo("unknown");
        }

        @Test
        void shouldHoldTheDeviceAwakeUntilToldOtherwise() {
            steps.fallAsleep();
            assertThat(read("bridge/locked")).isEqualTo("0");

            assertThat(ask("write bridge/locked 1")).isEqualTo(new HostReply.Ok(""));
            assertThat(read("bridge/locked")).isEqualTo("1 the operator asked for it");
            assertThat(ask("write bridge/locked 0")).isEqualTo(new HostReply.Ok(""));

            assertThat(read("bridge/locked")).isEqualTo("0");
            assertThat(told)
                    .containsExactly(
                            new BridgeEvent.Locked("the operator asked for it"),
                            new BridgeEvent.Unlocked());
        }

        @Test
        void shouldSayThatADeviceToBeHeldAwakeDoesNotWake() {
            refusal = Optional.of(Refusal.ETIMEDOUT);

            assertRefused(Errno.ETIMEDOUT, "does not wake", "write bridge/locked 1");
        }

        @ParameterizedTest
        @ValueSource(strings = {"on", "2", "1 because", "-1", "''"})
        void shouldTakeNothingButOneAndZeroForALock(String value) {
            assertRefused(Errno.EINVAL, "1 or 0", "write bridge/locked " + value);
            assertThat(told).isEmpty();
        }

        @ParameterizedTest
        @EnumSource
        void shouldAskNothingOfTheDeviceBehind(HostAttribute attribute) {
            if (attribute.ofBridge()) {
                assertThat(read(attribute.sysfsName())).isNotEmpty();
                if (!attribute.writable()) {
                    assertRefused(
                            Errno.EACCES,
                            "cannot be written",
                            "write " + attribute.sysfsName() + " 1");
                }
                assertThat(side.asked()).isEmpty();
            }
        }
    }

    @Nested
    class OfTheDeviceBehind {
        @Test
        void shouldBeAskedAnewEachTime() {
            side.with(HostAttribute.POWER_STATE, "D3cold");
            assertThat(read("power_state")).isEqualTo("D3cold");
            side.with(HostAttribute.POWER_STATE, "D0");
            assertThat(read("power_state")).isEqualTo("D0");
        }

        @Test
        void shouldBeAskedForNothingElse() {
            assertThat(ask("write power/control on")).isEqualTo(new HostReply.Ok(""));
            assertThat(ask("read config 64 4")).isEqualTo(new HostReply.Ok("00000000"));
            assertThat(ask("write config 4 0600")).isEqualTo(new HostReply.Ok(""));

            assertThat(side.asked())
                    .containsExactly(
                            "write power/control on", "read config 64 4", "write config 4 0600");
        }

        @Test
        void shouldAnswerWithItsOwnErrno() {
            assertRefused(Errno.ENOENT, "no sriov_numvfs", "read sriov_numvfs");
            side.readOnly(HostAttribute.RESET);
            assertRefused(Errno.EACCES, "needs root", "write reset 1");
            assertRefused(Errno.EACCES, "writing", "write reset " + "\\\\x\\n".repeat(2000));
        }

        @Test
        void shouldBeMissedWhereThereIsNone(@TempDir Path folder) {
            attributes =
                    attributes(
                            new HostBehind(new Target.VfioUser(folder.resolve("none"))),
                            Steps.KEPT);

            assertRefused(Errno.ENOENT, "control socket", "read power_state");
            assertThat(read("bridge/state")).isEqualTo("closed");
        }

        /** The kernel waits, deaf to signals, until the bridge closes the device. */
        @ParameterizedTest
        @ValueSource(strings = {"driver/unbind 0000:01:00.0", "remove 1"})
        void shouldNotBeTakenAwayByTheBridgeThatHasIt(String request) {
            assertRefused(Errno.EBUSY, "stop the bridge first", "write " + request);
            assertThat(side.asked()).isEmpty();
        }

        @ParameterizedTest
        @CsvSource({"1, false", "0x1, false", "yes, false", "0, true", "0x0, true"})
        void shouldNotHaveItsContextLostThatWasPromised(String value, boolean taken) {
            String request = "write d3cold_allowed " + value;
            if (taken) {
                assertThat(ask(request)).isEqualTo(new HostReply.Ok(""));
            } else {
                assertRefused(Errno.EBUSY, "--deep", request);
                assertThat(side.asked()).isEmpty();
            }
        }

        @Test
        void shouldHaveItsPowerCutIfNothingIsPromised() {
            attributes =
                    attributes(
                            new HostBehind(() -> side),
                            BridgePromise.of(true, true, BridgePromise.D3cold.ALLOWED));

            assertThat(ask("write d3cold_allowed 1")).isEqualTo(new HostReply.Ok(""));
        }

        @Test
        void shouldBeAskedInVainOnceTheBridgeIsClosed() {
            HostBehind behind = new HostBehind(() -> side);
            attributes = attributes(behind, Steps.KEPT);
            behind.close();

            assertRefused(Errno.ENODEV, "closed", "read power_state");
        }
    }

    @Nested
    class Watched {
        private final List<String> events = new CopyOnWriteArrayList<>();

        private void hear(HostEvent event) {
            events.add(event.format());
        }

        @Test
        void shouldTellOfEachChangeOfTheBridge() {
            try (ServedDevice.Watch _ = attributes.watch(this::hear)) {
                steps.fallAsleep();
                steps.tell(new BridgeEvent.Woken());
                steps.tell(new BridgeEvent.Locked("x y=z"));
                steps.tell(new BridgeEvent.Unlocked());
            }
            steps.tell(new BridgeEvent.Closed());

            assertThat(events)
                    .containsExactly(
                            "event bridge/state awake",
                            "event bridge/state entering",
                            "event bridge/pmcsr D3hot pme_enabled=1 pme_status=0",
                            "event bridge/state asleep",
                            "event bridge/state awake",
                            "event bridge/pmcsr D3hot pme_enabled=1 pme_status=1",
                            "event bridge/locked 1",
                            "event bridge/locked 0");
        }

        @Test
        void shouldTellOfTheDeviceBehindToo(@TempDir Path folder) {
            try (var edu = new ServedEdu(folder);
                    var behind = new HostBehind(edu.target())) {
                attributes = attributes(behind, Steps.KEPT);
                await().until(() -> read("power_state").equals("D3cold"));

                try (ServedDevice.Watch _ = attributes.watch(this::hear)) {
                    assertThat(ask("write power/control on")).isEqualTo(new HostReply.Ok(""));
                    await().until(() -> events.contains("event power/runtime_status active"));
                    steps.tell(new BridgeEvent.Opened(false));
                }
                assertThat(ask("write power/control auto")).isEqualTo(new HostReply.Ok(""));
                await().until(() -> read("power_state").equals("D3cold"));

                assertThat(events)
                        .contains("event power_state D0", "event bridge/state awake")
                        .doesNotContain("event power_state D3cold");
            }
        }
    }
}
