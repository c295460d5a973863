# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the lab promises to whoever runs something in it: ./vfio4j lab --kernel VERSION --script lab/guest/real/check.sh
pci=/sys/bus/pci/devices

# last_of LINK: what it points to, without the folders.
last_of() { basename "$(readlink "$1")"; }

# in_group BDF: the group's devices that are no bridges.
in_group() {
    for member in "$pci/$1"/iommu_group/devices/*; do
        case $(cat "$member/class") in
            0x0604*) ;;
            *) echo "${member##*/}" ;;
        esac
    done | xargs
}

for device in 01:00.0=8086:10d3 02:00.0=1b36:0010 03:00.0=8086:10c9 04:00.0=1234:11e8 06:01.0=8086:100e; do
    bdf=0000:${device%=*}
    is "$bdf" "$(cat "$pci/$bdf/vendor" "$pci/$bdf/device" | cut -c 3- | xargs | tr ' ' :)" "${device#*=}"
    is "the driver of $bdf" "$(last_of "$pci/$bdf/driver")" vfio-pci
    has "the group of $bdf has its file" "$(ls /dev/vfio)" "^$(last_of "$pci/$bdf/iommu_group")\$"
done
for bdf in 0000:01:00.0 0000:02:00.0 0000:03:00.0 0000:04:00.0; do
    is "the group of $bdf" "$(in_group $bdf)" $bdf
done
is "the group of 0000:06:01.0" "$(in_group 0000:06:01.0)" "0000:06:01.0 0000:06:02.0"
is "the driver of 0000:06:02.0" "$(last_of $pci/0000:06:02.0/driver)" serial

case $(uname -r) in
    5.*) ;;
    *)
        cold=$pci/0000:01:00.0
        becomes "the first slot's device" $cold/power_state D3cold
        echo 0 >$cold/d3cold_allowed
        becomes "without D3cold, the first slot's device" $cold/power_state D3hot
        echo 1 >$cold/d3cold_allowed
        becomes "with D3cold again, the first slot's device" $cold/power_state D3cold
        for bdf in 0000:02:00.0 0000:03:00.0; do
            becomes "$bdf" $pci/$bdf/power_state D3hot
        done
        becomes "edu's runtime status" $pci/0000:04:00.0/power/runtime_status suspended
        is "the power state of edu, which has no capability for it," "$(cat $pci/0000:04:00.0/power_state)" D0
        ;;
esac
echo 2 >$pci/0000:03:00.0/sriov_numvfs
is "the virtual functions of 0000:03:00.0" "$(last_of $pci/0000:03:00.0/virtfn0) $(last_of $pci/0000:03:00.0/virtfn1)" "0000:03:10.0 0000:03:10.2"
echo 0 >$pci/0000:03:00.0/sriov_numvfs
has "the kernel can trace" "$(ls /sys/kernel/tracing)" '^kprobe_events$'
if [ -e /dev/iommu ]; then is "the character devices of VFIO" "$(cd /dev/vfio/devices && echo vfio*)" "vfio0 vfio1 vfio2 vfio3 vfio4"; fi
has "vfio4j runs" "$(vfio4j --version)" '^vfio4j '
has "vfio4j runs for everyone" "$(su -s /bin/sh nobody -c 'vfio4j --version' 2>&1)" '^vfio4j '
vfio4j no-such-command 2>/dev/null
is "the exit code of a wrong command" $? 2
echo brought back >/results/brought-back
finish
