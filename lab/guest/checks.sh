# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What a guest script builds on (busybox sh). It ends with `finish`, whose line "guest: ok" the lab looks for.
checks=0
failures=0

pass() {
    checks=$((checks + 1))
    echo "guest: pass $1"
}

fail() {
    failures=$((failures + 1))
    echo "guest: FAIL $1"
}

# note TEXT: to the console's log only
note() { echo "$1" >/dev/console; }

# is TEXT ACTUAL WANTED
is() {
    if [ "$2" = "$3" ]; then pass "$1 is $3"; else fail "$1 is '$2', not '$3'"; fi
}

# has TEXT ACTUAL PATTERN: ACTUAL has a line that the extended regular expression matches
has() {
    if echo "$2" | grep -qE "$3"; then
        pass "$1"
    else
        fail "$1: no line matches '$3' in:"
        echo "$2"
    fi
}

# within SECONDS COMMAND...: true once the command is; false if it does not become so in time.
within() {
    tries=$(($1 * 10))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# says FILE TEXT: the file's content is that text
says() { [ "$(cat "$1")" = "$2" ]; }

# becomes TEXT FILE WANTED [SECONDS]: the file says so within that time, five seconds if it is not given
becomes() {
    within "${4:-5}" says "$2" "$3"
    is "$1" "$(cat "$2")" "$3"
}

# find_device VENDOR DEVICE: sets $bdf and $device (its sysfs folder), or ends the script
find_device() {
    bdf=
    for device in /sys/bus/pci/devices/*; do
        if [ "$(cat "$device/vendor")" = "0x$1" ] && [ "$(cat "$device/device")" = "0x$2" ]; then
            bdf=${device##*/}
            pass "the device $1:$2 is at $bdf"
            return
        fi
    done
    fail "no device $1:$2 on the PCI bus"
    finish
    exit 1
}

# bar N WIDTH OFFSET [VALUE]: reads, or writes, WIDTH bytes of BAR N through a mapping, in one access
bar() {
    bar_number=$1
    shift
    pcimem "$device/resource$bar_number" "$@"
}

finish() {
    if [ "$failures" = 0 ]; then echo "guest: ok, $checks checks passed"; else echo "guest: $failures checks failed"; fi
}
