# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What vfio4j says on a real kernel where it cannot do what it was asked: the exit code 1 and one sentence, nothing hangs and nothing stays
# behind. It does what the machine allows: everything where there is low power, less on 5.10, which has none, and with --no-iommu.
nic=0000:01:00.0
disk=0000:02:00.0
bridge=0000:00:03.0
pair=0000:06:01.0
neighbour=0000:06:02.0
absent=0000:7f:1f.7
devices=/sys/bus/pci/devices

# attempt WORD...: runs vfio4j; sets $said and $code.
attempt() {
    code=0
    said=$(vfio4j "$@" 2>&1) || code=$?
}

# attempt_as_user WORD...: the same as a user who may do nothing special.
attempt_as_user() {
    code=0
    said=$(su user -c "vfio4j $*" 2>&1) || code=$?
}

# refused TEXT PATTERN: the attempt failed with one sentence, which the pattern matches from its start.
refused() {
    is "$1: the exit code" "$code" 1
    is "$1: the lines said" "$(echo "$said" | wc -l)" 1
    has "$1: the sentence" "$said" "^vfio4j: $2"
}

# worked TEXT PATTERN
worked() {
    is "$1: the exit code" "$code" 0
    has "$1" "$said" "$2"
}

driver() { basename "$(readlink "$devices/$1/driver" || echo none)"; }

# start FILE WORD...: runs vfio4j in the background; sets $started, its process. What FILE had before is gone when this returns.
start() {
    file=$1
    shift
    : >"$file"
    vfio4j "$@" >"$file" 2>&1 &
    started=$!
}

# until_said FILE PATTERN: waits at most 60 s.
until_said() {
    tries=0
    while ! grep -qE "$2" "$1" 2>/dev/null && [ $tries -lt 300 ]; do
        tries=$((tries + 1))
        sleep 0.2
    done
    has "$1 says in time" "$(cat "$1")" "$2"
}

# ended PID FILE: waits for a command in the background; sets $said and $code.
ended() {
    code=0
    wait "$1" || code=$?
    said=$(cat "$2")
}

no_such_device() {
    attempt info "$absent"
    refused "info of no device" "$absent: there is no such PCI device"
    attempt bind "$absent"
    refused "bind of no device" "$absent: there is no such PCI device"
    attempt power status "$absent"
    refused "power status of no device" "$absent: there is no such PCI device"
}

wrong_driver() {
    attempt unbind "$disk"
    worked "unbind finds the disk's usual driver" "^$disk is bound to nvme$"
    is "driver_override after unbind" "$(cat "$devices/$disk/driver_override")" "(null)"
    attempt info "$disk"
    refused "info of a device of nvme" "$disk is bound to nvme, not to vfio-pci: bind it by .vfio4j bind $disk"
    attempt bridge "$disk" --socket /run/b.sock
    refused "bridge of a device of nvme" "$disk is bound to nvme, not to vfio-pci: bind it by .vfio4j bind $disk"
    attempt bind "$disk"
    worked "bind takes the disk from its driver" "^$disk is bound to vfio-pci, before to nvme$"
    is "the disk's driver" "$(driver "$disk")" vfio-pci
    attempt bind "$bridge"
    refused "bind of a bridge" "binding $bridge to vfio-pci: EINVAL .it is a bridge"
    is "the bridge's driver" "$(driver "$bridge")" pcieport
}

no_driver() {
    attempt unbind "$nic"
    worked "unbind where no usual driver is loaded" "^$nic is bound to no driver"
    attempt info "$nic"
    refused "info of a device of no driver" "$nic is bound to no driver: bind it by .vfio4j bind $nic"
    attempt bind "$nic"
    worked "bind of a device of no driver" "^$nic is bound to vfio-pci, before to no driver$"
}

