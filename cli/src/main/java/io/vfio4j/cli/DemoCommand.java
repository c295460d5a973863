/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.MappedBar;
import io.vfio4j.client.Wakeup;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.models.Edu;
import io.vfio4j.power.Delays;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/** {@code demo}: the low-power contract, from end to end over a real socket. */
final class DemoCommand implements Command {
    private final Delays delays;

    /** With the delays of the PCI specification. */
    DemoCommand() {
        this(Delays.SPEC);
    }

    DemoCommand(Delays delays) {
        this.delays = delays;
    }

    @Override
    public String name() {
        return "demo";
    }

    @Override
    public String operands() {
        return "";
    }

    @Override
    public String summary() {
        return "host a device, walk it through the low-power contract, check every step";
    }

    @Override
    public String details() {
        return """
        Device and client are both in this process, with a vfio-user socket between them; times are
        measured, with the delays of the PCI specification. Exit code 0: each step was as the
        specification says.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        arguments.none();
        DemoTimeline timeline = new DemoTimeline(arguments.json(), terminal);
        Path folder = folder();
        Path socket = folder.resolve("edu.sock");
        try {
            timeline.title("An edu device, its vfio-user client, and its host side, at " + socket);
            timeline.title("      ms  step                                          took  seen");
            play(socket, timeline);
        } finally {
            delete(folder);
        }
        return timeline.end();
    }

    private void play(Path socket, DemoTimeline timeline) {
        long descriptors = descriptors();
        try (EventLoop events = new EventLoop()) {
            // The server and the host side are left before what they leave behind is counted.
            try (VfioUserServer server = new VfioUserServer()) {
                server.serve(socket, new HostedDevice(new Edu(delays), HostOptions.system(events)));
                try (HostSide host = HostSide.connect(Path.of(socket + Arguments.CONTROL_SUFFIX))) {
                    play(socket, host, timeline);
                }
            }
        }
        timeline.step(
                "stop the server",
                "-",
                step -> {
                    step.expect("sockets left", 0L, sockets(socket));
                    step.expect(
                            "sockets, eventfds and memory files open", descriptors, descriptors());
                    step.see("no socket and no descriptor left");
                });
    }

    private void play(Path socket, HostSide host, DemoTimeline timeline) {
        timeline.step(
                "serve",
                "B2",
                step -> {
                    step.time(() -> DemoScene.awaitAsleep(host, "D3cold"));
                    step.see("nobody has it open: asleep in D3cold");
                });
        DemoScene[] opened = new DemoScene[1];
        timeline.step(
                "open",
                "B2",
                step -> {
                    opened[0] = step.time(() -> DemoScene.open(socket, host));
                    opened[0].expectAwake(step);
                    step.see("awake in D0");
                });
        if (opened[0] == null) {
            return;
        }
        DemoScene scene = opened[0];
        try (MappedBar bar = scene.device().map(2)) {
            new DemoSleep(scene, timeline).run(bar);
            new DemoWakeup(scene, timeline).run(bar);
            new DemoInterrupt(scene, timeline).run();
            timeline.step("enter with a wakeup, close", "B3", step -> closeAsleep(scene, step));
        } finally {
            scene.device().close();
        }
    }

    private static void closeAsleep(DemoScene scene, DemoStep step) {
        try (Wakeup wakeup = Wakeup.create()) {
            scene.device().enterLowPower(wakeup);
            DemoScene.awaitAsleep(scene.host(), "D3cold");
            step.time(() -> {
                scene.device().close();
                // The server notices by itself; a usage of 0 and sleep are all that is left, no
                // deeper than the registers are kept for the next client.
                DemoScene.awaitAsleep(scene.host(), "D3hot");
            });
            step.expect("the wakeup is signalled", false, wakeup.poll());
        }
        step.see("no signal: who closes does not want it");
    }

    private static Path folder() {
        try {
            String parent = System.getenv().getOrDefault("TMPDIR", "/tmp");
            return Files.createTempDirectory(Path.of(parent), "vfio4j-demo");
        } catch (IOException refused) {
            throw new CommandException(
                    "demo: there can be no folder for its sockets at %s: set TMPDIR to a folder that can be written"
                            .formatted(refused.getMessage()),
                    refused);
        }
    }

    private static long sockets(Path socket) {
        return Stream.of(socket, Path.of(socket + Arguments.CONTROL_SUFFIX))
                .filter(Files::exists)
                .count();
    }

    /** Sockets, eventfds, memory files and the like; the JVM opens jars when it pleases. */
    private static long descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.map(DemoCommand::meaning)
                    .filter(it -> !it.startsWith("/") || it.startsWith("/memfd:"))
                    .count();
        } catch (IOException refused) {
            throw new CommandException(
                    "demo: /proc/self/fd cannot be read: is /proc mounted?", refused);
        }
    }

    private static String meaning(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closed) {
            // The one that listed the folder.
            return "/";
        }
    }

    private static void delete(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException left) {
            // A socket is left in it, which a step has found as well.
        }
    }
}
