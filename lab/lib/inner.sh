# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a guest takes along that is to run a guest itself: QEMU with its libraries and firmware, the inner guest's kernel, and its initramfs.

# What QEMU reads of its firmware to start a kernel on q35 under KVM.
readonly inner_firmware=(seabios/bios-256k.bin qemu/linuxboot_dma.bin qemu/kvmvapic.bin)

# inner_archive FILE KERNEL_FOLDER QEMU_FOLDER: all of it below /nested, and what runs it there.
inner_archive() {
    local file=$1 kernel=$2 qemu=$3 tree=$1.tree libraries library firmware
    libraries=$(qemu_libraries "$qemu")
    mkdir -p "$tree/nested/lib" "$tree/nested/firmware"
    cp "$qemu/root/usr/bin/qemu-system-x86_64" "$tree/nested/"
    cp -L "$libraries/ld-linux-x86-64.so.2" "$tree/nested/lib/"
    while read -r library; do
        cp -L "$library" "$tree/nested/lib/"
    done < <("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" --list "$qemu/root/usr/bin/qemu-system-x86_64" \
        | sed -n 's|.*=> \(/[^ ]*\) .*|\1|p')
    for firmware in "${inner_firmware[@]}"; do
        cp "$qemu/root/usr/share/$firmware" "$tree/nested/firmware/"
    done
    cp "$kernel/vmlinuz" "$tree/nested/"
    cp "$lab/guest/nested/vmm.sh" "$tree/nested/"
    inner_initramfs "$tree/nested/initramfs.cpio" "$kernel" "$qemu"
    pack "$qemu" "$tree" "$file"
    rm -rf "$tree"
}

# inner_initramfs FILE KERNEL_FOLDER QEMU_FOLDER: busybox, lspci, the drivers, and the orders that it takes.
inner_initramfs() {
    local file=$1 kernel=$2 qemu=$3 tree=$1.tree
    mkdir -p "$tree/lab"
    cp -p "$lab/guest/init" "$tree/init"
    chmod 755 "$tree/init"
    cp "$lab/guest/"{start,checks,orders}.sh "$tree/lab/"
    cp "$lab/guest/nested/inner.sh" "$tree/lab/script.sh"
    pack "$qemu" "$tree" "$file.script"
    cat "$qemu/tools.cpio" "$kernel/modules.cpio" "$file.script" >"$file"
    rm -rf "$tree" "$file.script"
}
