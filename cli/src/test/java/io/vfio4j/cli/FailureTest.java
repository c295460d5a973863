/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class FailureTest {
    @ParameterizedTest
    @ValueSource(strings = {"info", "power status", "power enter", "power exit", "power watch"})
    void shouldSayWhereNoDeviceIs(String command) {
        Run run = Run.of((command + " vfio-user:/nowhere/edu.sock").split(" "));

        assertFailure(run, "/nowhere/edu.sock");
    }

    /** On no machine is there a device 1f on bus ff of domain ffffffff. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "info %s",
                "info %s --via group",
                "power status %s",
                "power enter %s",
                "power exit %s",
                "power watch %s",
                "bridge %s --socket /tmp/vfio4j-nobody.sock",
                "bind %s",
                "unbind %s",
                "host %s read power_state",
                "host %s write power/control on"
            })
    void shouldSayThatThereIsNoSuchDevice(String command) {
        String address = "ffffffff:ff:1f.7";

        assertFailure(
                Run.of(command.formatted(address).split(" ")), address + ": there is no such");
    }

    @Test
    void shouldSayWhereNoHostSideIs() {
        assertFailure(
                Run.of("host", "/nowhere/edu.sock.ctl", "read", "power_state"),
                "/nowhere/edu.sock.ctl");
    }

    @Test
    void shouldShowATraceOnlyToThoseWhoDebug() {
        Run run = Run.of("--debug", "info", "vfio-user:/nowhere/edu.sock");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).startsWith("vfio4j: ").contains("\tat io.vfio4j.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "power enter", "power exit"})
    void shouldSayThatAnotherClientHasTheDevice(String command) {
        try (ServedEdu edu = new ServedEdu();
                VfioDevice _ = VfioDevice.open(new Target.VfioUser(edu.socket()))) {
            assertFailure(Run.of((command + " " + edu.target()).split(" ")), "another client has");
        }
    }

    @Test
    void shouldSayHowToWakeADeviceThatAnotherClientLetSleep() {
        try (ServedEdu edu = new ServedEdu();
                VfioDevice _ = VfioDevice.open(new Target.VfioUser(edu.socket()))) {
            Run run = Run.of("power", "exit", edu.target());

            assertFailure(run, "EBUSY");
            assertThat(run.err())
                    .contains("vfio4j host %s write power/control on".formatted(edu.control()));
        }
    }

    @Test
    void shouldNotServeWhereAnotherServerDoes() {
        try (ServedEdu edu = new ServedEdu()) {
            Run run = Run.of("serve", "edu", "--socket", edu.socket().toString());

            assertFailure(run, "EADDRINUSE");
            assertThat(run.err()).contains("stop it or choose another path");
            assertThat(Run.of("power", "status", edu.target()).code()).isZero();
        }
    }

    @Test
    void shouldNotPassOnWhatIsNotThereOrWhatAnotherClientHas(@TempDir Path folder) {
        String socket = folder.resolve("b.sock").toString();

        assertFailure(
                Run.of("bridge", "vfio-user:/nowhere/edu.sock", "--socket", socket),
                "/nowhere/edu.sock");
        try (ServedEdu edu = new ServedEdu();
                VfioDevice _ = VfioDevice.open(new Target.VfioUser(edu.socket()))) {
            assertFailure(Run.of("bridge", edu.target(), "--socket", socket), "another client has");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldNotPassOnWhereNoSocketCanBe() {
        try (ServedEdu edu = new ServedEdu();
                ServedEdu other = new ServedEdu()) {
            assertFailure(
                    Run.of("bridge", edu.target(), "--socket", other.socket().toString()),
                    "EADDRINUSE");
            assertFailure(
                    Run.of("bridge", edu.target(), "--sockets", "/nowhere/at/all"),
                    "there is no folder /nowhere/at/all");
            assertThat(edu.host().d3coldAllowed()).as("given back").isTrue();
        }
    }

    @Test
    void shouldRemoveTheSocketsOfADeviceWhoseNeighbourCannotBePassedOn(@TempDir Path folder) {
        try (ServedEdu edu = new ServedEdu()) {
            assertFailure(
                    Run.of(
                            "bridge",
                            edu.target(),
                            "ffffffff:ff:1f.7",
                            "--sockets",
                            folder.toString()),
                    "there is no such");
            assertThat(folder).isEmptyDirectory();
            assertThat(edu.host().d3coldAllowed()).as("given back").isTrue();
        }
    }

    @Test
    void shouldNotServeInAFolderThatIsNotThere() {
        assertFailure(
                Run.of("serve", "edu", "--socket", "/nowhere/edu.sock"),
                "make the folder /nowhere");
    }

    @Test
    void shouldNotServeOnAFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "precious");

        assertFailure(Run.of("serve", "edu", "--socket", file.toString()), file.toString());
        assertFailure(Run.of("info", "vfio-user:" + file), file + " is a file, not a socket");
        assertFailure(Run.of("info", "vfio-user:" + folder), folder + " is a folder, not a socket");
        assertThat(file).hasContent("precious");
    }

    @Test
    void shouldRemoveTheSocketsOfADeviceWhoseNeighbourCannotBeServed(@TempDir Path folder) {
        Path first = folder.resolve("a.sock");

        assertFailure(Run.of("serve", "edu=" + first, "bench=/nowhere/b.sock"), "/nowhere/b.sock");
        assertThat(folder).isEmptyDirectory();
    }

    private static void assertFailure(Run run, String complaint) {
        assertThat(run.err()).startsWith("vfio4j: ").contains(complaint);
        assertThat(run.err().lines().filter(line -> line.startsWith("vfio4j: "))).hasSize(1);
        assertThat(run.err()).doesNotContain("\tat ");
        assertThat(run.code()).isEqualTo(1);
    }
}
