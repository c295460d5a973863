# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# How a guest begins, whatever it is for.

mount_all() {
    mkdir -p /proc /sys /dev /tmp
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t devtmpfs devtmpfs /dev
    ln -s /proc/self/fd /dev/fd
    # Not in every kernel: what needs them looks whether they are there.
    mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
    mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
}

# load_modules [PARAMETER_OF_VFIO_PCI]...: says which one cannot be loaded.
load_modules() {
    while read -r module; do
        case $module in
            vfio-pci) insmod "/modules/$module.ko" "$@" ;;
            *) insmod "/modules/$module.ko" ;;
        esac || echo "guest: cannot load $module"
    done </modules/order
}
