/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.DeviceNotFoundException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.Target;
import io.vfio4j.uapi.HostAttribute;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/** The host side of the device behind is there when it is there. */
@Timeout(20)
class HostBehindTest {
    @TempDir Path folder;

    private static String vendor(HostBehind behind) {
        return behind.ask(side -> side.read(HostAttribute.VENDOR));
    }

    @Test
    void shouldNotNeedAHostSideBeforeSomebodyAsks() {
        try (var behind = new HostBehind(new Target.VfioUser(folder.resolve("nobody")))) {
            assertThatThrownBy(() -> behind.ask(HostSide::powerState))
                    .isInstanceOf(DeviceNotFoundException.class);

            try (var _ = new ServedEdu(folder);
                    var there = new HostBehind(new Target.VfioUser(folder.resolve("edu.sock")))) {
                assertThat(there.ask(HostSide::powerState)).startsWith("D");
            }
        }
    }

    @Test
    void shouldFindTheHostSideOfAServerThatWasStartedAgain() {
        ServedEdu first = new ServedEdu(folder);
        try (var behind = new HostBehind(first.target())) {
            assertThat(vendor(behind)).isEqualTo("0x1234");
            first.close();
            assertThatThrownBy(() -> behind.ask(HostSide::powerState))
                    .isInstanceOf(DeviceNotFoundException.class);
            try (var _ = new ServedEdu(folder)) {
                assertThat(vendor(behind)).isEqualTo("0x1234");
            }
        }
    }

    @Test
    void shouldAskAgainOverANewConnectionWhenTheOldOneTurnsOutToBeLost() {
        ServedEdu first = new ServedEdu(folder);
        try (var behind = new HostBehind(first.target())) {
            assertThat(vendor(behind)).isEqualTo("0x1234");
            first.close();
            try (var _ = new ServedEdu(folder)) {
                assertThat(vendor(behind)).isEqualTo("0x1234");
            }
        }
    }

    @Test
    void shouldGiveItUpForGood() {
        StubHostSide side = new StubHostSide().with(HostAttribute.POWER_STATE, "D0");
        var behind = new HostBehind(() -> side);
        assertThat(behind.ask(HostSide::powerState)).isEqualTo("D0");

        behind.close();
        behind.close();

        assertThat(side.asked()).containsExactly("read power_state", "close");
        assertThatThrownBy(() -> behind.ask(HostSide::powerState))
                .isInstanceOf(IllegalStateException.class);
    }
}
