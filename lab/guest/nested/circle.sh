# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What a bridge makes of an inner guest's runtime power management: its drivers, Linux's own, let the device sleep, and this guest's kernel must have
# it in D3hot or D3cold; they wake it, and it must be in D0. lab/nested says $rounds and $cycles.
# shellcheck source=vmm.sh
. /nested/vmm.sh
. /lab/bridge.sh
card=0000:01:00.0
served=0000:07:00.0

# of BDF: the real device in sysfs.
of() { real=/sys/bus/pci/devices/$1; }

# begin_bridge BDF [OPTION]...: an interpreted machine, perhaps a busy one, gets more time to wake, and its QEMU to unmap BARs.
begin_bridge() {
    of "$1"
    socket=/run/bridge/$1.sock
    allowed=$(cat "$real/d3cold_allowed")
    if bridge_start "$@" --wake-timeout 30s --grace 2s; then pass "a bridge listens for $*"; else fail "no bridge listens for $*"; fi
}

# bridge_qemu: what the bridge says QEMU is to be told.
bridge_qemu() { sed -n 's/^ *QEMU *//p' "$bridge_log"; }

# end_bridge: it ends in order, and gives back what it had set.
end_bridge() {
    if bridge_stop; then pass "the bridge ends in order"; else fail "the bridge does not end in order"; fi
    is "d3cold_allowed, after the bridge," "$(cat "$real/d3cold_allowed")" "$allowed"
    bridge_say
}

# bound DRIVER PME SOFT_RESET: what the inner guest finds.
bound() {
    order driver
    is "the inner guest's driver, and its device's promises" "$reply" "$1 $2 $3"
}

# asleep STATE: the inner guest's driver lets the device sleep, and the real one is in that state.
asleep() {
    order rest
    [ "$reply" = "suspended D3hot" ] || { echo "at rest the inner guest says '$reply'" && return 1; }
    within 60 says "$real/power_state" "$1" && within 60 says "$real/power/runtime_status" suspended && return
    echo "$real is $(cat "$real/power/runtime_status" "$real/power_state" | xargs)"
    return 1
}

# awake: the inner guest's driver uses the device, and the real one is in D0.
awake() {
    order work
    [ "$reply" = "active D0 used" ] || { echo "at work the inner guest says '$reply'" && return 1; }
    says "$real/power_state" D0 && says "$real/power/runtime_status" active && return
    echo "$real is $(cat "$real/power/runtime_status" "$real/power_state" | xargs)"
    return 1
}

# cycle STATE COUNT
cycle() {
    slept=0 woke=0 n=0
    while [ $n -lt "$2" ]; do
        n=$((n + 1))
        asleep "$1" && slept=$((slept + 1))
        awake && woke=$((woke + 1))
    done
    is "the inner guest's cycles, and the real device's states" "$slept times $1, $woke times D0" "$2 times $1, $2 times D0"
}

# disturbed STATE: the host wakes the sleeping device. The inner guest hears of it by PME, its driver runs, and lets it sleep again.
disturbed() {
    asleep "$1" || fail "the device does not sleep before its host wakes it"
    order remember
    echo on >"$real/power/control"
    is "the real device, woken by its host," "$(cat "$real/power_state")" D0
    echo auto >"$real/power/control"
    order woken
    is "the inner guest's driver after that" "$(echo "$reply" | xargs)" "woken suspended D3hot"
    becomes "and the real device" "$real/power_state" "$1" 60
}

# calm: neither kernel has anything to complain of, and the bridge counts no failure.
calm() {
    order complaints
    is "what the inner guest's kernel complains of" "$reply" none
    counted=$(vfio4j host "$socket.ctl" read bridge/wakes)
    has "the bridge counts no failure" "$counted" ' failures 0$'
    echo "the bridge counts $counted"
}

# outer_complaints: what this guest's kernel has to say against anybody. A newer one tells of each reset as a warning.
outer_complaints() {
    dmesg -r | grep -E '^<[0-4]>' | grep -E "$card|$served|vfio|DMAR.*fault|nobody cared|WARNING|BUG:|hung task" | grep -vE ': reset(ting| done)$' || echo none
}

# passed_on BDF DRIVER PME SOFT_RESET STATE [OPTION]...: a whole inner guest with the device behind a bridge.
passed_on() {
    bdf=$1 driver=$2 pme=$3 soft=$4 state=$5
    shift 5
    begin_bridge "$bdf" "$@"
    inner_start "$(bridge_qemu)"
    bound "$driver" "$pme" "$soft"
    has "QEMU has the real device's BARs mapped" "$(cat "/proc/$inner_pid/maps")" ' anon_inode:\[vfio-device\]'
    cycle "$state" "$cycles"
    disturbed "$state"
    calm
    inner_end
    becomes "the real device, which nobody has any more," "$real/power_state" "$state" 60
    end_bridge
}

# bridge_has_closed: it has no VFIO device open any more.
bridge_has_closed() {
    for descriptor in "/proc/$bridge/fd"/*; do
        case $(readlink "$descriptor") in
            *vfio-device*) return 1 ;;
        esac
    done
}

# killed: QEMU is killed while the device is asleep. It is closed and idles; the same bridge passes it on to the next one.
killed() {
    begin_bridge $card
    inner_start "$(bridge_qemu)"
    asleep D3cold || fail "the device does not sleep before its QEMU is killed"
    bridge_has_closed && fail "the bridge does not have the device open"
    inner_kill
    within 60 bridge_has_closed || fail "QEMU is gone, and the bridge has the device open"
    becomes "the real device, whose QEMU was killed," "$real/power_state" D3cold 60
    inner_start "$(bridge_qemu)"
    cycle D3cold 1
    calm
    inner_end
    end_bridge
}

# alone: the same without a bridge, by QEMU's own vfio-pci. A driver sees no PME and never lets the device sleep; if somebody writes D3hot, the
# device is in D3hot and in use, and stays so.
alone() {
    of $card
    inner_start "-object memory-backend-memfd,id=ram,size=SIZE,share=on -machine memory-backend=ram -device '{\"driver\":\"vfio-pci\",\"host\":\"$card\"}'"
    bound e1000e 'PME(D0-,D1-,D2-,D3hot-,D3cold-)' NoSoftRst-
    order 'echo auto >$power/control; sleep 10; state'
    is "without a bridge, the inner guest's device" "$reply" "active D0"
    order 'setpci -s $bdf CAP_PM+4.W=3:3'
    sleep 3
    is "without a bridge, the real device, after the inner guest has written D3hot," \
        "$(cat "$real/power/runtime_status" "$real/power_state" | xargs)" "active D3hot"
    inner_end
}

kept='PME(D0-,D1-,D2-,D3hot+,D3cold-)'
deep='PME(D0-,D1-,D2-,D3hot+,D3cold+)'
for round in $rounds; do
    echo "guest: round $round after $(cut -d ' ' -f 1 /proc/uptime) s"
    case $round in
        card) passed_on $card e1000e "$deep" NoSoftRst- D3cold ;;
        i2c) passed_on $served i2c-designware-pci "$kept" NoSoftRst+ D3hot ;;
        i2c-deep) passed_on $served i2c-designware-pci "$deep" NoSoftRst- D3cold --deep ;;
        killed) killed ;;
        alone) alone ;;
        *) fail "no round $round" ;;
    esac
done
is "what the outer guest's kernel complains of" "$(outer_complaints)" none
finish
