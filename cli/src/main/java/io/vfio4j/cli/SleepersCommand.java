/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bench.SleeperBench;
import io.vfio4j.bench.SleeperReport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** {@code bench sleepers}: what many sleeping devices cost their host. */
final class SleepersCommand implements Command {
    private static final int DEVICES = 100;
    private static final int MAX_DEVICES = 1000;
    private static final Duration TIME = Duration.ofSeconds(10);
    private static final Duration WARM_UP = Duration.ofSeconds(3);

    // The thermometer's control register, in BAR0.
    private static final int CONTROL = 8;

    @Override
    public String name() {
        return "bench sleepers";
    }

    @Override
    public String operands() {
        return "";
    }

    @Override
    public String summary() {
        return "measure what many devices cost their host, awake and asleep";
    }

    @Override
    public String details() {
        return """
        Serves that many devices from one process of its own: thermometers, each of which looks at its
        sensor 100 times a second while it is awake. CPU is that process's, wakes are its threads'.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.DEVICES, CommandOption.TIME, CommandOption.WARM_UP);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        arguments.none();
        int count =
                arguments.value(CommandOption.DEVICES).map(SleepersCommand::count).orElse(DEVICES);
        Duration time = arguments.duration(CommandOption.TIME).orElse(TIME);
        Duration warmUp = arguments.duration(CommandOption.WARM_UP).orElse(WARM_UP);
        Stop stop = terminal.stops().get();
        try {
            Path folder = Files.createTempDirectory("vfio4j-sleepers");
            List<Path> sockets =
                    IntStream.range(0, count).mapToObj(i -> folder.resolve(i + ".sock")).toList();
            try (ServeProcess server = ServeProcess.start(ServedModel.THERMOMETER, sockets)) {
                SleeperReport report =
                        SleeperBench.run(
                                server.pid(),
                                sockets,
                                device -> device.writeInt(0, CONTROL, 1),
                                warmUp,
                                time,
                                stop::requested);
                terminal.say(arguments.json() ? report.toJson() : report.toTable().stripTrailing());
            } finally {
                Files.deleteIfExists(folder);
            }
        } catch (IOException failed) {
            throw new CommandException(
                    "bench sleepers: the devices cannot be served: " + failed, failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new CommandException("bench sleepers: interrupted", stopped);
        }
        return new Exit.Done();
    }

    private static int count(String text) {
        if (text.matches("[0-9]{1,4}")) {
            int count = Integer.parseInt(text);
            if (count >= 1 && count <= MAX_DEVICES) {
                return count;
            }
        }
        throw new UsageException(
                "--devices takes a number from 1 to %d, not \"%s\"".formatted(MAX_DEVICES, text));
    }
}
