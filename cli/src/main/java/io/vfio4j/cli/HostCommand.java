/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciAddress;
import io.vfio4j.uapi.HostAttribute;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** {@code host}: reads and writes what sysfs is to a real device. */
final class HostCommand implements Command {
    private static final int ROW = 16;

    @Override
    public String name() {
        return "host";
    }

    @Override
    public String operands() {
        return "BDF|PATH.ctl read|write ATTRIBUTE [VALUE]";
    }

    @Override
    public String summary() {
        return "read or write the host side of a device, as sysfs has it";
    }

    @Override
    public String details() {
        return """
        Of a device of this machine by its files in sysfs, of an emulated one by its control socket:
          vfio4j host 0000:01:00.0 read power_state
          vfio4j host PATH.ctl read power/runtime_status
          vfio4j host PATH.ctl write power/control on       wakes the device, keeps it awake
          vfio4j host PATH.ctl read config [OFFSET LENGTH]  wakes it from D3cold, not from D3hot
          vfio4j host PATH.ctl write config OFFSET HEX
          vfio4j host PATH.ctl write signal wake            a wake event in an emulated device (PME)
          vfio4j host PATH.ctl write bridge/locked 1        has a bridge hold its device awake
        Attributes: %s\
        """
                .formatted(attributes());
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        List<String> words = arguments.operands();
        if (words.size() < 3) {
            String[] names = {"BDF or PATH.ctl", "read or write", "ATTRIBUTE"};
            throw new UsageException("%s is missing".formatted(names[words.size()]));
        }
        Supplier<HostSide> side = side(words.getFirst());
        String verb = words.get(1);
        HostAttribute attribute = attribute(words.get(2));
        List<String> rest = words.subList(3, words.size());
        Action action =
                switch (verb) {
                    case "read" -> reading(attribute, rest);
                    case "write" -> writing(attribute, rest);
                    default ->
                            throw new UsageException(
                                    "\"%s\" is neither read nor write".formatted(verb));
                };
        try (HostSide host = side.get()) {
            action.run(host, new Answer(attribute, arguments.json(), terminal));
        } catch (IllegalArgumentException bad) {
            throw new UsageException(String.valueOf(bad.getMessage()));
        }
        return new Exit.Done();
    }

    /** What is to be done once the host side is there. */
    private interface Action {
        void run(HostSide host, Answer answer);
    }

    private static Action reading(HostAttribute attribute, List<String> rest) {
        if (attribute != HostAttribute.CONFIG) {
            none(rest);
            return (host, answer) -> answer.value(host.read(attribute));
        }
        if (rest.isEmpty()) {
            return (host, answer) ->
                    answer.config(0, HexFormat.of().parseHex(host.read(HostAttribute.CONFIG)));
        }
        if (rest.size() == 1) {
            throw new UsageException("read config takes OFFSET and LENGTH, or neither");
        }
        none(rest.subList(2, rest.size()));
        int offset = number(rest.getFirst());
        int length = number(rest.get(1));
        return (host, answer) -> answer.config(offset, host.readConfig(offset, length));
    }

    private static Action writing(HostAttribute attribute, List<String> rest) {
        if (attribute == HostAttribute.CONFIG) {
            if (rest.size() < 2) {
                throw new UsageException("write config takes OFFSET and HEX");
            }
            none(rest.subList(2, rest.size()));
            int offset = number(rest.getFirst());
            byte[] bytes = bytes(rest.get(1));
            return (host, answer) -> {
                host.writeConfig(offset, bytes);
                answer.done(HexFormat.of().formatHex(bytes));
            };
        }
        if (rest.isEmpty()) {
            throw new UsageException("VALUE is missing");
        }
        none(rest.subList(1, rest.size()));
        String value = rest.getFirst();
        return (host, answer) -> {
            host.write(attribute, value);
            answer.done(value);
        };
    }

    /** How the answer is written. */
    private record Answer(HostAttribute attribute, boolean json, Terminal terminal) {
        void value(String value) {
            if (json) {
                pair(value);
            } else {
                terminal.say(value);
            }
        }

        void config(int offset, byte[] bytes) {
            if (json) {
                terminal.say(fields -> {
                    fields.writeStringProperty("attribute", attribute.sysfsName());
                    fields.writeNumberProperty("offset", offset);
                    fields.writeStringProperty("value", HexFormat.of().formatHex(bytes));
                });
            } else {
                terminal.say(rows(offset, bytes));
            }
        }

        /** A write has nothing to say, as in a shell. */
        void done(String value) {
            if (json) {
                pair(value);
            }
        }

        private void pair(String value) {
            terminal.say(fields -> {
                fields.writeStringProperty("attribute", attribute.sysfsName());
                fields.writeStringProperty("value", value);
            });
        }
    }

    /** As lspci -x has it; rows that repeat the one before are one asterisk. */
    private static String rows(int offset, byte[] bytes) {
        HexFormat hex = HexFormat.ofDelimiter(" ");
        StringBuilder text = new StringBuilder();
        String before = "";
        boolean starred = false;
        for (int row = 0; row < bytes.length; row += ROW) {
            int end = Math.min(row + ROW, bytes.length);
            String digits = hex.formatHex(bytes, row, end);
            boolean repeats = digits.equals(before) && end < bytes.length;
            if (!repeats) {
                text.append("%s%03x: %s".formatted(row == 0 ? "" : "\n", offset + row, digits));
            } else if (!starred) {
                text.append("\n*");
            }
            starred = repeats;
            before = digits;
        }
        return text.toString();
    }

    private static Supplier<HostSide> side(String text) {
        Optional<PciAddress> address = PciAddress.of(text);
        if (address.isPresent()) {
            return () -> HostSide.of(address.get());
        }
        Path socket = socket(text);
        return () -> HostSide.connect(socket);
    }

    private static Path socket(String text) {
        if (text.startsWith("vfio-user:")) {
            throw new UsageException(
                    "it takes the control socket itself: %s%s"
                            .formatted(
                                    text.substring("vfio-user:".length()),
                                    Arguments.CONTROL_SUFFIX));
        }
        Path socket = Arguments.socket(text);
        Path control = Path.of(text + Arguments.CONTROL_SUFFIX);
        if (Files.exists(socket) && Files.exists(control)) {
            throw new CommandException(
                    "%s is a device's own socket; its host side is %s".formatted(socket, control));
        }
        return socket;
    }

    private static HostAttribute attribute(String name) {
        return HostAttribute.of(name)
                .orElseThrow(() ->
                        new UsageException(
                                "there is no attribute \"%s\", only %s"
                                        .formatted(name, attributes())));
    }

    private static String attributes() {
        return Arrays.stream(HostAttribute.values())
                .map(HostAttribute::sysfsName)
                .collect(Collectors.joining(" "));
    }

    private static void none(List<String> surplus) {
        if (!surplus.isEmpty()) {
            throw new UsageException(
                    "\"%s\" is one argument too many".formatted(surplus.getFirst()));
        }
    }

    private static int number(String text) {
        try {
            return Integer.decode(text);
        } catch (NumberFormatException bad) {
            throw new UsageException(
                    "config takes numbers like 16 or 0x10, not \"%s\"".formatted(text));
        }
    }

    private static byte[] bytes(String hex) {
        try {
            return HexFormat.of().parseHex(hex);
        } catch (IllegalArgumentException bad) {
            throw new UsageException(
                    "HEX is pairs of hexadecimal digits like 0600, not \"%s\"".formatted(hex));
        }
    }
}
