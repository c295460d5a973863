# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The guest's devices, at the addresses that lab/README.md names.

# bind BDF: gives the device to vfio-pci.
bind() {
    device=/sys/bus/pci/devices/$1
    [ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind"
    echo vfio-pci >"$device/driver_override"
    # Fails without an IOMMU: the command is to find that out for itself.
    echo "$1" >/sys/bus/pci/drivers_probe || echo "guest: $1 is not bound to vfio-pci"
}

bind_devices() {
    # QEMU's root port has no power management capability, and begins with 0 for that. D3cold is the slot's own, see slot-power.asl.
    for port in 0000:00:03.0 0000:00:08.0; do
        [ ! -e "/sys/bus/pci/devices/$port" ] || echo 1 >"/sys/bus/pci/devices/$port/d3cold_allowed"
    done
    for bdf in 0000:01:00.0 0000:02:00.0 0000:03:00.0 0000:04:00.0 0000:06:01.0 0000:07:00.0; do
        [ ! -e "/sys/bus/pci/devices/$bdf" ] || bind "$bdf"
    done
}