group_not_viable() {
    attempt info "$pair"
    refused "info where serial has another device of the group" \
        "$pair: group [0-9]+ has another device, $neighbour, bound to serial: bind it to vfio-pci too, by .vfio4j bind $neighbour"
    attempt bind "$pair"
    worked "bind tells who hinders" "^it cannot be opened before .* $neighbour \(serial\)$"
    attempt bind "$neighbour"
    worked "bind of the one who hinders" "^$neighbour is bound to vfio-pci, before to serial$"
    attempt info "$pair"
    worked "info where all of the group are with vfio-pci" "^  driver vfio-pci, IOMMU group [0-9]+, with .*$neighbour \(vfio-pci\)"
}

permission_denied() {
    mkdir -p /etc
    echo 'user:x:1000:1000::/tmp:/bin/sh' >/etc/passwd
    attempt_as_user info "$nic"
    refused "info as a user" "$nic: /dev/[a-z0-9/]+: permission denied: run this as root"
    attempt_as_user unbind "$nic"
    refused "unbind as a user" "taking $nic from vfio-pci: EACCES .permission denied: this needs root"
    is "the driver, which stays" "$(driver "$nic")" vfio-pci
    attempt_as_user host "$nic" write power/control on
    refused "a write to sysfs as a user" "writing \"on\" to power/control of $nic: EACCES .permission denied: this needs root"
    attempt_as_user power status "$nic"
    worked "power status as a user" '^power/runtime_status +suspended$'
    attempt_as_user host "$nic" read config
    is "config as a user: the lines" "$(echo "$said" | wc -l)" 4
}

wrong_options() {
    if [ ! -e /dev/iommu ]; then
        attempt info "$nic" --via cdev
        refused "cdev where there is none" "$nic: there is no /dev/iommu"
    fi
    attempt info "$nic" --vf-token 14d63f20-8445-11ea-8900-1f9ce7d5650d
    refused "a token for what has none" "$nic takes no vf_token"
    attempt host "$nic" read sriov_numvfs
    refused "an attribute that is not there" "reading sriov_numvfs of $nic: ENOENT"
}

busy() {
    start /run/enter power enter "$nic" --for 120s
    enter=$started
    until_said /run/enter asleep
    attempt info "$nic"
    refused "info of a device that another has" "$nic: .* is in use by java .process $enter."
    attempt power exit "$nic"
    refused "power exit of a device that another has" "power exit $nic: EBUSY, .* vfio4j host $nic write power/control on"
    attempt unbind "$nic"
    refused "unbind of a device that another has" "taking $nic from vfio-pci: java .process $enter. has it open"
    becomes "the device, which sleeps on," "$devices/$nic/power/runtime_status" suspended
}

# Goes on where `busy` has ended.
removed_while_open() {
    start /run/watch power watch "$nic"
    watch=$started
    until_said /run/watch 'power_state +D3'
    echo 1 >"$devices/$nic/remove"
    ended "$enter" /run/enter
    is "power enter of a device that is removed: the exit code" "$code" 1
    has "power enter gives the device back" "$said" "^vfio4j: $nic: the kernel wants the device back, .* so it was given back$"
    ended "$watch" /run/watch
    is "power watch of a device that is removed: the exit code" "$code" 1
    has "power watch says what has happened" "$said" "^vfio4j: power watch: $nic was removed$"
    echo 1 >/sys/bus/pci/rescan
    attempt bind "$nic"
    worked "bind of the device that is back" "^$nic is bound to vfio-pci, before to no driver$"
}

unbound_while_open() {
    start /run/enter power enter "$nic" --for 120s
    enter=$started
    until_said /run/enter asleep
    echo "$nic" >/sys/bus/pci/drivers/vfio-pci/unbind
    ended "$enter" /run/enter
    is "power enter of a device that is unbound: the exit code" "$code" 1
    has "power enter gives the device back" "$said" "^vfio4j: $nic: the kernel wants the device back"
    echo "$nic" >/sys/bus/pci/drivers/vfio-pci/bind

    # The kernel wakes the device before it asks for it (spec C): that is the wake that was waited for.
    start /run/enter power enter "$nic" --wakeup --timeout 120s
    enter=$started
    until_said /run/enter asleep
    echo "$nic" >/sys/bus/pci/drivers/vfio-pci/unbind
    ended "$enter" /run/enter
    is "power enter --wakeup of a device that is unbound: the exit code" "$code" 0
    has "the wakeup is signalled once" "$said" '  woken +signalled once$'
    echo "$nic" >/sys/bus/pci/drivers/vfio-pci/bind
}

