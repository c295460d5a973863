/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.power.Delays;
import io.vfio4j.power.Profile;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** {@code serve}: devices for vfio-user clients, until it is stopped. */
final class ServeCommand implements Command {

    /** A device and where it is served. */
    private record Place(ServedModel model, Path socket) {}

    @Override
    public String name() {
        return "serve";
    }

    @Override
    public String operands() {
        return ServedModel.listed("|", "|") + " --socket PATH";
    }

    @Override
    public String summary() {
        return "serve a device until SIGTERM or Ctrl-C";
    }

    @Override
    public String details() {
        return """
        Prints "listening PATH" once clients can connect. PATH.ctl is the device's host side.
        Several devices in one process: vfio4j serve edu=PATH bench=PATH edu=PATH\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(
                CommandOption.SOCKET,
                CommandOption.DELAYS,
                CommandOption.D3COLD,
                CommandOption.NO_SOFT_RESET,
                CommandOption.KERNEL,
                CommandOption.LOG_LEVEL);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        List<Place> places = places(arguments);
        Delays delays =
                arguments.value(CommandOption.DELAYS).map(DelaysOption::parse).orElse(Delays.SPEC);
        boolean d3cold = yes(arguments, CommandOption.D3COLD);
        UnaryOperator<PowerManagement> power =
                yes(arguments, CommandOption.NO_SOFT_RESET)
                        ? UnaryOperator.identity()
                        : PowerManagement::withSoftReset;
        Profile profile =
                arguments
                        .value(CommandOption.KERNEL)
                        .map(ServeCommand::profile)
                        .orElse(Profile.LINUX_7_3);
        LogToStderr.configure(arguments);
        // Asked for before there is a socket: from now on no signal leaves one behind.
        Stop stop = terminal.stops().get();
        try (EventLoop events = new EventLoop();
                VfioUserServer server = new VfioUserServer()) {
            for (Place place : places) {
                serve(
                        server,
                        place,
                        delays,
                        d3cold,
                        HostOptions.system(events).withProfile(profile).withPower(power));
            }
            places.forEach(place -> announce(place, arguments.json(), terminal));
            // Whoever waits for that line waits for ever; Vfio4j says why.
            if (terminal.failure().isEmpty()) {
                stop.await();
            }
        }
        return new Exit.Done();
    }

    private static void serve(
            VfioUserServer server,
            Place place,
            Delays delays,
            boolean d3cold,
            HostOptions options) {
        HostedDevice device = new HostedDevice(place.model().create(delays), options);
        try {
            if (!d3cold) {
                device.power().host().writeD3coldAllowed(false);
            }
            server.serve(place.socket(), device);
        } catch (LinuxException refused) {
            device.close();
            throw ServerSockets.refused("serve " + place.model(), place.socket(), refused);
        }
    }

    private static void announce(Place place, boolean json, Terminal terminal) {
        if (json) {
            terminal.say(fields -> {
                fields.writeStringProperty("event", "listening");
                fields.writeStringProperty("model", place.model().toString());
                fields.writeStringProperty("socket", place.socket().toString());
                fields.writeStringProperty("host_side", place.socket() + Arguments.CONTROL_SUFFIX);
            });
        } else {
            terminal.say("listening " + place.socket());
        }
    }

    private static List<Place> places(Arguments arguments) {
        List<String> words = arguments.operands();
        if (words.stream().anyMatch(word -> word.contains("="))) {
            if (arguments.has(CommandOption.SOCKET)) {
                throw new UsageException("either MODEL=PATH or MODEL --socket PATH, not both");
            }
            List<Place> places = new ArrayList<>();
            for (String word : words) {
                int equals = word.indexOf('=');
                if (equals < 0) {
                    throw new UsageException("\"%s\" is not MODEL=PATH".formatted(word));
                }
                places.add(
                        new Place(
                                ServedModel.of(word.substring(0, equals)),
                                Arguments.serverSocket(word.substring(equals + 1))));
            }
            ServerSockets.checkDistinct(places.stream().map(Place::socket).toList());
            return places;
        }
        ServedModel model =
                ServedModel.of(
                        arguments.only(
                                "the device (%s)".formatted(ServedModel.listed(", ", " or "))));
        String socket =
                arguments
                        .value(CommandOption.SOCKET)
                        .orElseThrow(() -> new UsageException("--socket PATH is missing"));
        return List.of(new Place(model, Arguments.serverSocket(socket)));
    }

    private static boolean yes(Arguments arguments, CommandOption option) {
        String text = arguments.value(option).orElse("yes");
        return switch (text) {
            case "yes" -> true;
            case "no" -> false;
            default ->
                    throw new UsageException(
                            "--%s is yes or no, not \"%s\"".formatted(option.longName(), text));
        };
    }

    private static Profile profile(String version) {
        return Profile.named("linux-" + version)
                .orElseThrow(() ->
                        new UsageException(
                                "--kernel is 6.1, 6.12 or 7.3, not \"%s\"".formatted(version)));
    }
}
