/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.VfioException;
import io.vfio4j.uapi.HostAttribute;

import org.junit.jupiter.api.Test;

/** power/control on, and back to what it was. */
class AwakeHoldTest {
    private final StubHostSide side = new StubHostSide().with(HostAttribute.POWER_CONTROL, "auto");
    private final AwakeHold awake = new AwakeHold(new HostBehind(() -> side));

    @Test
    void shouldHoldTheDeviceAwakeAndLetItGoAgain() {
        awake.hold(true);
        awake.hold(true);
        assertThat(side.asked()).containsExactly("read power/control", "write power/control on");

        awake.hold(false);
        awake.hold(false);
        assertThat(side.asked()).containsExactly("write power/control auto");
    }

    @Test
    void shouldLeaveAwakeWhatTheHostHadAwake() {
        side.with(HostAttribute.POWER_CONTROL, "on");

        awake.hold(true);
        awake.hold(false);
        awake.close();

        assertThat(side.asked()).containsExactly("read power/control");
    }

    @Test
    void shouldLetTheDeviceGoAtTheEnd() {
        awake.hold(true);

        awake.close();
        awake.close();

        assertThat(side.value(HostAttribute.POWER_CONTROL)).isEqualTo("auto");
    }

    /** Nobody would let it go. */
    @Test
    void shouldHoldNothingAfterTheEnd() {
        awake.close();

        awake.hold(true);

        assertThat(side.asked()).isEmpty();
    }

    @Test
    void shouldSayThatItMayNot() {
        side.readOnly(HostAttribute.POWER_CONTROL);

        assertThatThrownBy(() -> awake.hold(true))
                .isInstanceOf(VfioException.class)
                .hasMessageContaining("needs root");
        side.asked();
        awake.hold(false);
        assertThat(side.asked()).as("nothing to undo").isEmpty();
    }
}
