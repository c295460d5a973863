/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.linux.Fd;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;

/** The device host keeps the contract, as far as a device behind a socket can show it. */
class DeviceHostTest {
    private static ServedEdu edu = new ServedEdu(KernelProfile.LINUX_7_3);

    @BeforeAll
    static void serve() {
        edu.close();
        edu = new ServedEdu(KernelProfile.LINUX_7_3);
    }

    @AfterAll
    static void end() {
        edu.close();
    }

    @Test
    void shouldPassEveryCaseThatItCanShow() {
        Answers answers = DirectAnswers.ALL;

        assertThat(Report.failures(answers)).isEmpty();
        assertThat(DirectAnswers.TOLD).isEqualTo(answers.answers());
        assertThat(answers.answers()).hasSameSizeAs(Conformance.list());
        assertThat(answers.answers())
                .filteredOn(answer -> answer.verdict() instanceof Verdict.NotApplicable)
                .allSatisfy(answer ->
                        assertThat(answer.id())
                                .matches(
                                        "F\\..*|.*ioeventfd.*|.*hot-reset.*|.*duplicate.*"
                                                + "|B4.keeps-open.*|B5.rom-write|C.sriov.*|C.unbind.*|B8.*"));
        // What the table would answer in the same way on a target that has it all.
        assertThat(
                        Comparison.of(
                                        List.of(
                                                answers,
                                                AnswersFile.read(AnswersFile.write(answers))))
                                .good())
                .isTrue();
    }

    @Test
    void shouldAnswerAsAnOlderKernelWhereThatDiffers() {
        try (ServedEdu older = new ServedEdu(KernelProfile.LINUX_6_1)) {
            Answers answers = Conformance.run(older, Glob.anyOf(List.of("A1.*", "MSI.*")), _ -> {});

            assertThat(Report.failures(answers)).isEmpty();
        }
    }

    @Test
    void shouldLeaveNothingBehind() {
        try (HostSide host = edu.openHost()) {
            Answers _ = Conformance.run(edu, Glob.of("T.entry.*"), _ -> {});
            boolean d3coldAllowed = !host.d3coldAllowed();
            host.setD3coldAllowed(d3coldAllowed);
            int descriptors = Fd.openCount();

            Answers answers = Conformance.run(edu, Glob.of("T.*.W-S"), _ -> {});

            assertThat(answers.good()).isTrue();
            assertThat(host.control()).isEqualTo(RuntimeControl.AUTO);
            assertThat(host.d3coldAllowed()).isEqualTo(d3coldAllowed);
            assertThat(Settle.until(() -> Fd.openCount() <= descriptors, Duration.ofSeconds(5)))
                    .isTrue();
        }
    }

    @Test
    void shouldNameEachCaseOnce() {
        assertThat(Conformance.list()).extracting(Conformance.Entry::id).doesNotHaveDuplicates();
    }
}
