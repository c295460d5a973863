# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# iommufd and VFIO's character devices for a Debian kernel: Debian sets neither CONFIG_IOMMUFD nor CONFIG_VFIO_DEVICE_CDEV, so its VFIO
# modules are built once more, from its own source and against its own headers, with both.

# make_iommufd_modules FOLDER STATE RELEASE QEMU_FOLDER: leaves the modules in FOLDER. The packages go to STATE like the kernel's own.
make_iommufd_modules() {
    local folder=$1 state=$2 release=$3 qemu=$4 base=${3%-cloud-amd64} series version headers
    series=$(cut -d . -f 1,2 <<<"$release")
    # The source must be exactly the image's.
    version=$(dpkg-deb --field "$state"/cache/archives/linux-image-*.deb Version)
    download "$state" "linux-headers-$release" "linux-headers-$base-common" "linux-kbuild-$base" "linux-source-$series=$version"
    for deb in "$state"/cache/archives/linux-{headers,kbuild}-*.deb; do
        unpack "$deb" "$folder/headers"
    done
    # They are to be used where they were unpacked: one absolute path stands in the way.
    headers=$folder/headers/usr/src/linux-headers-$release
    printf 'include %s\n' "$folder/headers/usr/src/linux-headers-$base-common/Makefile" >"$headers/Makefile"
    take_iommufd_source "$state"/cache/archives/linux-source-*.deb "$folder/source" "$qemu"
    # The settings go to make, which decides what is built, and to the C files. BTF is for debuggers, and takes pahole.
    make -s -C "$headers" M="$folder/source" -j"$(nproc)" CC=gcc \
        CONFIG_IOMMUFD=m CONFIG_VFIO_DEVICE_CDEV=y CONFIG_DEBUG_INFO_BTF_MODULES= \
        KCFLAGS="-DCONFIG_IOMMUFD_MODULE -DCONFIG_VFIO_DEVICE_CDEV -DCONFIG_INTERVAL_TREE_SPAN_ITER" modules >"$folder/make.log" 2>&1 \
        || die "the iommufd modules cannot be built: $(grep -m 1 -E 'error:|not found|\*\*\*' "$folder/make.log" || tail -n 1 "$folder/make.log")"
    find "$folder/source" -name '*.ko' -exec strip --strip-debug {} +
}

# take_iommufd_source DEB FOLDER QEMU_FOLDER: of the kernel's source what the modules are made from.
take_iommufd_source() {
    local deb=$1 folder=$2 qemu=$3 core=$2/drivers/iommu/iommufd
    mkdir -p "$folder"
    dpkg-deb --fsys-tarfile "$deb" | tar -x -O --wildcards './usr/src/linux-source-*.tar.xz' | "$qemu/root/usr/bin/busybox" xzcat \
        | tar -x -C "$folder" --no-same-owner --strip-components=1 --wildcards \
            '*/drivers/vfio' '*/drivers/iommu/iommufd' '*/drivers/iommu/*.h' '*/lib/interval_tree.c' || die "cannot unpack $deb"
    printf 'obj-m += drivers/iommu/iommufd/ drivers/vfio/\n' >"$folder/Kbuild"
    # The kernel has these functions but for the iterator over spans, and exports them: the module brings all of them, and exports none.
    grep -v EXPORT_SYMBOL "$folder/lib/interval_tree.c" >"$core/interval_tree.c"
    printf 'iommufd-y += interval_tree.o\n' >>"$core/Makefile"
}
