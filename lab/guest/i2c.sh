# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What Linux's own driver makes of the I2C controller (`vfio4j serve i2c`): it binds, reads and writes the EEPROMs, and lets the controller
# fall asleep in D3hot whenever nobody uses the bus, a thousand times without losing a byte. Takes a kernel that has I2C: --kernel 6.1-full.
find_device 8086 4bb9
power=$device/power
cycles=1000

# cue WORD: what i2c.host.sh acts upon.
cue() { echo "guest: cue $1"; }

# asleep_by_itself TEXT
asleep_by_itself() {
    becomes "$1, the driver's runtime status" "$power/runtime_status" suspended
    is "$1, the power state" "$(cat "$device/power_state")" D3hot
}

# The driver binds, and needs to be told nothing.
is "the driver" "$(basename "$(readlink "$device/driver")")" i2c-designware-pci
# find_bus: sets $bus, the adapter's number
find_bus() {
    bus=$(basename "$(echo "$device"/i2c-*)")
    has "there is an I2C adapter" "$bus" '^i2c-[0-9]+$'
    bus=${bus#i2c-}
}
find_bus
is "power/control" "$(cat "$power/control")" auto
listing=$(lspci -n -vv -s "$bdf" 2>/dev/null)
note "$listing"
has "the driver uses MSI" "$listing" 'MSI: Enable\+'

# Who is on the bus, and who is not.
map=$(i2cdetect -y -r "$bus")
note "$map"
is "who answers on the bus" "$(echo "$map" | grep -oE '\b[0-9a-f]{2}\b' | grep -vE '^[0-7]0$|^0.$' | xargs)" "54"
has "the 24C02 answers" "$map" '^50: 50 '
i2cget -y "$bus" 0x51 0x00 2>/dev/null && fail "nobody is at 0x51, and yet it was read"

# Both EEPROMs, in bytes and pages; a page wraps around, a read goes on behind it.
i2cset -y "$bus" 0x50 0x10 0x5a
is "a byte of the 24C02" "$(i2cget -y "$bus" 0x50 0x10)" 0x5a
is "a byte that nobody wrote" "$(i2cget -y "$bus" 0x50 0x11)" 0xff
i2ctransfer -y "$bus" w10@0x54 0x01 0x1c 0x01+
is "the 24C32 where a page ends" "$(i2ctransfer -y "$bus" w2@0x54 0x01 0x1c r5)" "0x01 0x02 0x03 0x04 0xff"
is "the 24C32 where the page begins" "$(i2ctransfer -y "$bus" w2@0x54 0x01 0x00 r5)" "0x05 0x06 0x07 0x08 0xff"
is "the bytes of a read that is longer than a FIFO" "$(i2ctransfer -y "$bus" w2@0x54 0x00 0x00 r300 | wc -w)" 300

# Left alone it falls asleep, and an access wakes it. Nobody is told to.
echo 50 >"$power/autosuspend_delay_ms"
asleep_by_itself "left alone"
is "a byte of the sleeping controller's EEPROM" "$(i2cget -y "$bus" 0x50 0x10)" 0x5a
asleep_by_itself "left alone again"

# Asleep for a while: the host looks at what that costs.
cue sleep
sleep 9
cue awake
is "after a pause, the driver's runtime status" "$(cat "$power/runtime_status")" suspended

# Something happens on the bus: the host side alerts the controller, which signals PME. Nobody here touches it; Linux finds PME_Status, for
# which it looks once a second, and resumes the driver.
echo 3000 >"$power/autosuspend_delay_ms"
i2cget -y "$bus" 0x50 0x10 >/dev/null
tries=0
while [ "$(cat "$power/runtime_status")" != suspended ] && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
has "asleep, PME is armed" "$(setpci -s "$bdf" CAP_PM+4.W)" '^.1.b$'
is "before the alert, the driver's runtime status" "$(cat "$power/runtime_status")" suspended
cue alert
becomes "after the alert, the driver's runtime status" "$power/runtime_status" active
is "after the alert, the power state" "$(cat "$device/power_state")" D0
is "PME_Status and PME_En, once the driver is awake" "$(setpci -s "$bdf" CAP_PM+4.W)" 0008

# A thousand times.
echo 5 >"$power/autosuspend_delay_ms"
cue cycles
observed=$(i2ccycles "$bus" "$device" $cycles 2>&1)
cue cycled
echo "guest: $observed"
# What the host sees comes a little later.
sleep 3
has "asleep before each of $cycles accesses, no byte lost" "$observed" "^cycles $cycles asleep $cycles read $((cycles * 64)) wrong 0 "

# The same by INTx: a driver that is not allowed MSI. It is a new one, whose delay is its own.
echo "$bdf" >"$device/driver/unbind"
echo 0 >"$device/msi_bus"
echo "$bdf" >/sys/bus/pci/drivers/i2c-designware-pci/bind
find_bus
echo 5 >"$power/autosuspend_delay_ms"
has "the driver uses INTx" "$(lspci -n -vv -s "$bdf" 2>/dev/null)" 'MSI: Enable-'
has "by INTx, no byte lost" "$(i2ccycles "$bus" "$device" 20 2>&1)" "^cycles 20 asleep 20 read 1280 wrong 0 "

complaints=$(dmesg -r | grep -E '^<[0-4]>' | grep -E "$bdf|i2c|designware|nobody cared|WARNING|BUG:")
is "what the kernel complains of" "${complaints:-nothing}" nothing
finish
