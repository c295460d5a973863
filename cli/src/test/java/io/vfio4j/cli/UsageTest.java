/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                      | say what to do",
                "nonsense                                | there is no command",
                "--nonsense                              | there is no option --nonsense",
                "info x --nonsense                       | there is no option --nonsense",
                "power                                   | say what, one of status, enter, exit, watch",
                "power sleep                             | say what, one of status, enter, exit, watch",
                "info                                    | TARGET (0000:01:00.0 or vfio-user:PATH) is missing",
                "info vfio-user:                         | is no target",
                "info /run/edu.sock                      | is no target",
                "info vfio-user:/a vfio-user:/b          | \"vfio-user:/b\" is one argument too many",
                "info vfio-user:/a --wakeup              | it takes no --wakeup",
                "--wakeup info vfio-user:/a              | it takes no --wakeup",
                "demo now                                | one argument too many",
                "serve                                   | the device (edu, bench, i2c, serial or thermometer) is missing",
                "serve edu                               | --socket PATH is missing",
                "serve edu --socket                      | a value is missing: --socket PATH",
                "serve --socket /a                       | the device (edu, bench, i2c, serial or thermometer) is missing",
                "serve nvme --socket /a                  | there is no device \"nvme\"",
                "serve edu --socket /a --socket /b       | --socket is given twice",
                "serve edu=/a --socket /b                | not both",
                "serve edu=/a bench                      | \"bench\" is not MODEL=PATH",
                "serve edu=/a bench=/b/../a              | /a would be the socket of two",
                "serve edu=/a bench=/a.ctl               | /a.ctl would be the socket of two",
                "serve edu=                              | a socket's path is not empty",
                "serve edu --socket /a --kernel 5         | --kernel is 6.1, 6.12 or 7.3, not \"5\"",
                "bridge                                  | TARGET (0000:01:00.0 or vfio-user:PATH) is missing",
                "bridge 01:00.0                          | --socket PATH or --sockets DIR is missing",
                "bridge edu --socket /a                  | is no target",
                "bridge 01:00.0 --socket /a --sockets /b | either --socket PATH or --sockets DIR, not both",
                "bridge 01:00.0 01:00.1 --socket /a      | 1 --socket for 2 TARGET",
                "bridge 01:00.0 --socket /a --socket /b  | 2 --socket for 1 TARGET",
                "bridge 01:00.0 0000:01:00.0 --sockets /a | 0000:01:00.0 is named twice",
                "bridge vfio-user:/a vfio-user:/b/../a --sockets /c | vfio-user:/b/../a is named twice",
                "bridge 01:00.0 01:00.1 --socket /a --socket /a     | /a would be the socket of two",
                "bridge 01:00.0 01:00.1 --socket /a --socket /a.ctl | /a.ctl would be the socket of two",
                "bridge vfio-user:/a --socket /a         | /a would be the socket of two",
                "bridge vfio-user:/a --sockets /         | /a would be the socket of two",
                "bridge 01:00.0 --socket /a --entry deep | --entry is wakeup, plain or pmcsr, not \"deep\"",
                "bridge 01:00.0 --socket /a --reentry no | --reentry is guest, auto or never, not \"no\"",
                "bridge 01:00.0 --socket /a --bars trap  | --bars is map or message, not \"trap\"",
                "bridge 01:00.0 --socket /a --grace 1    | --grace takes a time like 500ms",
                "bridge 01:00.0 --socket /a --hysteresis 2h  | --hysteresis is at most 1h",
                "bridge 01:00.0 --socket /a --wake-timeout 0s | --wake-timeout is at least 1ms",
                "bridge 01:00.0 --socket /a --deep --deep=x   | there is no option --deep=x",
                "bridge vfio-user:/a --socket /b --via group  | --via is for devices of this machine",
                "bridge 01:00.0 --socket /a --log-level loud  | --log-level is error, warning",
                "bridge 01:00.0 --socket /a --delays fast     | it takes no --delays",
                "power bench vfio-user:/a --cycles 0     | --cycles takes a number from 1 to 1000000, not \"0\"",
                "serve edu --socket /a --delays soon     | --delays is spec, fast, slow",
                "serve edu --socket /a --delays d3hot=1  | --delays is spec, fast, slow",
                "serve edu --socket /a --delays d9=1ms   | --delays is spec, fast, slow",
                "serve edu --socket /a --delays d3hot=1h | no delay is longer than 10 s",
                "serve edu --socket /a --delays d2=0s,d2=0s | --delays is spec, fast, slow",
                "serve edu --socket /a --d3cold maybe    | --d3cold is yes or no",
                "serve edu --socket /a --no-soft-reset 1 | --no-soft-reset is yes or no",
                "serve edu --socket /a --log-level loud  | --log-level is error, warning",
                "power enter vfio-user:/a --timeout 1s   | --timeout goes with --wakeup",
                "power enter vfio-user:/a --wakeup --for 1s      | --for goes without --wakeup",
                "power enter vfio-user:/a --for 1        | --for takes a time like 500ms",
                "power enter vfio-user:/a --for -1s      | --for takes a time like 500ms",
                "bind                                    | BDF (like 0000:01:00.0) is missing",
                "bind 01:00.0 02:00.0                    | \"02:00.0\" is one argument too many",
                "bind 0000:01:00                         | \"0000:01:00\" is no PCI address",
                "bind vfio-user:/a                       | is no PCI address: write one like 0000",
                "unbind                                  | BDF (like 0000:01:00.0) is missing",
                "unbind e1000e                           | \"e1000e\" is no PCI address",
                "info 01:00.0 --via iommufd              | --via is auto, group or cdev, not",
                "info vfio-user:/a --via group           | --via is for devices of this machine",
                "info vfio-user:/a --vf-token x          | --vf-token is for devices of this machine",
                "info 01:00.0 --vf-token 1-2-3-4-5       | --vf-token is a UUID like",
                "power status 01:00.0 --via group        | it takes no --via",
                "power enter 01:00.0 --via               | a value is missing: --via HOW",
                "host                                    | BDF or PATH.ctl is missing",
                "host /a.ctl                             | read or write is missing",
                "host /a.ctl read                        | ATTRIBUTE is missing",
                "host /a.ctl see power_state             | \"see\" is neither read nor write",
                "host /a.ctl read powerstate             | there is no attribute \"powerstate\"",
                "host /a.ctl read power_state x          | one argument too many",
                "host /a.ctl read config 0               | OFFSET and LENGTH, or neither",
                "host /a.ctl read config zero 4          | numbers like 16 or 0x10",
                "host /a.ctl write power/control         | VALUE is missing",
                "host /a.ctl write power/control on off  | one argument too many",
                "host /a.ctl write config 4              | OFFSET and HEX",
                "host /a.ctl write config 4 abc          | HEX is pairs",
                "bench                                   | TARGET (vfio-user:PATH) is missing",
                "bench /a                                | is no target",
                "bench path                              | TARGET (0000:01:00.0 or vfio-user:PATH) is missing",
                "bench path 01:00.0 0000:01:00.0         | a target is named twice",
                "bench path vfio-user:/a --via group     | --via is for devices of this machine",
                "bench sleepers now                      | one argument too many",
                "bench sleepers --devices 0              | --devices takes a number from 1 to 1000",
                "bench 01:00.0                           | it measures vfio-user servers",
                "bench vfio-user:/a vfio-user:/a         | named twice",
                "bench vfio-user:/a --row nonsense       | there is no row 'nonsense'",
                "bench vfio-user:/a --time 0s            | must be positive",
                "bench vfio-user:/a --cpus 0             | two numbers like 0,1",
                "host vfio-user:/a read power_state      | the control socket itself: /a.ctl",
            })
    void shouldSayInOneLineWhatIsWrongWithACommandLine(String line, String complaint) {
        assertMisuse(Run.of(line.isEmpty() ? new String[0] : line.split(" +")), complaint);
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "power status", "power enter", "power exit", "power watch"})
    void shouldRefuseTargetsThatNoSocketCanHave(String command) {
        String long108 = "/" + "x".repeat(107);
        assertMisuse(
                Run.of((command + " vfio-user:" + long108).split(" ")),
                "has 108 bytes, a socket's at most 107");
        assertMisuse(Run.of((command + " vfio-user:/a\0b").split(" ")), "has no path in it");
    }

    @Test
    void shouldLeaveRoomForTheControlSocketInAServersPath() {
        assertMisuse(
                Run.of("serve", "edu", "--socket", "/" + "x".repeat(103)),
                "has 104 bytes, a socket's at most 103");
        assertMisuse(
                Run.of("bridge", "01:00.0", "--socket", "/" + "x".repeat(103)),
                "has 104 bytes, a socket's at most 103");
        assertMisuse(
                Run.of("bridge", "01:00.0", "--sockets", "/" + "x".repeat(90)),
                "has 109 bytes, a socket's at most 103");
        assertMisuse(Run.of("bridge", "01:00.0", "--socket", "/a\0b"), "is no path");
        assertMisuse(Run.of("serve", "edu", "--socket", "/a\0b"), "is no path");
        assertMisuse(Run.of("host", "/a\0b", "read", "power_state"), "is no path");
    }

    @Test
    void shouldTakeOptionsAnywhere() {
        Run before = Run.of("--delays", "soon", "serve", "edu", "--socket", "/a");
        Run between = Run.of("serve", "--socket", "/a", "--delays", "soon", "edu");
        Run behind = Run.of("serve", "edu", "--socket=/a", "--delays=soon");

        assertMisuse(before, "--delays is spec");
        assertThat(between).isEqualTo(before);
        assertThat(behind).isEqualTo(before);
    }

    @Test
    void shouldShowNoTraceOfAMisuseEvenToThoseWhoDebug() {
        assertMisuse(Run.of("nonsense", "--debug"), "there is no command");
    }

    private static void assertMisuse(Run run, String complaint) {
        assertThat(run.err()).startsWith("vfio4j: ").contains(complaint).hasLineCount(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.code()).isEqualTo(2);
    }
}