# stop PID FILE: a command that runs until it is stopped; sets $said and $code.
stop() {
    kill "$1"
    ended "$1" "$2"
}

bridge_refuses() {
    attempt bridge "$absent" --socket /run/b.sock
    refused "bridge of no device" "$absent: there is no such PCI device"
    attempt bridge "$pair" --socket /run/b.sock
    refused "bridge where serial has another device of the group" "$pair: group [0-9]+ has another device, $neighbour, bound to serial"
    attempt bridge "$nic" --sockets /run/nowhere
    refused "bridge to a folder that is not there" "bridge $nic: there is no folder /run/nowhere for its socket: make it first$"
    attempt bridge "$nic" "$pair" --sockets /run
    is "bridge of two, of which one cannot be: the exit code" "$code" 1
    has "bridge of two says why" "$said" "^vfio4j: $pair: group [0-9]+ has another device"
    is "the sockets left of it" "$(ls /run/*.sock* 2>/dev/null)" ""
}

# The nic keeps its context in D3hot or not as QEMU has made it; what is promised follows from that.
bridge_tells() {
    before=$(cat "$devices/$nic/d3cold_allowed")
    start /run/bridge bridge "$nic" --socket /run/b.sock
    bridging=$started
    until_said /run/bridge '^listening /run/b.sock$'
    has "bridge says what it is" "$(cat /run/bridge)" "^$nic: 8086:10d3, class 020000, driver vfio-pci, IOMMU group [0-9]+$"
    has "what the guest is promised" "$(cat /run/bridge)" '^  promise   No_Soft_Reset=[01] is shown'
    has "how it is let sleep" "$(cat /run/bridge)" '^  sleep     when its guest asks for D3hot, by low power with a wakeup'
    has "what is mapped" "$(cat /run/bridge)" '^  mapped    BAR0 .0x0, 0x20000.'
    has "what is not" "$(cat /run/bridge)" '^  messages  BAR2 .32 B, less than a page'
    has "what QEMU is told" "$(cat /run/bridge)" '"driver":"vfio-user-pci","socket":."type":"unix","path":"/run/b.sock"'
    cat /run/bridge
    becomes "the device, which nobody has," "$devices/$nic/power/runtime_status" suspended
    attempt power status vfio-user:/run/b.sock
    worked "power status of a bridge" '^bridge/state +closed$'
    becomes "the device, which was only asked for," "$devices/$nic/power/runtime_status" suspended
    attempt host /run/b.sock.ctl write driver/unbind "$nic"
    refused "an unbind by the bridge that has the device" ".* EBUSY .driver/unbind would wait for this bridge"

    attempt info vfio-user:/run/b.sock
    worked "info through the bridge" '^  8086:10d3, class 020000'
    has "info through the bridge tells of it" "$said" '^bridge, before this command opened the device$'
    start /run/enter power enter vfio-user:/run/b.sock --for 60s
    enter=$started
    until_said /run/enter asleep
    becomes "the device, whose client lets it sleep itself," "$devices/$nic/power/runtime_status" suspended
    attempt power status vfio-user:/run/b.sock
    worked "power status of a bridge with a client" "^bridge/client +$enter java$"
    attempt bridge "$nic" --socket /run/second.sock
    refused "a second bridge" "$nic: .* is in use by java .process $bridging."
    kill "$enter"
    ended "$enter" /run/enter
    stop "$bridging" /run/bridge
    is "a bridge that is stopped: the exit code" "$code" 0
    is "the sockets left of it" "$(ls /run/*.sock* 2>/dev/null)" ""
    is "d3cold_allowed afterwards" "$(cat "$devices/$nic/d3cold_allowed")" "$before"
    becomes "the device afterwards" "$devices/$nic/power/runtime_status" suspended
}

