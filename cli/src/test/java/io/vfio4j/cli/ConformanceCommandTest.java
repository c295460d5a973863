/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.RuntimeControl;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class ConformanceCommandTest {
    private ServedEdu edu = new ServedEdu();

    @TempDir private Path folder = Path.of("");

    @BeforeEach
    void serve() {
        edu.close();
        edu = new ServedEdu();
    }

    @AfterEach
    void end() {
        edu.close();
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void shouldAskTheCasesThatAreMeant() {
        Run run = Run.of("conformance", edu.target(), "--only", "T.entry.*", "--only", "A2.07");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.lines()).hasSize(7);
        assertThat(run.lines().getFirst()).matches("T\\.entry\\.OFF +pass +\\d+ ms  ENTRY in OFF");
        assertThat(run.lines().getLast()).contains("6 passed, 0 failed");
    }

    @Test
    void shouldWriteAnswersThatCanBeCompared() throws IOException {
        for (String name : new String[] {"a", "b"}) {
            Run run =
                    Run.of(
                            "conformance",
                            edu.target(),
                            "--only",
                            "T.exit.*",
                            "--answers",
                            file(name + ".json"),
                            "--tap",
                            file(name + ".tap"),
                            "--junit",
                            file(name + ".xml"));
            assertThat(run.code()).isZero();
        }

        Run same = Run.of("conformance", "compare", file("a.json"), file("b.json"));

        assertThat(same.code()).isZero();
        assertThat(same.lines()).contains("T.exit.W-S                        =  =");
        assertThat(Path.of(file("a.tap"))).content().startsWith("TAP version 13");
        assertThat(Path.of(file("a.xml"))).content().contains("<testsuite ");
        String other = Files.readString(Path.of(file("a.json"))).replace("wakeup 1", "wakeup 2");
        Files.writeString(Path.of(file("b.json")), other);
        Run different = Run.of("conformance", "compare", file("a.json"), file("b.json"));
        assertThat(different.code()).isEqualTo(1);
        assertThat(different.lines()).contains("T.exit.W-S                        =  X");
    }

    @Test
    void shouldLeaveTheHostSideAsFoundWhenItIsStopped() {
        edu.host().setControl(RuntimeControl.ON);
        boolean d3coldAllowed = edu.host().d3coldAllowed();
        Run.Running running = Run.start("conformance", edu.target());
        await().until(() -> running.printed().lines().count() > 20);

        running.stop().request();
        Run run = running.end();

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("conformance: stopped after ");
        assertThat(edu.host().control()).isEqualTo(RuntimeControl.ON);
        assertThat(edu.host().d3coldAllowed()).isEqualTo(d3coldAllowed);
    }

    @Test
    void shouldListWhatThereIsToAsk() {
        Run run = Run.of("conformance", "--list", "--only", "I1.*");

        assertThat(run.lines())
                .singleElement()
                .asString()
                .startsWith("I1.unmask-asleep")
                .contains("spec I.1");
    }

    @Test
    void shouldRefuseWhatMeansNothing() {
        assertThat(Run.of("conformance").code()).isEqualTo(2);
        assertThat(Run.of("conformance", edu.target(), "--only", "nothing").code()).isEqualTo(2);
        assertThat(Run.of("conformance", edu.target(), "--kernel", "2.4").code()).isEqualTo(2);
        assertThat(Run.of("conformance", "compare", file("a.json")).code()).isEqualTo(2);
        assertThat(Run.of("conformance", "compare", file("a.json"), file("b.json")).code())
                .isEqualTo(1);
    }
}
