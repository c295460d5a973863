# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the guest of lab/life-cycle is told to do with the edu device.

# present [VENDOR DEVICE]: the device is there, on the guest's vfio-pci.
present() {
    find_device "${1:-1234}" "${2:-11e8}"
    [ ! -e "$device/driver" ] || return 0
    echo vfio-pci >"$device/driver_override"
    echo "$bdf" >/sys/bus/pci/drivers_probe
}

# works: all that the device can do.
works() {
    present
    observed=$(eduvfio "$bdf" 2>&1)
    note "$observed"
    # The kernel goes on counting where an earlier program's left off.
    has "three interrupts by INTx" "$observed" '^intx 3 [1-9]'
    has "three interrupts by MSI-X" "$observed" '^msix 3 3$'
    has "a page copied through the device" "$observed" '^dma 0$'
    has "LOW_POWER_ENTRY takes the device to D3hot" "$observed" '^low-power D3hot$'
    has "LOW_POWER_EXIT brings it back" "$observed" '^awake D0 0x010000ed$'
}

# memory ORDER...: with the device's memory enabled, before a driver has it.
memory() {
    find_device 1234 11e8
    echo 1 >"$device/enable"
    setpci -s "$bdf" COMMAND=2:2
    "$@"
    echo 0 >"$device/enable"
}

# remember VALUE, remembers VALUE: in the device's memory, which no reset clears.
remember() { memory bar 2 4 0x200 "$1"; }
remembers() { memory compare "the device's memory" 2 0x200 "$1"; }

# was_reset: since a program was busy, QEMU has reset the device.
was_reset() { memory compare "the register that a reset clears" 0 4 0x00000000; }

compare() { is "$1" "$(bar "$2" 4 "$3")" "$4"; }

# busy: a program has the device open, with DMA and interrupts, until the end.
busy() {
    present
    eduvfio "$bdf" busy >/tmp/busy 2>&1 &
    tries=0
    until grep -q busy /tmp/busy || [ $tries = 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    has "a program keeps the device busy" "$(cat /tmp/busy)" '^busy$'
}

# asleep: nobody uses the device.
asleep() {
    present
    becomes "the unused device's power state" "$device/power_state" D3hot
}

second=/sys/bus/pci/devices/0000:02:00.0

# plugged: a second device, a DesignWare I2C controller, has come into the second slot and works.
plugged() {
    within 20 [ -e $second/resource0 ]
    find_device 8086 4bb9
    is "its place" "$bdf" 0000:02:00.0
    echo 1 >"$device/enable"
    setpci -s "$bdf" COMMAND=2:2
    is "the controller's type" "$(bar 0 4 0xfc)" 0x44570140
    echo 0 >"$device/enable"
    present 8086 4bb9
    becomes "the unused controller's power state" "$device/power_state" D3hot
}

# unplugging ROUND: in the second round it is awake, without a driver.
unplugging() {
    [ "$1" = 1 ] || echo "$bdf" >"$device/driver/unbind"
    is "the controller's power state before it goes" "$(cat "$device/power_state")" "$([ "$1" = 1 ] && echo D3hot || echo D0)"
}

unplugged() {
    within 20 [ ! -e $second ]
    is "what is in the second slot" "$(ls -d $second 2>/dev/null)" ""
}

# calm: the kernel has nothing to complain of. A newer kernel tells of each reset as a warning.
calm() {
    complaints=$(dmesg -r | grep -E '^<[0-4]>' | grep -E "$bdf|vfio|nobody cared|WARNING|BUG:|DMAR.*fault" | grep -vE ': reset(ting| done)$')
    is "what the kernel complains of" "${complaints:-nothing}" nothing
}
# shellcheck source=orders.sh
. /lab/orders.sh
