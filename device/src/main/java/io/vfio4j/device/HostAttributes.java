/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.power.DevicePower;
import io.vfio4j.power.HostAccess;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerException;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The host side of an emulated device: attributes with the names and values of sysfs, whose reading
 * and writing wakes the device or does not, exactly as table C of the specification says.
 *
 * <p>Thread-safe; what wakes the device blocks until it is awake.
 */
final class HostAttributes {
    private final PciDescription description;
    private final DevicePower power;
    private final ConfigSpace config;
    private final Predicate<String> signal;

    HostAttributes(
            PciDescription description,
            DevicePower power,
            ConfigSpace config,
            Predicate<String> signal) {
        this.description = description;
        this.power = power;
        this.config = config;
        this.signal = signal;
    }

    /**
     * Does what a request asks.
     *
     * @param request anything but a watch, which is {@link ServedDevice#watch}
     * @return the value, or an errno and a sentence: EINVAL for a value that cannot be, EACCES for
     *     an attribute that cannot be read or written, ENOENT for one that only real devices have,
     *     EIO as sysfs answers it
     */
    HostReply handle(HostRequest request) {
        try {
            return switch (request) {
                case HostRequest.Read(HostAttribute attribute) -> read(attribute);
                case HostRequest.Write(HostAttribute attribute, String value) ->
                        write(attribute, value.strip());
                case HostRequest.ReadConfig(int offset, int length) -> readConfig(offset, length);
                case HostRequest.WriteConfig change -> writeConfig(change.offset(), change.bytes());
                case HostRequest.Watch watch -> failed(Errno.EINVAL, "watch is not an attribute");
            };
        } catch (PowerException refused) {
            return failed(
                    Errno.of(refused.refusal().errno()), String.valueOf(refused.getMessage()));
        }
    }

    private HostReply read(HostAttribute attribute) {
        PciIdentity identity = description.identity();
        return switch (attribute) {
            case POWER_CONTROL -> ok(power.host().isControlOn() ? "on" : "auto");
            case POWER_RUNTIME_STATUS -> ok(power.runtimeStatus());
            case POWER_RUNTIME_USAGE -> ok(Integer.toString(power.usage()));
            case POWER_RUNTIME_ACTIVE_TIME -> ok(Long.toString(power.activeTime().toMillis()));
            case POWER_RUNTIME_SUSPENDED_TIME ->
                    ok(Long.toString(power.suspendedTime().toMillis()));
            case POWER_RUNTIME_ACTIVE_KIDS ->
                    ok(Integer.toString(power.state().pm().activeChildren()));
            case POWER_RUNTIME_ENABLED -> ok(enabled());
            case POWER_AUTOSUSPEND_DELAY_MS ->
                    failed(Errno.EIO, "vfio does not use autosuspend (spec B9)");
            case POWER_WAKEUP -> ok("disabled");
            case POWER_STATE -> ok(power.powerState().sysfsName());
            case D3COLD_ALLOWED -> ok(power.host().isD3coldAllowed() ? "1" : "0");
            case CONFIG -> readConfig(0, (int) config.size());
            case RESET, DRIVER_UNBIND, RESCAN, REMOVE, SIGNAL ->
                    failed(Errno.EACCES, attribute + " can only be written");
            case VENDOR -> ok(hex(identity.vendorId(), 4));
            case DEVICE -> ok(hex(identity.deviceId(), 4));
            case CLASS -> ok(hex(identity.classCode(), 6));
            case SUBSYSTEM_VENDOR -> ok(hex(identity.subsystemVendorId(), 4));
            case SUBSYSTEM_DEVICE -> ok(hex(identity.subsystemId(), 4));
            case REVISION -> ok(hex(identity.revision(), 2));
            case IRQ -> ok("0");
            case ENABLE -> ok(power.state().contract().open() ? "1" : "0");
            case CURRENT_LINK_SPEED -> link("2.5 GT/s PCIe");
            case CURRENT_LINK_WIDTH -> link("1");
            case RESOURCE -> ok(resource());
            case MAX_LINK_SPEED,
                    MAX_LINK_WIDTH,
                    RESET_METHOD,
                    SRIOV_NUMVFS,
                    SRIOV_TOTALVFS,
                    DRIVER_OVERRIDE,
                    BRIDGE_STATE,
                    BRIDGE_PMCSR,
                    BRIDGE_PROMISE,
                    BRIDGE_LOCKED,
                    BRIDGE_WAKES,
                    BRIDGE_CLIENT ->
                    absent(attribute);
        };
    }

    private HostReply write(HostAttribute attribute, String value) {
        return switch (attribute) {
            case POWER_CONTROL -> writeControl(value);
            case D3COLD_ALLOWED -> writeD3coldAllowed(value);
            case RESET -> writeReset(value);
            case SIGNAL -> writeSignal(value);
            case POWER_AUTOSUSPEND_DELAY_MS ->
                    failed(Errno.EIO, "vfio does not use autosuspend (spec B9)");
            case POWER_WAKEUP ->
                    failed(Errno.EINVAL, "there is no system that the device could wake");
            case CONFIG -> failed(Errno.EINVAL, "say where: write config OFFSET HEX");
            default ->
                    attribute.writable()
                            ? absent(attribute)
                            : failed(Errno.EACCES, attribute + " cannot be written");
        };
    }

    private HostReply writeControl(String value) {
        switch (value) {
            case "on" -> power.host().controlOn();
            case "auto" -> power.host().controlAuto();
            default -> {
                return failed(
                        Errno.EINVAL, "power/control is \"on\" or \"auto\", not " + quoted(value));
            }
        }
        return ok("");
    }

