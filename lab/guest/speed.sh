# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# How long a guest's accesses take: to our edu device behind vfio-user, and to QEMU's own edu, in the same guest. For
# lab/qemu-guest --device edu,addr=5
ours=0000:01:00.0
theirs=0000:00:05.0

# ready BDF: its memory decodes.
ready() {
    is "the device at $1" "$(cat "/sys/bus/pci/devices/$1/vendor" "/sys/bus/pci/devices/$1/device" 2>/dev/null | paste -s -d' ')" "0x1234 0x11e8"
    echo 1 >"/sys/bus/pci/devices/$1/enable"
    setpci -s "$1" COMMAND=2:2
}

# measured NAME PROGRAM...
measured() {
    name=$1
    shift
    "$@" 2>&1 | sed "s|^|guest: speed $name |"
}

ready $ours
ready $theirs
pm=$((0x$(lspci -n -vv -s $ours | sed -n "s|.*Capabilities: \[\([0-9a-f]*\)\] Power Management.*|\1|p")))
for round in 1 2 3; do
    measured "$round vfio4j" speed $ours 0 0 $((pm + 4))
    measured "$round vfio4j-mapped" speed $ours 2 0x100
    measured "$round qemu-edu" speed $theirs 0 0
done
is "the identification after all that" "$(pcimem /sys/bus/pci/devices/$ours/resource0 4 0)" 0x010000ed
finish
