# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What a Linux guest must find in the edu device (`vfio4j serve edu`): it enumerates with its capabilities, its BARs can be read and written,
# and the guest kernel's own vfio-pci can take it to D3hot and back, hand on its interrupts and map memory for its DMA.
find_device 1234 11e8

# It enumerates. -n: no database of names in the guest.
listing=$(lspci -n -vv -s "$bdf" 2>/dev/null)
note "$listing"
has "lspci shows pin A" "$listing" 'Interrupt: pin A'
has "lspci shows the power management capability" "$listing" 'Power Management version [1-3]'
has "lspci shows D0" "$listing" 'Status: D0 '
has "lspci shows no power management event pending" "$listing" 'PME-$'
has "lspci shows the MSI-X capability" "$listing" 'MSI-X: Enable- Count=[1-9]'
has "lspci shows the PCI Express capability" "$listing" 'Express \(v2\) Endpoint'
has "lspci shows BAR 0" "$listing" 'Region 0: Memory at [0-9a-f]+'
has "lspci shows BAR 2" "$listing" 'Region 2: Memory at [0-9a-f]+'

# BAR 0: registers.
echo 1 >"$device/enable"
setpci -s "$bdf" COMMAND=2:2
is "identification" "$(bar 0 4 0x00)" 0x010000ed
bar 0 4 0x04 0x12345678
is "liveness, inverted," "$(bar 0 4 0x04)" 0xedcba987
bar 0 4 0x04 0x0
is "liveness, inverted again," "$(bar 0 4 0x04)" 0xffffffff
bar 0 4 0x08 10
[ $(($(bar 0 4 0x20) & 1)) = 0 ] || sleep 1
is "factorial of 10" "$(bar 0 4 0x08)" 0x00375f00

# BAR 2: memory, in every width.
bar 2 8 0x100 0x8877665544332211
is "an 8-byte read of BAR 2" "$(bar 2 8 0x100)" 0x8877665544332211
bar 2 4 0x100 0xdeadbeef
is "a 4-byte read of BAR 2" "$(bar 2 4 0x104)" 0x88776655
bar 2 2 0x102 0xcafe
is "a 2-byte read of BAR 2" "$(bar 2 2 0x100)" 0xbeef
bar 2 1 0x101 0x42
is "a 1-byte read of BAR 2" "$(bar 2 1 0x103)" 0xca
is "what the four writes made" "$(bar 2 8 0x100)" 0x88776655cafe42ef
echo 0 >"$device/enable"

# The guest's vfio-pci: an unused device is suspended.
echo vfio-pci >"$device/driver_override"
echo "$bdf" >/sys/bus/pci/drivers_probe
is "the driver" "$(basename "$(readlink "$device/driver")")" vfio-pci
becomes "the unused device's runtime status" "$device/power/runtime_status" suspended
becomes "the unused device's power state" "$device/power_state" D3hot

observed=$(eduvfio "$bdf" 2>&1)
note "$observed"
has "three interrupts by INTx" "$observed" '^intx 3 3$'
has "three interrupts by MSI-X" "$observed" '^msix 3 3$'
has "a page copied through the device" "$observed" '^dma 0$'
has "LOW_POWER_ENTRY takes the device to D3hot" "$observed" '^low-power D3hot$'
has "LOW_POWER_EXIT brings it back" "$observed" '^awake D0 0x010000ed$'
becomes "the closed device's power state" "$device/power_state" D3hot

# The next user: none of the first one's mappings may be left, or its DMA goes to memory that is no longer its own.
has "a page copied for a second user" "$(eduvfio "$bdf" 2>&1)" '^dma 0$'
# A newer kernel tells of each reset as a warning.
complaints=$(dmesg -r | grep -E '^<[0-4]>' | grep -E "$bdf|vfio|nobody cared|WARNING|BUG:|DMAR.*fault" | grep -vE ': reset(ting| done)$')
is "what the kernel complains of" "${complaints:-nothing}" nothing
finish
