/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the host side of a device tells and takes, under the names that sysfs has for it below a PCI
 * device's directory (spec B9). Which of them wake the device is spec C's table. Those that begin
 * with {@code bridge/} are there where a bridge passes the device on, and wake nobody but by a
 * write of {@link #BRIDGE_LOCKED}.
 */
public enum HostAttribute {
    /** {@code auto} or {@code on}: whether the device may sleep. */
    POWER_CONTROL("power/control", true, true),
    /** {@code active}, {@code suspending}, {@code suspended}, {@code resuming}, {@code error}. */
    POWER_RUNTIME_STATUS("power/runtime_status", true, false),
    /** How many reasons there are to stay awake. */
    POWER_RUNTIME_USAGE("power/runtime_usage", true, false),
    /** Milliseconds awake. */
    POWER_RUNTIME_ACTIVE_TIME("power/runtime_active_time", true, false),
    /** Milliseconds asleep. */
    POWER_RUNTIME_SUSPENDED_TIME("power/runtime_suspended_time", true, false),
    /** How many children are awake. */
    POWER_RUNTIME_ACTIVE_KIDS("power/runtime_active_kids", true, false),
    /** {@code enabled}, {@code disabled}, {@code forbidden}. */
    POWER_RUNTIME_ENABLED("power/runtime_enabled", true, false),
    /** Milliseconds of idleness before sleep; EIO where none is used. */
    POWER_AUTOSUSPEND_DELAY_MS("power/autosuspend_delay_ms", true, true),
    /** {@code enabled} or {@code disabled}: whether the device may wake the system. */
    POWER_WAKEUP("power/wakeup", true, true),
    /** {@code D0}, {@code D1}, {@code D2}, {@code D3hot}, {@code D3cold}, {@code unknown}. */
    POWER_STATE("power_state", true, false),
    /** {@code 0} or {@code 1}: whether power may be cut. */
    D3COLD_ALLOWED("d3cold_allowed", true, true),
    /** Configuration space, as bytes. */
    CONFIG("config", true, true),
    /** Write {@code 1} to reset the device. */
    RESET("reset", false, true),
    /** Vendor, as 0x1234. */
    VENDOR("vendor", true, false),
    /** Device, as 0x1234. */
    DEVICE("device", true, false),
    /** Class, as 0x123456. */
    CLASS("class", true, false),
    /** Vendor of the board, as 0x1234. */
    SUBSYSTEM_VENDOR("subsystem_vendor", true, false),
    /** The board, as 0x1234. */
    SUBSYSTEM_DEVICE("subsystem_device", true, false),
    /** Revision, as 0x12. */
    REVISION("revision", true, false),
    /** Interrupt number. */
    IRQ("irq", true, false),
    /** {@code 1} if the device is enabled. */
    ENABLE("enable", true, false),
    /** Speed of the link. */
    CURRENT_LINK_SPEED("current_link_speed", true, false),
    /** Lanes of the link. */
    CURRENT_LINK_WIDTH("current_link_width", true, false),
    /** Most speed that the link can have. */
    MAX_LINK_SPEED("max_link_speed", true, false),
    /** Most lanes that the link can have. */
    MAX_LINK_WIDTH("max_link_width", true, false),
    /** One line of start, end and flags for each BAR and the ROM. */
    RESOURCE("resource", true, false),
    /** The ways to reset the device, in the order of preference, as {@code flr bus}. */
    RESET_METHOD("reset_method", true, true),
    /** How many virtual functions there are; writing it makes or removes them. */
    SRIOV_NUMVFS("sriov_numvfs", true, true),
    /** How many virtual functions there can be. */
    SRIOV_TOTALVFS("sriov_totalvfs", true, false),
    /** The only driver that may have the device; {@code (null)} for any. */
    DRIVER_OVERRIDE("driver_override", true, true),
    /** Write the device's address to take it from its driver. */
    DRIVER_UNBIND("driver/unbind", false, true),
    /** Write {@code 1} to look for new devices on the device's bus. */
    RESCAN("rescan", false, true),
    /** Write {@code 1} to remove the device, until its bus is scanned again. */
    REMOVE("remove", false, true),
    /**
     * Write a name to have the world outside act on the device, as somebody who presses a button
     * does. Which names there are is the model's to say; every device that can signal PME knows
     * {@link #WAKE}, and a device of this machine has no such file.
     */
    SIGNAL("signal", false, true),
    /**
     * Where the device behind a bridge is on its way to sleep and back: {@code closed}, {@code
     * awake}, {@code unmapping}, {@code pausing}, {@code entering}, {@code asleep}, {@code waking},
     * {@code lost}.
     */
    BRIDGE_STATE("bridge/state", true, false),
    /**
     * PMCSR as the bridge's client sees it, as {@code D3hot pme_enabled=1 pme_status=0}; the state
     * is {@code unknown} while the client manages the device's power itself.
     */
    BRIDGE_PMCSR("bridge/pmcsr", true, false),
    /** What the client is promised of its context in D3hot, and why, as a sentence. */
    BRIDGE_PROMISE("bridge/promise", true, false),
    /**
     * {@code 0}, or {@code 1} and why the bridge holds the device awake; {@code 1} written holds it
     * awake, {@code 0} lets it sleep again, whatever the reason was.
     */
    BRIDGE_LOCKED("bridge/locked", true, true),
    /**
     * What has happened since the bridge was started, as {@code entries 3 guest 2 own 0 foreign 1
     * failures 0}: how often the device was let sleep; how often it woke for its guest, for other
     * requests of its client or of the bridge, and for somebody else; what went wrong.
     */
    BRIDGE_WAKES("bridge/wakes", true, false),
    /**
     * The bridge's client: {@code none}, or its process and that one's name, as {@code 4711
     * qemu-system-x86}; {@code unknown} if that process is not to be seen from there.
     */
    BRIDGE_CLIENT("bridge/client", true, false);

    /**
     * A {@link #SIGNAL} for the device to have a wake event (PME) of no particular cause: EINVAL if
     * it cannot signal PME from its present state.
     */
    public static final String WAKE = "wake";

    private static final java.util.Map<String, HostAttribute> BY_NAME =
            Arrays.stream(values())
                    .collect(
                            Collectors.toUnmodifiableMap(
                                    HostAttribute::sysfsName, Function.identity()));

    private final String sysfsName;
    private final boolean readable;
    private final boolean writable;

    HostAttribute(String sysfsName, boolean readable, boolean writable) {
        this.sysfsName = sysfsName;
        this.readable = readable;
        this.writable = writable;
    }

    /** The attribute of that name in sysfs, or empty. */
    public static Optional<HostAttribute> of(String sysfsName) {
        return Optional.ofNullable(BY_NAME.get(sysfsName));
    }

    /** The name in sysfs, below the device's directory. */
    public String sysfsName() {
        return sysfsName;
    }

    /** Whether it is what a bridge says of itself; no other device has it. */
    public boolean ofBridge() {
        return sysfsName.startsWith("bridge/");
    }

    /** Whether it can be read; else EACCES. */
    public boolean readable() {
        return readable;
    }

    /** Whether it can be written; else EACCES. */
    public boolean writable() {
        return writable;
    }

    @Override
    public String toString() {
        return sysfsName;
    }
}
