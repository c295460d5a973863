/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a kernel does with what is written to drivers' files, on a folder that looks like sysfs, and
 * says no where a test wants it.
 */
final class FakePciKernel implements PciDriverFiles.Kernel {
    private final FakeSysfs sysfs;

    /** What was written, in order, as {@code drivers/vfio-pci/bind 0000:01:00.0}. */
    final List<String> writes = new ArrayList<>();

    /** Which writes fail. */
    final Map<String, Errno> refusals = new HashMap<>();

    /** What happens just before a write is looked at. */
    final Map<String, Runnable> before = new HashMap<>();

    /** Which driver is the usual one of a device. */
    final Map<String, String> usual = new HashMap<>();

    /** Who has the device open. */
    final List<String> users = new ArrayList<>();

    FakePciKernel(FakeSysfs sysfs) {
        this.sysfs = sysfs;
    }

    @Override
    public List<String> users(SysfsPci pci) {
        return users;
    }

    @Override
    public void write(Path file, String value) {
        String name = sysfs.root().resolve("bus/pci").relativize(file).toString();
        String line = (name + " " + value).strip();
        writes.add(line);
        before.getOrDefault(line, () -> {}).run();
        Errno refusal = refusals.get(line);
        if (refusal != null) {
            throw new LinuxException(refusal, "pwrite", "");
        }
        if (!Files.isDirectory(file.resolveSibling("."))) {
            throw new LinuxException(Errno.ENOENT, "open", file.toString());
        }
        // devices/ADDRESS/driver_override, drivers/NAME/bind, drivers/NAME/unbind, drivers_probe
        String[] words = name.split("/");
        switch (words[words.length - 1]) {
            case "driver_override" ->
                    sysfs.set(words[1], "driver_override", value.isEmpty() ? "(null)" : value);
            case "unbind" -> FakeSysfs.delete(sysfs.device(value).resolve("driver"));
            case "bind" -> bind(value, words[1]);
            case "drivers_probe" -> probe(value);
            default -> throw new AssertionError("nobody writes " + file);
        }
    }

    private void bind(String address, String driver) {
        SysfsPci pci = sysfs.pci(address);
        if (!pci.exists()) {
            throw new LinuxException(Errno.ENODEV, "pwrite", "");
        }
        boolean fits =
                pci.driverOverride().map(driver::equals).orElse(driver.equals(usual.get(address)));
        if (!fits || pci.driver().isPresent()) {
            throw new LinuxException(Errno.ENODEV, "pwrite", "");
        }
        sysfs.bind(address, driver);
    }

    private void probe(String address) {
        Optional<String> driver =
                sysfs.pci(address)
                        .driverOverride()
                        .or(() -> Optional.ofNullable(usual.get(address)));
        driver.filter(name -> Files.isDirectory(sysfs.driver(name)))
                .ifPresent(name -> sysfs.bind(address, name));
    }
}
