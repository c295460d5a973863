# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the inner guest of lab/nested is told to do with the device that was passed on to it: see circle.sh, which gives the orders. Linux's own
# driver decides when the device sleeps; here it is only used, or left alone. Every order answers with one line.
bdf=0000:01:00.0
device=/sys/bus/pci/devices/$bdf
power=$device/power
kept=

# last_of LINK
last_of() { basename "$(readlink "$1")"; }

state() { echo "$(cat "$power/runtime_status") $(cat "$device/power_state")"; }

# driver: who has the device; from which states it can say PME, and whether D3hot is a promise, as lspci has it.
driver() {
    listing=$(lspci -vv -s "$bdf" 2>/dev/null)
    note "$listing"
    echo "$(last_of "$device/driver") $(echo "$listing" | grep -oE 'PME\([^)]*\)|NoSoftRst[-+]' | xargs)"
}

suspended() { [ "$(cat "$power/runtime_status")" = suspended ]; }

# rest: leaves the device alone until its driver has let it sleep. What keeps it awake between two cycles is power/control only.
rest() {
    [ ! -e "$power/autosuspend_delay_ms" ] || echo 50 >"$power/autosuspend_delay_ms" 2>/dev/null
    echo auto >"$power/control"
    within 120 suspended
    state
}

# work: has the driver awake, and use the device.
work() {
    echo on >"$power/control"
    used=unused
    "use_$(last_of "$device/driver" | tr - _)"
    echo "$(state) $used"
}

# The I2C controller: what was written before the sleep is there after it.
use_i2c_designware_pci() {
    bus=$(basename "$(echo "$device"/i2c-*)")
    bus=${bus#i2c-}
    if [ -n "$kept" ] && [ "$(i2c get "$bus" 0x50 0x10)" != "$kept" ]; then
        used="the EEPROM has not kept $kept"
        return
    fi
    kept=$(printf '0x%02x' $(((${kept:-0x20} + 1) & 0xff)))
    i2c set "$bus" 0x50 0x10 "$kept" && used=used
}

# i2c get|set WORD...: a machine that is interpreted on a busy one may be too slow for the driver's patience of a second.
i2c() {
    command=i2c$1
    shift
    for patience in 1 2 3 4 5; do
        "$command" -y "$@" 2>/dev/console && return
        echo "the bus took too long, $patience" >/dev/console
    done
}

# The network card: the driver resets it, and it sends the interrupt that the driver asks of it when its interface is brought up.
use_e1000e() {
    card=$(basename "$(echo "$device"/net/*)")
    before=$(interrupts)
    ifconfig "$card" up
    within 60 more_interrupts && used=used
    ifconfig "$card" down
}

interrupts() { awk -v card="$card" '$NF ~ "^" card { sum += $2 } END { print sum + 0 }' /proc/interrupts; }
more_interrupts() { [ "$(interrupts)" -gt "$before" ]; }

# remember, woken: whether the driver was awake in between, though nobody here has used the device.
remember() { active=$(cat "$power/runtime_active_time"); }
was_active() { [ "$(cat "$power/runtime_active_time")" -gt "$active" ]; }
woken() {
    within 120 was_active && echo woken
    rest
}

# complaints: of the kernel, or "none".
complaints() {
    dmesg -r | grep -E '^<[0-4]>' | grep -E "$bdf|nobody cared|WARNING|BUG:|hung task" | grep -v 'controller timed out' || echo none
}
# shellcheck source=../orders.sh
. /lab/orders.sh
