# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Debian's own kernels for the guest, in the small "cloud" flavour: the image, and of the modules only vfio-pci and what it
# needs.

# The modules a guest loads, in an order that satisfies their dependencies. Some are built into one kernel and modules in another.
readonly guest_modules=(irqbypass vfio vfio_virqfd vfio_iommu_type1 vfio-pci-core vfio-pci)

kernel_metapackage() {
    case $1 in
        6.1) echo linux-image-cloud-amd64 ;;
        6.12) echo linux-image-6.12-cloud-amd64 ;;
        *) usage_error "no kernel $1: the lab knows 6.1 and 6.12" ;;
    esac
}

# make_kernel FOLDER VERSION QEMU_FOLDER: fills FOLDER with vmlinuz, modules.cpio and a manifest.
make_kernel() {
    local folder=$1 version=$2 qemu=$3 metapackage package deb
    metapackage=$(kernel_metapackage "$version")
    apt_state "$folder/apt" bookworm bookworm-security
    package=$(apt_in "$folder/apt" apt-cache depends --important "$metapackage" | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
    [[ -n $package ]] || die "no $metapackage in this machine's Debian mirror: the lab needs the archives bookworm and bookworm-security"
    (cd "$folder/apt/cache/archives" && apt_in "$folder/apt" apt-get download "$package") || die "cannot download $package: see the messages above"
    manifest "$folder/apt" >"$folder/manifest"
    for deb in "$folder"/apt/cache/archives/*.deb; do
        unpack "$deb" "$folder/root"
    done
    mv "$folder"/root/boot/vmlinuz-* "$folder/vmlinuz"
    collect_modules "$folder/root/lib/modules" "$folder/tree/modules" "$qemu"
    pack "$qemu" "$folder/tree" "$folder/modules.cpio"
    rm -rf "$folder/apt" "$folder/root" "$folder/tree"
}

# collect_modules MODULES TARGET QEMU_FOLDER: copies the guest's modules, uncompressed because busybox loads no others, and their order.
collect_modules() {
    local modules=$1 target=$2 qemu=$3 name file
    mkdir -p "$target"
    for name in "${guest_modules[@]}"; do
        file=$(find "$modules" -name "$name.ko" -o -name "$name.ko.xz" | head -n 1)
        case $file in
            '') continue ;;
            *.xz) "$qemu/root/usr/bin/busybox" xzcat "$file" >"$target/$name.ko" ;;
            *) cp "$file" "$target/" ;;
        esac
        printf '%s\n' "$name" >>"$target/order"
    done
    [[ -r $target/order ]] || die "the kernel package has none of the modules ${guest_modules[*]}"
}
