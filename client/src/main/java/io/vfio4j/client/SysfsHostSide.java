/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostRequest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The host side of a device of this machine, by its files in sysfs. Root may read and write all of
 * them; others may read most, and of configuration space its first 64 bytes.
 *
 * <p>What tells whether the device is awake ({@code power_state} and the {@code power/runtime_*}
 * files) is kept open from its first read to {@link #close}, since it is read often; that does not
 * keep the device. Everything else is opened anew each time. A write takes as long as what it does:
 * taking the device from vfio-pci waits until the last program that has it open closes it.
 *
 * <p>{@link #watch}: sysfs tells nobody of a change in the device's power, so a thread looks, every
 * {@link #POLL_INTERVAL} unless told otherwise, at attributes whose reading wakes nobody ({@code
 * power_state}, {@code power/runtime_status} and its two times). A change is thus told up to an
 * interval late, of {@code suspending} and {@code resuming} few are seen, and {@code power_state}
 * is what the kernel remembers, which says D3cold up to 100 ms later than it is so. A sleep or a
 * wake that both began and ended between two looks is known by the time it added to {@code
 * power/runtime_suspended_time} or {@code power/runtime_active_time}: it is told as one event, with
 * that attribute as its detail {@code seen_by}; several of them look like one, and one that added
 * less than a millisecond is missed. The contract with the device's client, {@code low_power}, is
 * not told: the kernel shows it to nobody.
 *
 * <p>{@code power/runtime_usage} and its neighbours {@code runtime_active_kids} and {@code
 * runtime_enabled} are there if the kernel was built with CONFIG_PM_ADVANCED_DEBUG, which Debian's
 * are not.
 *
 * <p>Failures as {@link HostSide} has them; besides, {@link DeviceNotFoundException} with ENODEV
 * for a device that was removed.
 */
public final class SysfsHostSide implements HostSide {
    /** How often a watch looks, unless told otherwise. */
    public static final Duration POLL_INTERVAL = Duration.ofMillis(10);

    private final SysfsPci pci;
    private final Duration pollInterval;
    private final SysfsKeptFiles kept;
    private volatile boolean closed;

    private SysfsHostSide(SysfsPci pci, Duration pollInterval) {
        this.pci = pci;
        this.pollInterval = pollInterval;
        kept = new SysfsKeptFiles(pci);
    }

    /**
     * The host side of a device.
     *
     * @param address where it sits
     * @return the host side, to be closed by the caller
     * @throws DeviceNotFoundException if nothing sits there
     */
    public static SysfsHostSide of(PciAddress address) {
        return of(address, POLL_INTERVAL);
    }

    /**
     * The host side of a device.
     *
     * @param address where it sits
     * @param pollInterval how often a watch looks, more than zero
     * @return the host side, to be closed by the caller
     * @throws DeviceNotFoundException if nothing sits there
     * @throws IllegalArgumentException if the interval is not more than zero
     */
    public static SysfsHostSide of(PciAddress address, Duration pollInterval) {
        return of(SysfsPci.of(address), pollInterval);
    }

    static SysfsHostSide of(SysfsPci pci, Duration pollInterval) {
        if (pollInterval.isNegative() || pollInterval.isZero()) {
            throw new IllegalArgumentException(
                    "the interval of a watch is more than zero: " + pollInterval);
        }
        pci.require();
        return new SysfsHostSide(pci, pollInterval);
    }

    @Override
    public String read(HostAttribute attribute) {
        requireOpen();
        String what = "reading " + attribute;
        if (!attribute.readable()) {
            throw failed(Errno.EACCES, what, "it can only be written");
        }
        if (attribute == HostAttribute.CONFIG) {
            return HexFormat.of().formatHex(readConfig(0, HostRequest.CONFIG_SIZE));
        }
        return tell(what, () -> text(attribute));
    }

    private String text(HostAttribute attribute) {
        if (SysfsKeptFiles.ATTRIBUTES.contains(attribute)) {
            try {
                return kept.read(attribute);
            } catch (LinuxException refused) {
                if (!refused.errno().equals(Errno.ENODEV)) {
                    throw refused;
                }
                // Of a device that was removed; at its address another may be by now.
            }
        }
        return SysfsFile.read(file(attribute));
    }

    @Override
    public void write(HostAttribute attribute, String value) {
        requireOpen();
        var request = new HostRequest.Write(attribute, value);
        if (value.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a value to write is one line");
        }
        String what = "writing \"%s\" to %s".formatted(value, attribute);
        if (!attribute.writable()) {
            throw failed(Errno.EACCES, what, "it can only be read");
        }
        boolean _ =
                tell(
                        what,
                        () -> {
                            SysfsFile.write(file(request.attribute()), request.value());
                            return true;
                        });
    }

    @Override
    public byte[] readConfig(int offset, int length) {
        requireOpen();
        var request = new HostRequest.ReadConfig(offset, length);
        return tell(
                "reading %d bytes of config at 0x%x".formatted(length, offset),
                () -> {
                    try (Fd fd = Fd.open(file(HostAttribute.CONFIG), false);
                            Memory memory = Memory.allocate(request.length())) {
                        byte[] bytes =
                                new byte
                                        [(int)
                                                fd.read(
                                                        request.offset(),
                                                        memory,
                                                        0,
                                                        request.length())];
                        memory.get(0, bytes, 0, bytes.length);
                        return bytes;
                    }
                });
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        requireOpen();
        var request = HostRequest.WriteConfig.of(offset, bytes);
        String what = "writing %d bytes of config at 0x%x".formatted(bytes.length, offset);
        long size = configSize();
        if (offset + bytes.length > size) {
            throw failed(Errno.EINVAL, what, "config has %d bytes".formatted(size));
        }
        boolean _ =
                tell(
                        what,
                        () -> {
                            try (Fd fd = Fd.open(file(HostAttribute.CONFIG), true);
                                    Memory memory = Memory.allocate(bytes.length)) {
                                memory.put(0, bytes, 0, bytes.length);
                                long done = fd.write(request.offset(), memory, 0, bytes.length);
                                requireAll(what, done, bytes.length);
                                return true;
                            }
                        });
    }

    /** Refuses a write that the kernel cut short. */
    void requireAll(String what, long done, int length) {
        if (done != length) {
            throw failed(Errno.EIO, what, "the kernel took %d of %d".formatted(done, length));
        }
    }

    private long configSize() {
        try {
            return Files.size(file(HostAttribute.CONFIG));
        } catch (IOException absent) {
            pci.require();
            throw new VfioException(Errno.ENOENT, "%s has no config".formatted(pci), absent);
        }
    }

    @Override
    public void unbindDriver() {
        write(HostAttribute.DRIVER_UNBIND, pci.address().toString());
    }

    @Override
    public HostWatch watch(Consumer<HostEvent> listener) {
        requireOpen();
        return SysfsWatch.start(pci, pollInterval, listener);
    }

    private Path file(HostAttribute attribute) {
        return pci.directory().resolve(attribute.sysfsName());
    }

    /** Does something with the device's files; turns what sysfs says into a sentence. */
    private <T> T tell(String what, Supplier<T> action) {
        try {
            return action.get();
        } catch (LinuxException refused) {
            throw explain(what, refused);
        }
    }

    private VfioException explain(String what, LinuxException refused) {
        Errno errno = refused.errno();
        if (errno.equals(Errno.ENODEV) || !pci.exists()) {
            return new DeviceNotFoundException(
                    Errno.ENODEV,
                    "%s of %s: ENODEV (the device was removed)".formatted(what, pci),
                    refused);
        }
        String why = errno.description();
        if (errno.equals(Errno.ENOENT)) {
            why = "the device has no such attribute now";
        } else if (errno.equals(Errno.EACCES) || errno.equals(Errno.EPERM)) {
            why = errno.description() + ": this needs root";
        }
        return new VfioException(
                errno, "%s of %s: %s (%s)".formatted(what, pci, errno.name(), why), refused);
    }

    private VfioException failed(Errno errno, String what, String why) {
        return new VfioException(
                errno, "%s of %s: %s (%s)".formatted(what, pci, errno.name(), why));
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("%s is closed".formatted(this));
        }
    }

    @Override
    public void close() {
        closed = true;
        kept.close();
    }

    @Override
    public String toString() {
        return "host side " + pci;
    }
}
