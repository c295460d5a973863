/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The host's view of a device: what sysfs shows of a real one below its directory, and a control
 * socket of an emulated one, under the same names and with the same values (spec B9). What reading
 * or writing here does to a sleeping device, nothing or a wake, is spec C's table: {@code config}
 * wakes from D3cold and not from D3hot, the {@code power/*} files never wake when read.
 *
 * <p>Lifetime: from opening to {@link #close}; a call after it throws IllegalStateException.
 * Threads: any; each call is one question and its answer.
 *
 * <p>Failures, of all methods: {@link VfioException} with the errno that the attribute gives:
 * EACCES if it cannot be read or written or this user may not, ENOENT if the device has none of
 * that name, EIO if it has no value now, EINVAL for a value it does not take; {@link
 * ConnectionLostException} if the other side is gone.
 */
public interface HostSide extends AutoCloseable {
    /**
     * Opens the host side of an emulated device.
     *
     * @param socket its control socket: by default the device's socket path and {@code .ctl}
     * @return the host side, to be closed by the caller
     * @throws DeviceNotFoundException if nobody listens there
     */
    static HostSide connect(Path socket) {
        return ControlSocketHostSide.connect(socket);
    }

    /**
     * Opens the host side of a device of this machine.
     *
     * @param address where it sits, bound to whatever driver
     * @return the host side, to be closed by the caller
     * @throws DeviceNotFoundException if nothing sits there
     */
    static HostSide of(PciAddress address) {
        return SysfsHostSide.of(address);
    }

    /**
     * Opens the host side of a device that may be opened as this target: what sysfs says of a real
     * one, the socket beside its own, {@code PATH.ctl}, of an emulated one. The device is not
     * opened.
     *
     * @param target where the device is
     * @return the host side, to be closed by the caller
     * @throws DeviceNotFoundException if there is none
     */
    static HostSide beside(Target target) {
        return switch (target) {
            case Target.Pci(var address) -> of(address);
            case Target.VfioUser user -> connect(user.controlSocket());
        };
    }

    /**
     * Reads an attribute.
     *
     * @param attribute which; {@link HostAttribute#CONFIG} gives hexadecimal digits
     * @return its value, without the line feed at its end; lines of it separated by line feeds
     */
    String read(HostAttribute attribute);

    /**
     * Writes an attribute, and waits for what that does: a device that is told to wake is awake.
     *
     * @param attribute which, other than {@link HostAttribute#CONFIG}
     * @param value not empty, without a line feed
     */
    void write(HostAttribute attribute, String value);

    /**
     * Reads configuration space.
     *
     * @param offset first byte, 0 to 4095
     * @param length bytes, 1 to 4096 - offset
     * @return that many bytes; fewer if the device's space ends before
     * @throws IllegalArgumentException if there are no such bytes
     */
    byte[] readConfig(int offset, int length);

    /**
     * Writes configuration space.
     *
     * @param offset first byte, 0 to 4095
     * @param bytes what to write there
     * @throws IllegalArgumentException if there are no such bytes
     */
    void writeConfig(int offset, byte[] bytes);

    /**
     * Has everything that happens from now on told, in order, by a thread that exists for that.
     *
     * @param listener is told; what it throws ends the watch
     * @return the watch, to be closed by the caller; closing this host side does not end it
     */
    HostWatch watch(Consumer<HostEvent> listener);

    /** Whether the device is awake: {@code power/runtime_status}. */
    default RuntimeStatus runtimeStatus() {
        String text = read(HostAttribute.POWER_RUNTIME_STATUS);
        for (RuntimeStatus status : RuntimeStatus.values()) {
            if (status.sysfsName().equals(text)) {
                return status;
            }
        }
        throw nonsense(HostAttribute.POWER_RUNTIME_STATUS, text);
    }

    /** How many reasons there are to stay awake: {@code power/runtime_usage}. */
    default int runtimeUsage() {
        return (int) number(HostAttribute.POWER_RUNTIME_USAGE);
    }

    /** How long the device has slept in all: {@code power/runtime_suspended_time}. */
    default Duration runtimeSuspendedTime() {
        return Duration.ofMillis(number(HostAttribute.POWER_RUNTIME_SUSPENDED_TIME));
    }

    /** The D-state, as in {@code D3hot}; {@code unknown} is one of the answers. */
    default String powerState() {
        return read(HostAttribute.POWER_STATE);
    }

    /** Whether the device may sleep: {@code power/control}. */
    default RuntimeControl control() {
        String text = read(HostAttribute.POWER_CONTROL);
        return switch (text) {
            case "auto" -> RuntimeControl.AUTO;
            case "on" -> RuntimeControl.ON;
            default -> throw nonsense(HostAttribute.POWER_CONTROL, text);
        };
    }

    /** Says whether the device may sleep; {@link RuntimeControl#ON} wakes it. */
    default void setControl(RuntimeControl control) {
        write(HostAttribute.POWER_CONTROL, control.name().toLowerCase(Locale.ROOT));
    }

    /** Whether the device's power may be cut: {@code d3cold_allowed}. */
    default boolean d3coldAllowed() {
        return number(HostAttribute.D3COLD_ALLOWED) != 0;
    }

    /** Says whether the device's power may be cut. Wakes it, whatever is written. */
    default void setD3coldAllowed(boolean allowed) {
        write(HostAttribute.D3COLD_ALLOWED, allowed ? "1" : "0");
    }

    /** Resets the device, which wakes it: {@code reset}. */
    default void resetFunction() {
        write(HostAttribute.RESET, "1");
    }

    /**
     * Lets something happen in an emulated device that it may wake its driver for (PME), as its
     * model does by itself: PME_Status is set; if PME_En is, its client is told, see {@link
     * PmeEvent}; and a device that sleeps by the low-power contract wakes. One that its driver put
     * into D3hot by PMCSR stays there (spec C, E).
     *
     * @throws VfioException with EINVAL if the device cannot signal PME from its present state, of
     *     which nothing has come then; ENOENT for a device of this machine, which has such events
     *     by itself
     */
    default void wakeEvent() {
        write(HostAttribute.SIGNAL, HostAttribute.WAKE);
    }

    /**
     * Takes the device from its driver: {@code driver/unbind}. From vfio-pci that wakes the device,
     * asks the program that has it open to close it, by the interrupt {@link
     * io.vfio4j.uapi.VfioPci#VFIO_PCI_REQ_IRQ_INDEX}, and waits until it has, however long that
     * takes; neither a signal nor Thread.interrupt ends the wait. {@link VfioPciBinding} does not
     * begin to wait.
     *
     * @throws VfioException with ENOENT if no driver has the device; always for an emulated one
     */
    default void unbindDriver() {
        write(HostAttribute.DRIVER_UNBIND, "1");
    }

    private long number(HostAttribute attribute) {
        String text = read(attribute);
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw nonsense(attribute, text);
        }
    }

    private static VfioException nonsense(HostAttribute attribute, String text) {
        return new VfioException(
                Errno.EPROTO, "%s of the device says \"%s\"".formatted(attribute, text));
    }

    /** Gives the access up; the device is not touched. Closing again does nothing. */
    @Override
    void close();
}
