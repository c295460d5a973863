# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Debian's own kernels for the guest: the image, and of the modules only those of devices that the lab has, and what they need. Usually in the
# small "cloud" flavour; "-full" is the one for real machines, which has the drivers that a cloud has no use for. "-kvm" is the cloud's with KVM, and
# "-inner" the full one for a guest inside such a guest (lab/nested), with the drivers of what is passed on to it.

# The modules a guest loads, in an order that satisfies their dependencies. Some are built into one kernel and modules in another.
readonly guest_modules=(irqbypass iommufd vfio vfio_virqfd vfio_iommu_type1 vfio-pci-core vfio-pci
    i2c-core i2c-ccgx-ucsi i2c-designware-core i2c-designware-pci i2c-dev)
readonly kvm_modules=(kvm kvm-amd)
readonly inner_modules=(i2c-core i2c-ccgx-ucsi i2c-designware-core i2c-designware-pci i2c-dev e1000e)

# modules_of VERSION: one a line.
modules_of() {
    case $1 in
        *-kvm) printf '%s\n' "${guest_modules[@]}" "${kvm_modules[@]}" ;;
        *-inner) printf '%s\n' "${inner_modules[@]}" ;;
        *) printf '%s\n' "${guest_modules[@]}" ;;
    esac
}

# kernel_check VERSION: stops unless the lab knows it.
kernel_check() {
    case $1 in
        5.10 | 6.1 | 6.12 | 6.12-iommufd | 7.3) ;;
        6.1-full | 6.12-full | 7.3-full) ;;
        6.1-kvm | 6.12-kvm | 7.3-kvm) ;;
        *) usage_error "no kernel $1: the lab knows 5.10, 6.1, 6.12, 6.12-iommufd and 7.3, and 6.1, 6.12 and 7.3 with -full or -kvm" ;;
    esac
}

kernel_suites() {
    case $1 in
        5.10) echo bullseye bullseye-security ;;
        6.*) echo bookworm bookworm-security ;;
        7.*) echo trixie trixie-backports ;;
    esac
}

# kernel_packages VERSION STATE: the packages with the newest kernel of that series, none if the suites do not have it.
kernel_packages() {
    local series=${1%%-*} flavour=cloud-amd64
    [[ $1 != *-full && $1 != *-inner ]] || flavour=amd64
    case $series in
        5.10 | 6.1) depends_of "$2" "linux-image-$flavour" 'linux-image-' ;;
        6.12) depends_of "$2" "linux-image-6.12-$flavour" 'linux-image-' ;;
        # From 7 on there are three packages instead of one, and the metapackage names the newest series only.
        7.*)
            apt_in "$2" apt-cache pkgnames "linux-binary-$series." | sed -n "s/^linux-binary-\([0-9.]*[-+][^-]*-$flavour\)$/\1/p" | sort -V | tail -n 1 \
                | sed 's/.*/linux-base-&\nlinux-binary-&\nlinux-modules-&/'
            ;;
    esac
}

# depends_of STATE PACKAGE PREFIX: the first dependency of PACKAGE that begins with PREFIX.
depends_of() { apt_in "$1" apt-cache depends --important "$2" 2>/dev/null | sed -n "s/.*Depends: \($3[^ ]*\).*/\1/p" | head -n 1; }

# kernel_label NAME: the package and version that the cached kernel NAME was taken from.
kernel_label() { version_of "$1" 'linux-\(image\|binary\)-[^ ]*'; }

# make_kernel FOLDER VERSION QEMU_FOLDER: fills FOLDER with vmlinuz, modules.cpio and a manifest.
make_kernel() {
    local folder=$1 version=$2 qemu=$3 suites packages deb image
    if [[ $version = *-iommufd ]]; then
        needs gcc "gcc libc6-dev"
        needs make make
    fi
    read -ra suites <<<"$(kernel_suites "$version")"
    apt_state "$folder/apt" "${suites[@]}"
    mapfile -t packages < <(kernel_packages "$version" "$folder/apt")
    ((${#packages[@]} > 0)) || die "no kernel ${version%-*} in the archives ${suites[*]} of this machine's Debian mirror"
    download "$folder/apt" "${packages[@]}"
    for deb in "$folder"/apt/cache/archives/*.deb; do
        unpack "$deb" "$folder/root"
    done
    if [[ $version = *-iommufd ]]; then
        make_iommufd_modules "$folder/built" "$folder/apt" "${packages[0]#linux-image-}" "$qemu"
    fi
    manifest "$folder/apt" >"$folder/manifest"
    image=$(find "$folder/root" -type f -name 'vmlinuz*' | head -n 1)
    [[ -n $image ]] || die "the packages ${packages[*]} have no vmlinuz"
    mv "$image" "$folder/vmlinuz"
    collect_modules "$folder/tree/modules" "$version" "$qemu" "$folder/built" "$folder/root"
    pack "$qemu" "$folder/tree" "$folder/modules.cpio"
    rm -rf "$folder/apt" "$folder/root" "$folder/built" "$folder/tree"
}

# collect_modules TARGET VERSION QEMU_FOLDER SOURCE...: copies the guest's modules from the first source that has them, uncompressed because busybox
# loads no others, and their order.
collect_modules() {
    local target=$1 version=$2 qemu=$3 name file wanted
    shift 3
    mkdir -p "$target"
    mapfile -t wanted < <(modules_of "$version")
    for name in "${wanted[@]}"; do
        file=$(find "$@" \( -name "$name.ko" -o -name "$name.ko.xz" \) -print 2>/dev/null | head -n 1) || true
        case $file in
            '') continue ;;
            *.xz) "$qemu/root/usr/bin/busybox" xzcat "$file" >"$target/$name.ko" ;;
            *) cp "$file" "$target/" ;;
        esac
        printf '%s\n' "$name" >>"$target/order"
    done
    [[ -r $target/order ]] || die "the kernel package has none of the modules ${wanted[*]}"
}