    private HostReply writeD3coldAllowed(String value) {
        OptionalLong number = number(value);
        if (number.isEmpty()) {
            return failed(Errno.EINVAL, "d3cold_allowed is 0 or 1, not " + quoted(value));
        }
        power.host().writeD3coldAllowed(number.getAsLong() != 0);
        return ok("");
    }

    private HostReply writeReset(String value) {
        if (number(value).orElse(0) != 1) {
            return failed(Errno.EINVAL, "reset is done by writing 1, not " + quoted(value));
        }
        power.host().reset();
        return ok("");
    }

    private HostReply writeSignal(String value) {
        if (signal.test(value)) {
            return ok("");
        }
        return value.equals(HostAttribute.WAKE)
                ? wake()
                : failed(Errno.EINVAL, "the device knows no signal " + quoted(value));
    }

    /** A wake event as if the model had raised it: what it wakes is the power rules' business. */
    private HostReply wake() {
        PciPowerState from = power.powerState();
        if (power.wakeEvent()) {
            return ok("");
        }
        String states =
                description.power().map(PowerManagement::pmeFrom).orElse(Set.of()).stream()
                        .sorted()
                        .map(PciPowerState::sysfsName)
                        .collect(Collectors.joining(" "));
        return failed(
                Errno.EINVAL,
                states.isEmpty()
                        ? "the function cannot signal PME"
                        : "the function signals PME from %s, not from %s"
                                .formatted(states, from.sysfsName()));
    }

    /** As the kernel's kstrtoul reads it: decimal, 0x hexadecimal or 0 octal, no minus. */
    private static OptionalLong number(String value) {
        if (!value.matches("\\+?[0-9][0-9a-fA-FxX]*")) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.decode(value));
        } catch (NumberFormatException bad) {
            return OptionalLong.empty();
        }
    }

    /** For a message, which must fit in a line whatever it is about. */
    private static String quoted(String value) {
        int most = 40;
        return value.length() <= most
                ? "\"" + value + "\""
                : "\"" + value.substring(0, most) + "…\"";
    }

    /** As a read of the file: short at its end, and nothing beyond it. */
    private HostReply readConfig(int offset, int length) {
        int from = (int) Math.min(offset, config.size());
        int count = (int) Math.min(length, config.size() - from);
        if (count == 0) {
            return ok("");
        }
        try (HostAccess _ = power.host().configAccess()) {
            return ok(HexFormat.of().formatHex(hostView(from, count)));
        }
    }

    /** The registers as hardware has them: in D3hot PMCSR says so; a lost device reads all ones. */
    private byte[] hostView(int offset, int count) {
        PciPowerState now = power.powerState();
        if (now == PciPowerState.D3COLD) {
            byte[] ones = new byte[count];
            Arrays.fill(ones, (byte) 0xff);
            return ones;
        }
        return config.copy(
                offset, count, (power.pmcsr() & ~PciRegs.PCI_PM_CTRL_STATE_MASK) | now.pmcsrBits());
    }

    private HostReply writeConfig(int offset, byte[] bytes) {
        if (offset + (long) bytes.length > config.size()) {
            return failed(
                    Errno.EINVAL,
                    "config has %d bytes, not %d at %d"
                            .formatted(config.size(), bytes.length, offset));
        }
        try (HostAccess _ = power.host().configAccess()) {
            // A device that did not come back from D3cold hears nothing.
            if (power.powerState() != PciPowerState.D3COLD) {
                config.writeFromHost(offset, bytes);
            }
            return ok("");
        }
    }

    /** Read from the device's own link register: a config access (spec C). */
    private HostReply link(String value) {
        if (!description.express()) {
            return failed(Errno.EINVAL, "the function has no PCI Express link");
        }
        try (HostAccess _ = power.host().configAccess()) {
            return ok(power.powerState() == PciPowerState.D3COLD ? "Unknown" : value);
        }
    }

    private String enabled() {
        boolean forbidden = power.host().isControlOn();
        if (power.state().pm().disableDepth() > 0) {
            return forbidden ? "disabled & forbidden" : "disabled";
        }
        return forbidden ? "forbidden" : "enabled";
    }

    /** One line a BAR: first address, last address, flags; an emulated device is at address 0. */
    private String resource() {
        StringBuilder lines = new StringBuilder();
        int memory = 0x200;
        int sizeAligned = 0x40000;
        for (int index = 0; index < 6; index++) {
            long size = description.bar(index).map(BarDescription::size).orElse(0L);
            int flags = size == 0 ? 0 : memory | sizeAligned;
            lines.append(index == 0 ? "" : "\n")
                    .append(
                            String.format(
                                    Locale.ROOT,
                                    "0x%016x 0x%016x 0x%016x",
                                    0,
                                    Math.max(size - 1, 0),
                                    flags));
        }
        return lines.toString();
    }

    private static String hex(int value, int digits) {
        return "0x" + HexFormat.of().toHexDigits(value, digits);
    }

    /** What only a device on a real bus has, or one that is passed on. */
    private static HostReply absent(HostAttribute attribute) {
        return failed(Errno.ENOENT, "an emulated device has no " + attribute);
    }

    private static HostReply ok(String value) {
        return new HostReply.Ok(value);
    }

    private static HostReply failed(Errno errno, String message) {
        return new HostReply.Failed(errno, message);
    }
}
