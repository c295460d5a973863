/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import org.apache.commons.cli.Option;

import java.util.Optional;

/** Every option there is; one name means the same in each command that takes it. */
enum CommandOption {
    SOCKET("socket", "PATH", "where to listen; its host side is PATH.ctl"),
    SOCKETS(
            "sockets",
            "DIR",
            "listen in that folder instead, on a socket with the device's name: 0000:01:00.0.sock"),
    DEEP(
            "deep",
            "",
            "let the host cut the device's power (D3cold): the guest is told that the device"
                    + " forgets in D3hot (No_Soft_Reset=0), and its driver must restore it"),
    ENTRY(
            "entry",
            "HOW",
            "by what it is let sleep: wakeup (low power with a wakeup; the default), plain (low"
                    + " power, telling nobody of wakes), pmcsr (D3hot only, as VMMs do)"),
    REENTRY(
            "reentry",
            "WHEN",
            "what follows a wake that the guest did not cause: guest (awake until the guest asks"
                    + " for D3hot anew; the default), auto (asleep again after a pause), never"
                    + " (awake until the client goes)"),
    HYSTERESIS(
            "hysteresis",
            "DURATION",
            "the shortest pause before --reentry auto, longer while wakes go on (default 1s)"),
    GRACE(
            "grace",
            "DURATION",
            "how long the VMM may take to unmap BARs, and is left alone after (default 200ms)"),
    WAKE_TIMEOUT(
            "wake-timeout",
            "DURATION",
            "how long a request waits for the device to wake (default 4s; QEMU gives up after 5s"
                    + " unless x-msg-timeout says otherwise)"),
    BARS(
            "bars",
            "HOW",
            "map (the client maps what can be mapped; the default) or message (each access is a"
                    + " message: slow, and safe for any client)"),
    KEEP("keep", "", "keep the device open, with its state, when its client goes"),
    DELAYS(
            "delays",
            "SPEED",
            "how long the device takes between power states: spec (as the PCI specification; the"
                    + " default), fast (not at all), slow (1 s to or from D3hot or D3cold), or"
                    + " like d3hot=10ms,d3cold=100ms"),
    D3COLD("d3cold", "yes|no", "whether the device's power may be cut (default yes)"),
    NO_SOFT_RESET(
            "no-soft-reset",
            "yes|no",
            "whether the device keeps its context in D3hot (default yes)"),
    LOG_LEVEL("log-level", "LEVEL", "error, warning (the default), info, debug or trace"),
    WIDTH("width", "BYTES", "how wide the access is: 1, 2, 4 (the default) or 8"),
    WAKEUP("wakeup", "", "be told when the device wakes: wait for it, report it, end"),
    TIMEOUT("timeout", "DURATION", "how long to wait for the wake, as 500ms, 10s or 2m"),
    FOR("for", "DURATION", "how long to allow low power, as 500ms, 10s or 2m"),
    CYCLES("cycles", "N", "how often to sleep and wake, in each state (default 100)"),
    DEVICES("devices", "N", "how many devices (default 100)"),
    TIME("time", "DURATION", "how long to measure (default 10s)"),
    WARM_UP("warm-up", "DURATION", "how long to run before (default 3s)"),
    ROW("row", "NAME", "measure this row only; may be given several times"),
    CPUS(
            "cpus",
            "N,M",
            "bind the driver to processor N, the floor's peer to M, as the servers are"),
    VIA(
            "via",
            "HOW",
            "open a device of this machine by group (/dev/vfio/GROUP), by cdev"
                    + " (/dev/vfio/devices/vfioN), or auto: cdev if there is one (the default)"),
    VF_TOKEN(
            "vf-token",
            "UUID",
            "what an SR-IOV virtual function's opener must know, and its physical function's sets"),
    ONLY("only", "GLOB", "ask these cases only, as T.*.N-S; may be given several times"),
    LIST("list", "", "print the cases and ask nothing"),
    KERNEL(
            "kernel",
            "VERSION",
            "whose rules hold where kernels differ: 6.1, 6.12 or 7.3 (default 7.3)"),
    OBSERVATIONS("observations", "", "print what each case has seen, step by step"),
    TAP("tap", "FILE", "write the answers there, in the Test Anything Protocol"),
    JUNIT("junit", "FILE", "write the answers there, in JUnit's XML"),
    ANSWERS("answers", "FILE", "write the answers there as JSON, to be compared"),
    JSON("json", "", "print JSON: one object, or one a line where there are events"),
    DEBUG("debug", "", "show where an error comes from"),
    HELP("help", "", "say how the command is used"),
    VERSION("version", "", "say which version this is");

    private final String longName;
    private final String value;
    private final String description;

    CommandOption(String longName, String value, String description) {
        this.longName = longName;
        this.value = value;
        this.description = description;
    }

    String longName() {
        return longName;
    }

    String description() {
        return description;
    }

    /** As it is written in a help text. */
    String usage() {
        return "--" + longName + (value.isEmpty() ? "" : " " + value);
    }

    /** Whether every command takes it. */
    boolean general() {
        return this == JSON || this == DEBUG || this == HELP;
    }

    Option toLibrary() {
        String shortName = this == HELP ? "h" : null;
        Option.Builder option = Option.builder(shortName).longOpt(longName).desc(description);
        return (value.isEmpty() ? option : option.hasArg().argName(value)).get();
    }

    static Optional<CommandOption> of(Option option) {
        for (CommandOption candidate : values()) {
            if (candidate.longName.equals(option.getLongOpt())) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
