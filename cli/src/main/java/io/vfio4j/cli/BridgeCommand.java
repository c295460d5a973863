/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bridge.BridgedDevice;
import io.vfio4j.bridge.SharedWindows;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code bridge}: real devices for vfio-user clients, until it is stopped. */
final class BridgeCommand implements Command {
    @Override
    public String name() {
        return "bridge";
    }

    @Override
    public String operands() {
        return "TARGET... --socket PATH|--sockets DIR";
    }

    @Override
    public String summary() {
        return "pass devices on to VMMs, and let them sleep for their guests";
    }

    @Override
    public String details() {
        return """
        Opens each device to say what it is, what its guest is promised and what QEMU needs to be told,
        then prints "listening PATH" once clients can connect; SIGTERM or Ctrl-C ends it. The device is
        open while a client has it. PATH.ctl is its host side, with bridge/state and the like.
          vfio4j bridge 0000:01:00.0 --socket /run/gpu.sock
          vfio4j bridge 0000:01:00.0 0000:01:00.1 --socket /run/gpu.sock --socket /run/audio.sock\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(
                CommandOption.SOCKET,
                CommandOption.SOCKETS,
                CommandOption.DEEP,
                CommandOption.ENTRY,
                CommandOption.REENTRY,
                CommandOption.HYSTERESIS,
                CommandOption.GRACE,
                CommandOption.WAKE_TIMEOUT,
                CommandOption.BARS,
                CommandOption.KEEP,
                CommandOption.VIA,
                CommandOption.VF_TOKEN,
                CommandOption.LOG_LEVEL);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        List<BridgePlace> places = BridgePlace.of(arguments);
        LogToStderr.configure(arguments);
        BridgePlace.checkFolders(places);
        // Asked for before there is a socket: from now on no signal leaves one behind.
        Stop stop = terminal.stops().get();
        try (EventLoop events = new EventLoop();
                VfioUserServer server = new VfioUserServer()) {
            SharedWindows windows = new SharedWindows();
            List<BridgeReport> reports = new ArrayList<>();
            for (BridgePlace place : places) {
                BridgedDevice device =
                        BridgedDevice.of(place.target(), place.options(), events, windows);
                serve(server, place, device);
                BridgeReport report = new BridgeReport(place, device, terminal, arguments.json());
                report.found();
                reports.add(report);
            }
            reports.forEach(BridgeReport::listening);
            // Whoever waits for that line waits for ever; Vfio4j says why.
            if (terminal.failure().isEmpty()) {
                stop.await();
            }
        }
        return new Exit.Done();
    }

    private static void serve(VfioUserServer server, BridgePlace place, BridgedDevice device) {
        try {
            server.serve(place.socket(), device);
        } catch (LinuxException refused) {
            device.close();
            throw ServerSockets.refused("bridge " + place.target(), place.socket(), refused);
        }
    }
}
