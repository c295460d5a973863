/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.Target;
import io.vfio4j.power.BridgePromise.D3cold;
import io.vfio4j.uapi.HostAttribute;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;

/** No promise broken: D3cold is out of reach for as long as a guest relies on its context. */
class D3coldHoldTest {
    private static final String READ = "read d3cold_allowed";

    private final StubHostSide side = new StubHostSide();

    private D3coldHold take(boolean noSoftReset, boolean deep) {
        return D3coldHold.take(new HostBehind(() -> side), noSoftReset, deep, "device");
    }

    private D3coldHoldTest allowed(String value) {
        side.with(HostAttribute.D3COLD_ALLOWED, value);
        return this;
    }

    @ParameterizedTest
    @CsvSource({
        // before, No_Soft_Reset, --deep, meanwhile
        "1, true,  false, 0",
        "0, true,  false, 0",
        "1, true,  true,  1",
        "0, true,  true,  1",
        "1, false, false, 1",
        "0, false, false, 0",
        "1, false, true,  1",
        "0, false, true,  1"
    })
    void shouldHaveTheHostDoAsThePromiseNeedsAndUndoThatAtTheEnd(
            String before, boolean noSoftReset, boolean deep, String meanwhile) {
        allowed(before);

        D3coldHold hold = take(noSoftReset, deep);

        assertThat(side.value(HostAttribute.D3COLD_ALLOWED)).isEqualTo(meanwhile);
        assertThat(hold.d3cold())
                .isEqualTo(meanwhile.equals("1") ? D3cold.ALLOWED : D3cold.FORBIDDEN);
        hold.close();
        hold.close();
        assertThat(side.value(HostAttribute.D3COLD_ALLOWED)).isEqualTo(before);
    }

    /** Writing it wakes the device, whatever is written (spec C). */
    @Test
    void shouldWriteNothingThatIsSoAlready() {
        allowed("0").take(true, false).close();

        assertThat(side.asked()).containsExactly(READ);
    }

    @Test
    void shouldSayWhatItMayNotForbid() {
        side.readOnly(HostAttribute.D3COLD_ALLOWED);

        try (D3coldHold hold = allowed("1").take(true, false)) {
            assertThat(hold.d3cold()).isEqualTo(D3cold.ALLOWED);
        }
        assertThat(side.asked()).containsExactly(READ, "write d3cold_allowed 0");
    }

    @Test
    void shouldSayWhatItMayNotAllow() {
        side.readOnly(HostAttribute.D3COLD_ALLOWED);

        try (D3coldHold hold = allowed("0").take(true, true)) {
            assertThat(hold.d3cold()).isEqualTo(D3cold.FORBIDDEN);
        }
    }

    @Test
    void shouldNotPretendToKnowWhatNobodyTells() {
        try (D3coldHold hold = take(true, false)) {
            assertThat(hold.d3cold()).isEqualTo(D3cold.UNKNOWN);
            assertThat(hold.kept()).isTrue();
        }
    }

    @Test
    void shouldLeaveAloneWhatSomebodyElseHasChangedSince() {
        D3coldHold hold = allowed("1").take(true, false);
        allowed("1");
        assertThat(side.asked()).contains("write d3cold_allowed 0");

        hold.close();

        assertThat(side.asked()).containsExactly(READ);
    }

    @Test
    void shouldSeeThatThePromiseWasBrokenByTheHost() {
        D3coldHold hold = allowed("1").take(true, false);
        assertThat(hold.kept()).isTrue();

        allowed("1");

        assertThat(hold.kept()).isFalse();
    }

    @Test
    void shouldWorkOnADevicesOwnHostSide(@TempDir Path folder) {
        try (var edu = new ServedEdu(folder);
                var behind = new HostBehind(edu.target())) {
            try (D3coldHold hold = D3coldHold.take(behind, true, false, "edu")) {
                assertThat(hold.d3cold()).isEqualTo(D3cold.FORBIDDEN);
                assertThat(edu.device().power().host().isD3coldAllowed()).isFalse();
            }
            assertThat(edu.device().power().host().isD3coldAllowed()).isTrue();
        }
    }

    @Test
    void shouldEndInPeaceWhenTheHostSideIsGone(@TempDir Path folder) {
        var nobody = new HostBehind(new Target.VfioUser(folder.resolve("nobody")));

        D3coldHold.take(nobody, true, false, "device").close();

        var edu = new ServedEdu(folder);
        D3coldHold hold = D3coldHold.take(new HostBehind(edu.target()), true, false, "edu");
        edu.close();
        hold.close();
        assertThat(hold.d3cold()).isEqualTo(D3cold.FORBIDDEN);
    }
}
