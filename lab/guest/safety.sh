# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What a guest may do to its VMM with the edu device's memory: touch a mapping of it all the time while the device goes to D3hot and comes back,
# or has its memory switched off and on. QEMU must live, no write may arrive while the device does not decode, and all that was in it must be
# there afterwards (No_Soft_Reset is set). While it does not decode, QEMU has its BARs out of the guest's memory, and answers for that hole
# itself, with zeros where hardware gives all ones.
find_device 1234 11e8
echo 1 >"$device/enable"
setpci -s "$bdf" COMMAND=2:2

for what in d3hot memory; do
    observed=$(bartouch "$bdf" 2 $what 20 2>&1)
    note "$observed"
    echo "$observed" | sed "s/^/guest: $what: /"
    has "20 times there and back by $what" "$observed" '^rounds 20$'
    has "the mapping was touched meanwhile" "$observed" '^touched [1-9]'
    has "no read gave anything but its contents or nothing" "$observed" '^other 0$'
    has "nothing is to be read from what does not decode" "$observed" '^asleep 80 (80 0|0 80)$'
    has "the contents are as before" "$observed" '^contents 0$'
done
complaints=$(dmesg -r | grep -E '^<[0-4]>' | grep -E "$bdf|WARNING|BUG:|DMAR.*fault|Machine")
is "what the kernel complains of" "${complaints:-nothing}" nothing
finish
