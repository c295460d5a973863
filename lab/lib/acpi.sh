# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The guest's ACPI table, compiled from its source by Debian's iasl.

# make_iasl FOLDER: fills FOLDER with iasl and a manifest. It runs with QEMU's C library, being of the same suite.
make_iasl() {
    local folder=$1 deb
    apt_state "$folder/apt" trixie
    download "$folder/apt" acpica-tools
    manifest "$folder/apt" >"$folder/manifest"
    for deb in "$folder"/apt/cache/archives/*.deb; do
        unpack "$deb" "$folder/root"
    done
    mv "$folder/root/usr/bin/iasl" "$folder/iasl"
    rm -rf "$folder/apt" "$folder/root"
}

# compile_acpi SOURCE FILE PORT IASL_FOLDER QEMU_FOLDER: writes the table to FILE, whose name ends in .aml; PORT is what the source calls so.
compile_acpi() {
    local libraries report
    libraries=$(qemu_libraries "$5")
    sed "s/PORT/${3//\\/\\\\}/" "$1" >"${2%.aml}.asl"
    report=$("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$4/iasl" -we -p "${2%.aml}" "${2%.aml}.asl" 2>&1) \
        || die "iasl does not take $1: $report"
}
