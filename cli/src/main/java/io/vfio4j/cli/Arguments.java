/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.KernelInterface;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.PciAddress;
import io.vfio4j.client.Target;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What a command was given.
 *
 * @param operands the words behind the command's name
 * @param options the options, with the values given; an empty list of values for one that takes
 *     none
 */
record Arguments(List<String> operands, Map<CommandOption, List<String>> options) {
    /** Longest path of a UNIX socket, bytes (sockaddr_un, with its NUL). */
    private static final int SOCKET_PATH = 107;

    /** What a server appends for its host side. */
    static final String CONTROL_SUFFIX = ".ctl";

    boolean has(CommandOption option) {
        return options.containsKey(option);
    }

    boolean json() {
        return has(CommandOption.JSON);
    }

    /** An option's value, if it was given. */
    Optional<String> value(CommandOption option) {
        List<String> values = values(option);
        if (values.size() > 1) {
            throw new UsageException("--%s is given twice".formatted(option.longName()));
        }
        return values.stream().findFirst();
    }

    /** The values of an option that may be given several times. */
    List<String> values(CommandOption option) {
        return options.getOrDefault(option, List.of());
    }

    /** An option's value as a time, if it was given. */
    Optional<Duration> duration(CommandOption option) {
        return value(option)
                .map(text ->
                        Durations.parse(text)
                                .orElseThrow(() ->
                                        new UsageException(
                                                "--%s takes a time like 500ms, 10s or 2m, not \"%s\""
                                                        .formatted(option.longName(), text))));
    }

    /** The one operand of a command that takes one. */
    String only(String name) {
        return operands(name).getFirst();
    }

    /** The operands of a command that takes exactly these. */
    List<String> operands(String... names) {
        if (operands.size() < names.length) {
            throw new UsageException("%s is missing".formatted(names[operands.size()]));
        }
        if (operands.size() > names.length) {
            throw new UsageException(
                    "\"%s\" is one argument too many".formatted(operands.get(names.length)));
        }
        return operands;
    }

    /** For a command that takes no operand. */
    void none() {
        List<String> _ = operands(new String[0]);
    }

    /** The one operand of a command that takes a target. */
    Target target() {
        return target(only("TARGET (0000:01:00.0 or vfio-user:PATH)"));
    }

    static Target target(String text) {
        Target target;
        try {
            target = Target.parse(text);
        } catch (IllegalArgumentException bad) {
            throw new UsageException(String.valueOf(bad.getMessage()));
        }
        if (target instanceof Target.VfioUser(Path socket)) {
            Path _ = checkLength(socket, 0);
            checkKind(socket);
        }
        return target;
    }

    /** The one operand of a command that takes a device of this machine. */
    PciAddress address() {
        String text = only("BDF (like 0000:01:00.0)");
        return PciAddress.of(text)
                .orElseThrow(() ->
                        new UsageException(
                                "\"%s\" is no PCI address: write one like 0000:01:00.0"
                                        .formatted(text)));
    }

    /** How a command that takes {@link CommandOption#VIA} and the like opens its target. */
    OpenOptions openOptions(Target target) {
        OpenOptions options = OpenOptions.DEFAULTS;
        Optional<String> via = value(CommandOption.VIA);
        Optional<String> token = value(CommandOption.VF_TOKEN);
        if (target instanceof Target.VfioUser && (via.isPresent() || token.isPresent())) {
            throw new UsageException(
                    "--%s is for devices of this machine, not for %s"
                            .formatted(
                                    (via.isPresent() ? CommandOption.VIA : CommandOption.VF_TOKEN)
                                            .longName(),
                                    target));
        }
        if (via.isPresent()) {
            options = options.withKernelInterface(kernelInterface(via.get()));
        }
        return token.isPresent() ? options.withVfToken(uuid(token.get())) : options;
    }

    private static KernelInterface kernelInterface(String text) {
        return switch (text) {
            case "auto" -> KernelInterface.AUTOMATIC;
            case "group" -> KernelInterface.GROUP;
            case "cdev" -> KernelInterface.CDEV;
            default ->
                    throw new UsageException(
                            "--via is auto, group or cdev, not \"%s\"".formatted(text));
        };
    }

    /** More strictly than Java, which takes any five numbers. */
    private static UUID uuid(String text) {
        if (!text.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}")) {
            throw new UsageException(
                    "--vf-token is a UUID like 14d63f20-8445-11ea-8900-1f9ce7d5650d, not \"%s\""
                            .formatted(text));
        }
        return UUID.fromString(text);
    }

    /** Advice to serve there would be bad advice. */
    private static void checkKind(Path socket) {
        if (Files.isRegularFile(socket) || Files.isDirectory(socket)) {
            throw new CommandException(
                    "%s is a %s, not a socket: name the one that a server listens on"
                            .formatted(socket, Files.isDirectory(socket) ? "folder" : "file"));
        }
        String path = socket.toString();
        Path device = Path.of(path.substring(0, Math.max(0, path.length() - 4)));
        if (path.endsWith(CONTROL_SUFFIX) && Files.exists(device) && Files.exists(socket)) {
            throw new CommandException(
                    "%s is the host side of a device, whose own socket is %s"
                            .formatted(socket, device));
        }
    }

    /** The path of a socket to listen on, with room for the host side's suffix. */
    static Path serverSocket(String text) {
        return path(text, CONTROL_SUFFIX.length());
    }

    /** The path of a socket to connect to. */
    static Path socket(String text) {
        return path(text, 0);
    }

    private static Path path(String text, int reserve) {
        if (text.isEmpty()) {
            throw new UsageException("a socket's path is not empty");
        }
        try {
            return checkLength(Path.of(text), reserve);
        } catch (InvalidPathException bad) {
            throw new UsageException("\"%s\" is no path: %s".formatted(text, bad.getReason()));
        }
    }

    private static Path checkLength(Path path, int reserve) {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > SOCKET_PATH - reserve) {
            throw new UsageException(
                    "the path %.40s... has %d bytes, a socket's at most %d: use a shorter folder"
                            .formatted(path, length, SOCKET_PATH - reserve));
        }
        return path;
    }
}
