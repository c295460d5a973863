/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Answers written down: nothing is lost, and not applicable is never a pass. */
class ReportTest {
    private static final Answers ANSWERS =
            new Answers(
                    new LinkedHashMap<>(Map.of("target", "0000:01:00.0")),
                    List.of(
                            answer("T.good", new Verdict.Passed()),
                            answer(
                                    "T.bad",
                                    new Verdict.Failed(
                                            List.of("expected \"a\", observed \"<b> & #\""))),
                            answer("T.none", new Verdict.NotApplicable("the device has no INTx")),
                            answer("T.broken", new Verdict.Erred("it broke"))),
                    Duration.ofMillis(1234));

    private static Answer answer(String id, Verdict verdict) {
        return new Answer(
                id, "a title", "spec B3", verdict, List.of("x → 0"), Duration.ofMillis(5));
    }

    @Test
    void shouldBeReadAsItWasWritten() {
        assertThat(AnswersFile.read(AnswersFile.write(ANSWERS))).isEqualTo(ANSWERS);
    }

    @Test
    void shouldRefuseWhatIsSomethingElse() {
        for (String text : List.of("", "[]", "{}", "{\"facts\": 1}", "hello")) {
            assertThatThrownBy(() -> AnswersFile.read(text))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void shouldSpeakTap() {
        assertThat(Report.tap(ANSWERS).lines())
                .startsWith("TAP version 13", "1..4", "ok 1 - T.good: a title")
                .contains(
                        "not ok 2 - T.bad: a title",
                        "    - \"expected \\\"a\\\", observed \\\"<b> & #\\\"\"",
                        "ok 3 - T.none: a title # SKIP the device has no INTx",
                        "not ok 4 - T.broken: a title");
    }

    @Test
    void shouldSpeakJunit() {
        assertThat(Report.junit(ANSWERS))
                .contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"1.234\"")
                .contains("<skipped message=\"the device has no INTx\"")
                .contains("&lt;b&gt; &amp; #");
    }

    @Test
    void shouldSayInTheEndHowManyThereAreOfEach() {
        assertThat(Report.summary(ANSWERS))
                .isEqualTo(
                        "0000:01:00.0: 1 passed, 1 failed, 1 errors, 1 not applicable, in 1234 ms");
        assertThat(ANSWERS.good()).isFalse();
    }
}
