/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.system;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Map.entry;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The arrows between the rooms, and the names that must not be needed. */
class ArchitectureTest {
    /** Each room and the rooms that it may know. */
    private static final Map<String, Set<String>> ARROWS =
            Map.ofEntries(
                    entry("linux", Set.of()),
                    entry("uapi", Set.of("linux")),
                    entry("power", Set.of()),
                    entry("device", Set.of("linux", "uapi", "power")),
                    entry("server", Set.of("linux", "uapi", "power", "device")),
                    entry("client", Set.of("linux", "uapi")),
                    entry("bridge", Set.of("linux", "uapi", "power", "device", "server", "client")),
                    entry("models", Set.of("linux", "uapi", "power", "device", "server")),
                    entry("tutorial", Set.of("linux", "power", "device", "server")),
                    entry("bench", Set.of("linux", "uapi", "client")),
                    entry("conformance", Set.of("linux", "uapi", "client")),
                    entry(
                            "cli",
                            Set.of(
                                    "linux",
                                    "uapi",
                                    "power",
                                    "device",
                                    "server",
                                    "client",
                                    "bridge",
                                    "models",
                                    "tutorial",
                                    "bench",
                                    "conformance")));

    private static final List<String> TELLTALE_NAMES =
            List.of("Util", "Utils", "Common", "Manager", "Helper", "Impl");

    private static final JavaClasses ALL =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("io.vfio4j");

    static Set<String> rooms() {
        return ARROWS.keySet();
    }

    private static String room(String name) {
        return "io.vfio4j." + name + "..";
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void shouldKnowOnlyTheRoomsThatItsArrowsPointTo(String name) {
        String[] others =
                ARROWS.keySet().stream()
                        .filter(other -> !other.equals(name))
                        .filter(other -> !ARROWS.getOrDefault(name, Set.of()).contains(other))
                        .map(ArchitectureTest::room)
                        .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(room(name))
                .should()
                .dependOnClassesThat(resideInAnyPackage(others))
                .check(ALL);
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void shouldBeOnePackage(String name) {
        assertThat(ALL.that(resideInAnyPackage(room(name)))).isNotEmpty();
        classes()
                .that()
                .resideInAPackage(room(name))
                .should()
                .resideInAPackage("io.vfio4j." + name)
                .check(ALL);
    }

    @Test
    void shouldHaveNoRoomWithoutArrows() {
        String[] known =
                ARROWS.keySet().stream().map(ArchitectureTest::room).toArray(String[]::new);
        assertThat(ALL.that(resideOutsideOfPackages(known))).isEmpty();
    }

    @Test
    void shouldCallTheKernelInOneRoomOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackage(room("linux"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(ALL);
    }

    /** Pure: no I/O, no clock, no thread, so that every interleaving can be explored. */
    @Test
    void shouldKeepTheRulesPure() {
        classes()
                .that()
                .resideInAPackage(room("power"))
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(
                                "io.vfio4j.power",
                                "java.lang",
                                "java.lang.annotation",
                                "java.lang.invoke",
                                "java.lang.runtime",
                                "java.time",
                                "java.util",
                                "java.util.concurrent",
                                "java.util.concurrent.atomic",
                                "java.util.concurrent.locks",
                                "java.util.function",
                                "java.util.stream",
                                "org.jspecify.annotations"))
                .check(ALL);
        noClasses()
                .that()
                .resideInAPackage(room("power"))
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "start")
                .check(ALL);
    }

    @Test
    void shouldNotNeedNamesOfTheWrongRoom() {
        classes().should(haveNoTelltaleName()).check(ALL);
    }

    private static ArchCondition<com.tngtech.archunit.core.domain.JavaClass> haveNoTelltaleName() {
        return new ArchCondition<>("have a name that says what they are") {
            @Override
            public void check(
                    com.tngtech.archunit.core.domain.JavaClass type, ConditionEvents events) {
                boolean bad =
                        Arrays.stream(type.getSimpleName().split("(?=[A-Z])"))
                                .anyMatch(TELLTALE_NAMES::contains);
                if (bad) {
                    events.add(SimpleConditionEvent.violated(type, type.getName()));
                }
            }
        };
    }
}
