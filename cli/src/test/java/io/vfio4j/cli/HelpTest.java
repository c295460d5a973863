/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.stream.Stream;

class HelpTest {
    static Stream<String> commands() {
        return Commands.all().stream().map(Command::name);
    }

    @Test
    void shouldListEveryCommand() {
        Run run = Run.of("--help");

        assertThat(run.code()).isZero();
        assertThat(commands()).allSatisfy(name -> assertThat(run.out()).contains("vfio4j " + name));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void shouldSayHowACommandIsUsedWithoutItsArguments(String name) {
        Run run = Run.of((name + " --help").split(" "));

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).startsWith("vfio4j " + name).contains("--json");
        Command command = Commands.of(List.of(name.split(" "))).orElseThrow();
        assertThat(command.options())
                .allSatisfy(option -> assertThat(run.out()).contains(option.usage()));
    }

    @Test
    void shouldIndentTheFirstExampleLikeTheOthers() {
        assertThat(Run.of("host", "--help").out())
                .contains("\n  vfio4j host PATH.ctl read power/runtime_status\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-h", "--help"})
    void shouldListTheCommandsOfAGroup(String option) {
        Run run = Run.of("power", option);

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("power status", "power enter", "power exit", "power watch");
    }

    @Test
    void shouldSayWhichVersionItIs() {
        assertThat(Run.of("--version").out()).matches("vfio4j \\d.*\\(Java \\d.*\\)\\n");
        assertThat(Run.of("--version", "--json").json().get("version").asString()).matches("\\d.*");
    }
}
