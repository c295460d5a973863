/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.util.List;
import java.util.Locale;

/** Help texts. */
final class Help {
    private static final int WIDTH = 76;

    private Help() {}

    static String ofAll() {
        StringBuilder text =
                new StringBuilder(
                        """
                        vfio4j: PCI devices over vfio and vfio-user, with their power management

                        """);
        list(text, Commands.all());
        text.append(
                """

                TARGET is 0000:01:00.0, the address of a device that is bound to vfio-pci, or
                vfio-user:PATH, with the path of a device's socket.
                vfio4j COMMAND --help says more of one; vfio4j --version which version this is.
                The source tree's ./vfio4j has four more: lab runs one of these on a real kernel
                in QEMU, matrix compares real kernels with the device host, guests boots QEMU with
                devices that it serves, test tests all.
                Exit codes: 0 done, 1 failed, 2 the command line means nothing.\
                """);
        return text.toString();
    }

    static String ofGroup(String word) {
        StringBuilder text = new StringBuilder();
        list(text, Commands.group(word));
        return text.append("\nvfio4j %s COMMAND --help says more of one.".formatted(word))
                .toString();
    }

    private static void list(StringBuilder text, List<Command> commands) {
        int width =
                commands.stream().mapToInt(command -> synopsis(command).length()).max().orElse(0);
        for (Command command : commands) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  vfio4j %-" + width + "s  %s%n",
                            synopsis(command),
                            command.summary()));
        }
    }

    private static String synopsis(Command command) {
        return command.operands().isEmpty()
                ? command.name()
                : command.name() + " " + command.operands();
    }

    static String of(Command command) {
        StringBuilder text =
                new StringBuilder(
                        "vfio4j %s: %s%n".formatted(synopsis(command), command.summary()));
        if (!command.details().isEmpty()) {
            text.append('\n').append(command.details().stripTrailing()).append('\n');
        }
        text.append('\n');
        for (CommandOption option : CommandOption.values()) {
            if (option.general() || command.options().contains(option)) {
                describe(text, option);
            }
        }
        return text.toString().stripTrailing();
    }

    private static void describe(StringBuilder text, CommandOption option) {
        int indent = 22;
        text.append(String.format(Locale.ROOT, "  %-" + (indent - 2) + "s", option.usage()));
        int column = Math.max(indent, option.usage().length() + 2);
        if (column > indent) {
            text.append('\n').append(" ".repeat(indent));
            column = indent;
        }
        for (String word : option.description().split(" ")) {
            if (column + 1 + word.length() > WIDTH) {
                text.append('\n').append(" ".repeat(indent));
                column = indent;
            }
            text.append(' ').append(word);
            column += 1 + word.length();
        }
        text.append('\n');
    }
}
