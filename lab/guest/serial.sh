# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What Linux's own driver makes of the serial port (`vfio4j serve serial`): 8250_pci, which every kernel here has, makes a tty of it, finds a
# 16550A with its FIFOs, and gets back every byte that it sends.
find_device 1415 c11b

is "the driver" "$(basename "$(readlink "$device/driver")")" serial
# Newer kernels have two more folders in between.
tty=$(basename "$(find "$device/" -name 'ttyS[0-9]*' | head -n 1)")
has "there is a tty" "$tty" '^ttyS[0-9]+$'
has "the driver knows the UART" "$(cat /proc/tty/driver/serial*)" "^${tty#ttyS}: uart:16550A (mmio|MMIO):"
stty -F "/dev/$tty" 115200 raw -echo -crtscts

# interrupts: how many the tty has had; its line is there only while it is open
interrupts() { awk -v name="$tty" '$NF == name { print $2 }' /proc/interrupts; }

# goes_around SIZE: sends so many bytes and compares what comes back
goes_around() {
    dd if=/dev/urandom of=/tmp/sent bs=1 count="$1" 2>/dev/null
    exec 5<>"/dev/$tty"
    head -c "$1" <&5 >/tmp/received &
    cat /tmp/sent >&5
    tries=0
    while [ "$(wc -c </tmp/received)" -lt "$1" ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    counted=$(interrupts)
    kill $! 2>/dev/null
    exec 5>&-
    is "what came back of $1 bytes" "$(md5sum </tmp/received)" "$(md5sum </tmp/sent)"
}

goes_around 1
goes_around 15
goes_around 16
goes_around 4000
has "interrupts were counted" "$counted" '^[1-9][0-9]*$'
note "serial: $counted interrupts"

# The driver does no runtime power management of its own; what it has set up survives D3hot all the same.
setpci -s "$bdf" CAP_PM+4.W=3
is "the power state" "$((0x$(setpci -s "$bdf" CAP_PM+4.B) & 3))" 3
setpci -s "$bdf" CAP_PM+4.W=0
sleep 0.1
is "the power state" "$((0x$(setpci -s "$bdf" CAP_PM+4.B) & 3))" 0
goes_around 100
has "all sent, all received, no overrun" "$(cat /proc/tty/driver/serial*)" "^${tty#ttyS}: .*tx:4132 rx:4132 [A-Z|]*\$"

complaints=$(dmesg -r | grep -E '^<[0-4]>' | grep -E "$bdf|$tty|nobody cared|overrun|WARNING|BUG:")
is "what the kernel complains of" "${complaints:-nothing}" nothing
finish
