/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bridge.BridgeOptions;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A device, where it is passed on, and how.
 *
 * @param target the device behind
 * @param socket where its clients connect
 * @param options how it is passed on
 */
record BridgePlace(Target target, Path socket, BridgeOptions options) {
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Duration SHORTEST_WAKE = Duration.ofMillis(1);

    /** How much longer than its wake an answer of a device behind a socket may take. */
    private static final Duration ANSWER = Duration.ofSeconds(6);

    /** What a command line asks for, as far as that can be told without touching a device. */
    static List<BridgePlace> of(Arguments arguments) {
        List<Target> targets = targets(arguments);
        List<Path> sockets = sockets(arguments, targets);
        List<BridgePlace> places = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            places.add(new BridgePlace(target, sockets.get(i), options(arguments, target)));
        }
        List<Path> all = new ArrayList<>(sockets);
        targets.forEach(target -> ownSocket(target).ifPresent(all::add));
        ServerSockets.checkDistinct(all);
        return places;
    }

    private static List<Target> targets(Arguments arguments) {
        if (arguments.operands().isEmpty()) {
            throw new UsageException("TARGET (0000:01:00.0 or vfio-user:PATH) is missing");
        }
        List<Target> targets = new ArrayList<>();
        Set<Object> named = new HashSet<>();
        for (String word : arguments.operands()) {
            Target target = Arguments.target(word);
            Object what = ownSocket(target).<Object>map(Path::normalize).orElse(target);
            if (!named.add(what)) {
                throw new UsageException("%s is named twice".formatted(target));
            }
            targets.add(target);
        }
        return targets;
    }

    /** The socket behind which a device is that is no device of this machine. */
    private static Optional<Path> ownSocket(Target target) {
        return target instanceof Target.VfioUser(Path socket)
                ? Optional.of(socket.toAbsolutePath())
                : Optional.empty();
    }

    private static List<Path> sockets(Arguments arguments, List<Target> targets) {
        List<String> given = arguments.values(CommandOption.SOCKET);
        Optional<String> folder = arguments.value(CommandOption.SOCKETS);
        if (folder.isPresent() && !given.isEmpty()) {
            throw new UsageException("either --socket PATH or --sockets DIR, not both");
        }
        if (folder.isPresent()) {
            return targets.stream().map(target -> in(folder.get(), target)).toList();
        }
        if (given.isEmpty()) {
            throw new UsageException("--socket PATH or --sockets DIR is missing");
        }
        if (given.size() != targets.size()) {
            throw new UsageException(
                    "%d --socket for %d TARGET: say one for each, in the same order, or --sockets DIR"
                            .formatted(given.size(), targets.size()));
        }
        return given.stream().map(Arguments::serverSocket).toList();
    }

    private static Path in(String folder, Target target) {
        String name =
                switch (target) {
                    case Target.Pci(var address) -> address + ".sock";
                    case Target.VfioUser(Path socket) -> String.valueOf(socket.getFileName());
                };
        return Arguments.serverSocket((folder.isEmpty() ? "." : folder) + "/" + name);
    }

    private static BridgeOptions options(Arguments arguments, Target target) {
        BridgeOptions defaults = BridgeOptions.DEFAULTS;
        Duration wake = duration(arguments, CommandOption.WAKE_TIMEOUT, defaults.wakeTimeout());
        if (wake.compareTo(SHORTEST_WAKE) < 0) {
            throw new UsageException("--wake-timeout is at least 1ms");
        }
        OpenOptions open = arguments.openOptions(target);
        if (open.answerTimeout().compareTo(wake.plus(ANSWER)) < 0) {
            open = open.withAnswerTimeout(wake.plus(ANSWER));
        }
        return new BridgeOptions(
                open,
                arguments.has(CommandOption.DEEP),
                entry(arguments),
                reentry(arguments),
                duration(arguments, CommandOption.HYSTERESIS, defaults.hysteresis()),
                duration(arguments, CommandOption.GRACE, defaults.grace()),
                wake,
                mappable(arguments),
                arguments.has(CommandOption.KEEP));
    }

    private static Duration duration(
            Arguments arguments, CommandOption option, Duration otherwise) {
        Duration duration = arguments.duration(option).orElse(otherwise);
        if (duration.compareTo(LONGEST) > 0) {
            throw new UsageException("--%s is at most 1h".formatted(option.longName()));
        }
        return duration;
    }

    private static SleepEntry entry(Arguments arguments) {
        String text = arguments.value(CommandOption.ENTRY).orElse("wakeup");
        return switch (text) {
            case "wakeup" -> SleepEntry.WAKEUP;
            case "plain" -> SleepEntry.PLAIN;
            case "pmcsr" -> SleepEntry.PMCSR;
            default -> throw neither(CommandOption.ENTRY, "wakeup, plain or pmcsr", text);
        };
    }

    private static Reentry reentry(Arguments arguments) {
        String text = arguments.value(CommandOption.REENTRY).orElse("guest");
        return switch (text) {
            case "guest" -> Reentry.GUEST;
            case "auto" -> Reentry.AUTO;
            case "never" -> Reentry.NEVER;
            default -> throw neither(CommandOption.REENTRY, "guest, auto or never", text);
        };
    }

    private static boolean mappable(Arguments arguments) {
        String text = arguments.value(CommandOption.BARS).orElse("map");
        return switch (text) {
            case "map" -> true;
            case "message" -> false;
            default -> throw neither(CommandOption.BARS, "map or message", text);
        };
    }

    private static UsageException neither(CommandOption option, String known, String text) {
        return new UsageException(
                "--%s is %s, not \"%s\"".formatted(option.longName(), known, text));
    }

    /** Said before a device is opened for nothing. */
    static void checkFolders(List<BridgePlace> places) {
        for (BridgePlace place : places) {
            Path folder = place.socket().toAbsolutePath().resolveSibling("");
            if (!Files.isDirectory(folder)) {
                throw new CommandException(
                        "bridge %s: there is no folder %s for its socket: make it first"
                                .formatted(place.target(), folder));
            }
        }
    }
}