# Who takes a device from vfio-pci waits until the bridge and its client have let go.
bridge_gives_back() {
    start /run/bridge bridge "$nic" --socket /run/b.sock
    bridging=$started
    until_said /run/bridge '^listening'
    start /run/enter power enter vfio-user:/run/b.sock --for 60s
    enter=$started
    until_said /run/enter asleep
    echo "$nic" >/sys/bus/pci/drivers/vfio-pci/unbind
    ended "$enter" /run/enter
    is "the client of a device that is unbound: the exit code" "$code" 1
    attempt power status vfio-user:/run/b.sock
    worked "power status of a bridge without its device" '^bridge/client +none$'
    echo "$nic" >/sys/bus/pci/drivers/vfio-pci/bind
    attempt info vfio-user:/run/b.sock
    worked "info through the bridge whose device is back" '^  8086:10d3'
    stop "$bridging" /run/bridge
    is "the bridge of a device that was taken back: the exit code" "$code" 0
}

# Kernels before 6.1
bridge_without_low_power() {
    start /run/bridge bridge "$nic" --socket /run/b.sock
    bridging=$started
    until_said /run/bridge '^listening'
    has "bridge says what is missing" "$(cat /run/bridge)" 'by PMCSR only, as VMMs do it: .*this kernel has no low-power features'
    attempt info vfio-user:/run/b.sock
    worked "info through a bridge without low power" '^  8086:10d3'
    stop "$bridging" /run/bridge
    is "a bridge that is stopped: the exit code" "$code" 0
}

no_low_power() {
    attempt power enter "$nic" --for 1s
    refused "power enter on a kernel without it" "$nic cannot be put into low power: Linux [0-9.]+ has no low-power features: 6.1 or later has$"
    attempt power enter "$nic" --wakeup --timeout 1s
    refused "power enter --wakeup on a kernel without it" "$nic cannot be put into low power: Linux [0-9.]+ has no low-power features: 6.1 or later has$"
    attempt power exit "$nic"
    refused "power exit on a kernel without it" "$nic cannot be put into low power: Linux [0-9.]+ has no low-power features: 6.1 or later has$"
    attempt info "$nic"
    worked "info on a kernel without low power" '^  not: 0 1 2 3 4 5 '
    attempt power status "$nic"
    worked "power status on a kernel without low power" '^power/runtime_status '
}

no_iommu() {
    attempt info "$nic"
    refused "info without an IOMMU" "$nic is in no IOMMU group: no IOMMU is active"
    attempt bind "$nic"
    refused "bind without an IOMMU" "binding $nic to vfio-pci: EINVAL .no IOMMU stands between it and memory"
    is "driver_override, as before" "$(cat "$devices/$nic/driver_override")" "(null)"
    attempt bind "$disk"
    refused "bind of a device with a driver without an IOMMU" "binding $disk to vfio-pci: EINVAL .no IOMMU"
    is "the disk's driver, given back" "$(driver "$disk")" nvme
}

# 7.3 tells of each reset in its log.
expected='vfio-pci [^ ]*: (resetting|reset done)$'
no_such_device
if [ ! -e "$devices/$nic/iommu_group" ]; then
    echo >"$devices/$nic/driver_override"
    echo >"$devices/$disk/driver_override"
    echo "$disk" >/sys/bus/pci/drivers_probe
    no_iommu
    # EINVAL: what vfio-pci was asked to try.
    expected="$expected|vfio-pci.*probe.*failed with error -22"
elif [ "$(uname -r | cut -d . -f 1)" -lt 6 ]; then
    no_low_power
    bridge_without_low_power
    wrong_driver
else
    wrong_driver
    no_driver
    bridge_refuses
    group_not_viable
    permission_denied
    wrong_options
    busy
    removed_while_open
    unbound_while_open
    bridge_tells
    bridge_gives_back
    # Said of whoever waits longer than ten seconds, which is what a client has to let go.
    expected="$expected|Device is currently in use, task .* blocked until device is released"
fi
complaints=$(dmesg -r | grep -E '^<[0-4]>' | grep -E 'vfio|WARNING|BUG:|DMAR.*fault|hung|blocked' | grep -vE "$expected")
is "what the kernel complains of" "${complaints:-nothing}" nothing
finish
