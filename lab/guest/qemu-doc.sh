# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the guest of docs/qemu.md must find: edu in the first slot, and i2c coming to the second one and leaving it.

# within SECONDS COMMAND...
within() {
    tries=$(($1 * 10))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

plugged() { cat /sys/bus/pci/devices/*/device | grep -q 0x4bb9; }
unplugged() { ! plugged; }

find_device 1234 11e8
echo 1 >"$device/enable"
setpci -s "$bdf" COMMAND=2:2
is "edu's identification" "$(bar 0 4 0)" 0x010000ed
bar 2 8 0x100 0x8877665544332211
is "edu's memory" "$(bar 2 8 0x100)" 0x8877665544332211
echo 0 >"$device/enable"

echo "guest: ready to be plugged"
within 60 plugged
find_device 8086 4bb9
echo 1 >"$device/enable"
setpci -s "$bdf" COMMAND=2:2
is "the I2C controller's type" "$(bar 0 4 0xfc)" 0x44570140
echo 0 >"$device/enable"

echo "guest: ready to be unplugged"
within 60 unplugged
if unplugged; then pass "the I2C controller is gone"; else fail "the I2C controller is still there"; fi
finish
