/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a device is: {@code 0000:01:00.0} for a real one, which the kernel's vfio-pci drives, or
 * {@code vfio-user:PATH} for one that a server emulates behind the socket at that path.
 */
public sealed interface Target {
    /**
     * A device of this machine.
     *
     * @param address where it sits
     */
    record Pci(PciAddress address) implements Target {
        @Override
        public String toString() {
            return address.toString();
        }
    }

    /**
     * A device behind a vfio-user socket.
     *
     * @param socket the socket's path
     */
    record VfioUser(Path socket) implements Target {
        private static final String SCHEME = "vfio-user:";

        /** Where its host side is, if it has one: the socket's path and {@code .ctl}. */
        public Path controlSocket() {
            return Path.of(socket + ".ctl");
        }

        @Override
        public String toString() {
            return SCHEME + socket;
        }
    }

    /**
     * Reads a target.
     *
     * @param text such as {@code 0000:01:00.0}, {@code 01:00.0} or {@code vfio-user:/run/edu.sock}
     * @return the target
     * @throws IllegalArgumentException in one sentence, if it is none
     */
    static Target parse(String text) {
        Optional<PciAddress> address = PciAddress.of(text);
        if (address.isPresent()) {
            return new Pci(address.get());
        }
        if (text.startsWith(VfioUser.SCHEME) && text.length() > VfioUser.SCHEME.length()) {
            try {
                return new VfioUser(Path.of(text.substring(VfioUser.SCHEME.length())));
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException(
                        "\"%s\" has no path in it: %s".formatted(text, e.getReason()), e);
            }
        }
        throw new IllegalArgumentException(
                ("\"%s\" is no target: write a PCI address like 0000:01:00.0, or vfio-user:PATH with the"
                                + " path of a device's socket")
                        .formatted(text));
    }
}
