# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A QEMU that has vfio-user-pci (10.1 or later; Debian 12's and 13's own have not), and the programs of the guest, from the same suite so
# that they share its C library. QEMU runs under the unpacked libraries' own loader: nothing of the host's is mixed in.

qemu_libraries() { printf '%s\n' "$1/root/usr/lib/x86_64-linux-gnu"; }

# make_qemu FOLDER: fills FOLDER with root/ (the unpacked packages), tools.cpio (the guest's programs) and a manifest.
make_qemu() {
    local folder=$1 deb
    apt_state "$folder/apt" trixie trixie-backports
    fetch "$folder/apt" -t trixie-backports qemu-system-x86 busybox-static pciutils
    manifest "$folder/apt" >"$folder/manifest"
    mkdir "$folder/root"
    for deb in "$folder"/apt/cache/archives/*.deb; do
        unpack "$deb" "$folder/root" --exclude=./usr/share/{doc,man,locale,icons}
    done
    rm -rf "$folder/apt"
    run_qemu "$folder" 60 -device help 2>/dev/null | grep -q '"vfio-user-pci"' \
        || die "$folder/manifest: this QEMU has no vfio-user-pci: the lab needs 10.1 or later"
    make_tools "$folder"
}

# run_qemu FOLDER SECONDS ARGUMENT...: ends QEMU after so many seconds. Takes the place of the shell: only for a subshell.
run_qemu() {
    local folder=$1 seconds=$2 libraries
    shift 2
    libraries=$(qemu_libraries "$folder")
    QEMU_MODULE_DIR=$libraries/qemu exec timeout --foreground --kill-after=5 "$seconds" "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" \
        "$folder/root/usr/bin/qemu-system-x86_64" -L "$folder/root/usr/share/qemu" -L "$folder/root/usr/share/seabios" "$@"
}

# The guest's programs: busybox, lspci and setpci with their libraries.
make_tools() {
    local folder=$1 tree=$1/tools program library libraries
    libraries=$(qemu_libraries "$folder")
    mkdir -p "$tree/bin" "$tree/lib64" "$tree/lib/x86_64-linux-gnu"
    cp "$folder/root/usr/bin/busybox" "$tree/bin/"
    cp "$libraries/ld-linux-x86-64.so.2" "$tree/lib64/"
    for program in lspci setpci; do
        cp "$folder/root/usr/bin/$program" "$tree/bin/"
        while read -r library; do
            cp -L "$library" "$tree/lib/x86_64-linux-gnu/"
        done < <("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" --list "$folder/root/usr/bin/$program" \
            | sed -n 's|.*=> \(/[^ ]*\) .*|\1|p')
    done
    pack "$folder" "$tree" "$folder/tools.cpio"
    rm -rf "$tree"
}

# pack QEMU_FOLDER TREE FILE: writes TREE as an initramfs archive, which the kernel takes several of, one after the other.
pack() {
    (cd "$2" && find . | "$1/root/usr/bin/busybox" cpio -o -H newc -R 0:0) >"$3" 2>/dev/null || die "cannot write the archive $3"
}
