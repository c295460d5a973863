/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.PowerRules;
import io.vfio4j.uapi.PciRegs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A device host in a process of its own that runs out of descriptors while it has a client. */
final class StarvedProcess {
    private StarvedProcess() {}

    /** Runs it and gives what it printed. */
    static String run() {
        String classes =
                Stream.of(Fd.class, PciRegs.class, PowerRules.class, Hosted.class, PciDevice.class)
                        .map(StarvedProcess::location)
                        .distinct()
                        .collect(Collectors.joining(":"));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        try {
            Process process =
                    new ProcessBuilder(
                                    "sh",
                                    "-c",
                                    "ulimit -n 100 && exec \"$@\"",
                                    "sh",
                                    java,
                                    "-XX:+UseSerialGC",
                                    "-XX:TieredStopAtLevel=1",
                                    "-Xmx64m",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    classes,
                                    StarvedProcess.class.getName())
                            .redirectErrorStream(true)
                            .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** In a patched module, the test classes lie elsewhere than the module says. */
    private static String location(Class<?> type) {
        try {
            String name = type.getName().replace('.', '/') + ".class";
            var url = type.getClassLoader().getResource(name);
            if (url != null && url.getProtocol().equals("file")) {
                String path = Path.of(url.toURI()).toString();
                return path.substring(0, path.length() - name.length());
            }
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString();
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The process itself. */
    public static void main(String[] arguments) {
        List<Fd> taken = new ArrayList<>();
        try (Hosted hosted = Hosted.opened(Hosted.FULL);
                Memory spare = Memory.allocate(4096);
                Mapping mapping = Mapping.map(hosted.mappable(2), 0, 16384, true)) {
            spare.putInt(0, hosted.enter() + hosted.exit());
            mapping.putInt(0, 7);
            takeAllButOne(taken);
            System.out.println("entry: " + hosted.enter() + ", " + look(mapping));
            System.out.println("exit: " + hosted.exit() + ", " + look(mapping));
            hosted.device.lastClose();
            System.out.println("gone: " + look(mapping));
            taken.forEach(Fd::close);
            hosted.open();
            System.out.println("next: " + hosted.load(2, 0, 4));
        }
    }

    /** One is enough to load a class, and too few for a pipe. */
    private static void takeAllButOne(List<Fd> taken) {
        try (EventFd one = EventFd.create()) {
            while (true) {
                taken.add(one.fd().duplicate());
            }
        } catch (LinuxException none) {
            if (!none.errno().equals(Errno.EMFILE)) {
                throw none;
            }
        }
    }

    private static String look(Mapping mapping) {
        try {
            return Integer.toString(mapping.getInt(0));
        } catch (MappingFaultException fault) {
            return "fault";
        }
    }
}
