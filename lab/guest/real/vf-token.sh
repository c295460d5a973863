# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Who may open a virtual function whose physical function is vfio-pci's too: by group whoever knows the token, by the character device of
# Linux 6.12 anybody. docs/kernel-findings.md has what to make of it. ./vfio4j lab --kernel 6.12-iommufd --script lab/guest/real/vf-token.sh
physical=0000:03:00.0
virtual=0000:03:10.0
right=11111111-2222-3333-4444-555555555555
wrong=11111111-2222-3333-4444-000000000000

# opened WORD...: "opened", "refused" for want of the token, or what else was said
opened() {
    if said=$(vfio4j info "$virtual" "$@" 2>&1); then
        echo opened
    else
        case $said in
            *vf_token*) echo refused ;;
            *) echo "$said" ;;
        esac
    fi
}

echo 1 >/sys/bus/pci/devices/$physical/sriov_numvfs
is "$virtual sits on" "$(basename "$(readlink /sys/bus/pci/devices/$virtual/physfn)")" $physical
is "by group, without a token" "$(opened --via group)" refused
vfio4j power enter $physical --vf-token $right --via group >/run/holder 2>&1 &
tries=0
while ! grep -q entered /run/holder && [ $tries -lt 300 ]; do tries=$((tries + 1)) && sleep 0.1; done
has "the physical function is open" "$(cat /run/holder)" entered
is "by group, with the token" "$(opened --via group --vf-token $right)" opened
is "by group, with another one" "$(opened --via group --vf-token $wrong)" refused
is "by group, without one" "$(opened --via group)" refused
if [ -e /dev/iommu ]; then
    is "by its character device, without one" "$(opened --via cdev)" opened
fi
kill %1
finish
