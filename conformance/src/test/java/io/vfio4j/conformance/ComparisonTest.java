/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Answers must be the same, but for the differences that are listed and two general rules. */
class ComparisonTest {
    private static final Verdict PASS = new Verdict.Passed();

    private static Answers target(String side, String device, Answer... answers) {
        SequencedMap<String, String> facts = new LinkedHashMap<>();
        facts.put("target", side + " " + device);
        facts.put("side", side);
        facts.put("vfio-pci", side.equals("kernel") ? "yes" : "no");
        facts.put("device", device);
        facts.put("profile", "linux-7.3");
        return new Answers(facts, List.of(answers), Duration.ZERO);
    }

    private static Answer answer(String id, Verdict verdict, String... observations) {
        return new Answer(
                id, "a title", "spec", verdict, List.of(observations), Duration.ofMillis(1));
    }

    private static List<Comparison.Mark> marks(Answers... targets) {
        return Comparison.of(List.of(targets)).rows().getFirst().marks();
    }

    private static boolean good(Answers... targets) {
        return Comparison.of(List.of(targets)).good();
    }

    @Test
    void shouldTakeTheSameForTheSame() {
        Answers one = target("kernel", "e1000e", answer("x", PASS, "a", "b"));
        Answers other = target("socket", "edu", answer("x", PASS, "a", "b"));

        assertThat(good(one, other)).isTrue();
        assertThat(marks(one, other)).containsExactly(Comparison.Mark.SAME, Comparison.Mark.SAME);
    }

    @Test
    void shouldNoticeAnotherObservation() {
        Answers one = target("kernel", "e1000e", answer("x", PASS, "a", "b"));
        Answers other = target("socket", "edu", answer("x", PASS, "a", "c"));

        assertThat(good(one, other)).isFalse();
        assertThat(Comparison.of(List.of(one, other)).lines())
                .anySatisfy(line -> assertThat(line).contains("x: ", "[a, b]", "[a, c]"));
    }

    @Test
    void shouldNoticeAFailureEvenIfAllFailAlike() {
        Verdict failed = new Verdict.Failed(List.of("expected \"b\", observed \"a\""));
        Answers one = target("kernel", "e1000e", answer("x", failed, "a"));

        assertThat(good(one, one)).isFalse();
    }

    @Test
    void shouldNoticeACaseThatWasNotAsked() {
        assertThat(
                        good(
                                target("kernel", "edu", answer("x", PASS), answer("y", PASS)),
                                target("kernel", "edu", answer("x", PASS))))
                .isFalse();
    }

    @Test
    void shouldAllowOtherHardwareToShowLess() {
        Answers shows = target("kernel", "e1000e", answer("x", PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable("the device has no INTx");

        assertThat(good(shows, target("kernel", "nvme", answer("x", lacks)))).isTrue();
        assertThat(good(shows, target("socket", "e1000e", answer("x", lacks)))).isTrue();
        assertThat(good(shows, target("kernel", "e1000e", answer("x", lacks)))).isFalse();
    }

    @Test
    void shouldWantBothSidesToShowWhatMatters() {
        String id = "C.pread.D3cold";
        Answers kernel = target("kernel", "e1000e", answer(id, PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable("asleep it does not reach D3cold here");
        Answers host = target("socket", "edu", answer(id, lacks));

        assertThat(good(kernel, host)).isFalse();
        assertThat(good(kernel, target("socket", "edu", answer(id, PASS, "a")))).isTrue();
        assertThat(good(kernel, target("kernel", "nvme", answer(id, lacks)))).isTrue();
        assertThat(Conformance.list())
                .extracting(Conformance.Entry::id)
                .containsAll(Comparison.MUST_SHOW);
    }

    @Test
    void shouldAllowAKernelNotToCountForAllToSee() {
        Answers shows = target("kernel", "e1000e", answer("x", PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable(Need.USAGE.reason());

        assertThat(good(shows, target("kernel", "e1000e", answer("x", lacks)))).isTrue();
    }

    @Test
    void shouldAllowAKernelBetweenTheVerifiedOnesNotToBeAsked() {
        Answers shows = target("kernel", "e1000e", answer("x", PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable(KernelProfile.NOT_VERIFIED + "6.8");

        assertThat(good(shows, target("kernel", "e1000e", answer("x", lacks)))).isTrue();
    }

    @Test
    void shouldAllowAListedDifferenceInNoOtherWay() {
        String id = "B5.msix-table";
        Answers kernel = target("kernel", "e1000e", answer(id, PASS, "a write → 0", "all ones"));
        Answers socket = target("socket", "edu", answer(id, PASS, "a write → 0", "as written"));
        Answers wrong = target("socket", "edu", answer(id, PASS, "a write → 0", "all ones"));

        assertThat(good(kernel, socket)).isTrue();
        assertThat(marks(kernel, socket))
                .containsExactly(Comparison.Mark.EXCEPTED, Comparison.Mark.EXCEPTED);
        assertThat(good(kernel, wrong)).isFalse();
    }

    private static Answers bridge(String device, String d3cold, Answer... answers) {
        Answers socket = target("socket", device, answers);
        SequencedMap<String, String> facts = new LinkedHashMap<>(socket.facts());
        facts.put("vfio-pci", "yes");
        facts.put("passed on", "yes");
        facts.put("D3cold", d3cold);
        return new Answers(facts, socket.answers(), socket.time());
    }

    @Test
    void shouldWantOfABridgeWhatTheKernelShowsOfItsDevice() {
        Answers kernel = target("kernel", "e1000e", answer("x", PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable(Need.INTX.reason());

        assertThat(good(kernel, bridge("e1000e", "reached", answer("x", lacks)))).isFalse();
        assertThat(good(kernel, bridge("edu", "reached", answer("x", lacks)))).isTrue();
        assertThat(good(kernel, bridge("e1000e", "reached", answer("x", PASS, "a")))).isTrue();
    }

    @Test
    void shouldNotWantOfABridgeWhatItDoesNotPassOn() {
        Answers kernel = target("kernel", "e1000e", answer("x", PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable(Need.IOEVENTFD.reason());

        assertThat(good(kernel, bridge("e1000e", "reached", answer("x", lacks)))).isTrue();
    }

    @Test
    void shouldAllowABridgeThatKeepsItsPromiseToHaveNoD3cold() {
        Answers kernel = target("kernel", "e1000e", answer("x", PASS, "a"));
        Verdict lacks = new Verdict.NotApplicable(Need.D3COLD.reason());

        assertThat(good(kernel, bridge("e1000e", "refused", answer("x", lacks)))).isTrue();
        assertThat(good(kernel, bridge("e1000e", "not reached", answer("x", lacks)))).isFalse();
    }

    @Test
    void shouldWantNothingOfABridgeThatItsDeviceDoesNotShow() {
        Verdict lacks = new Verdict.NotApplicable(Need.D3COLD.reason());
        String id = Comparison.MUST_SHOW.getLast();
        Answers kernel = target("kernel", "edu", answer(id, lacks));

        assertThat(good(kernel, bridge("edu", "not reached", answer(id, lacks)))).isTrue();
        assertThat(good(kernel, target("socket", "edu", answer(id, lacks)))).isFalse();
    }

    @Test
    void shouldAllowABridgeToShowMore() {
        Verdict lacks = new Verdict.NotApplicable(Need.BRIDGE.reason());
        Answers kernel = target("kernel", "e1000e", answer("x", lacks));

        assertThat(good(kernel, bridge("e1000e", "reached", answer("x", PASS, "a")))).isTrue();
    }
}
