/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** docs/conformance.md says what there is. */
class DocumentationTest {
    private static final Path FILE =
            Path.of("").toAbsolutePath().resolveSibling("docs/conformance.md");
    private static final String HEAD = "| case | answers | why |";

    @Test
    void shouldShowEveryDifferenceThatIsAllowed() throws IOException {
        List<String> lines = Files.readAllLines(FILE);
        List<String> table =
                lines.subList(lines.indexOf(HEAD) + 2, lines.size()).stream()
                        .takeWhile(line -> line.startsWith("|"))
                        .toList();

        assertThat(table)
                .containsExactlyElementsOf(
                        Differences.all().stream().map(Difference::markdown).toList());
    }

    @Test
    void shouldSayHowManyCasesThereAre() throws IOException {
        assertThat(Files.readString(FILE)).contains(Conformance.list().size() + " questions");
    }

    @Test
    void shouldAllowDifferencesOfCasesThatExist() {
        assertThat(Differences.all())
                .allSatisfy(difference ->
                        assertThat(Conformance.list())
                                .extracting(Conformance.Entry::id)
                                .anyMatch(difference.covers()));
    }
}
