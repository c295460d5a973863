# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The lab's cache: one folder for each thing that takes a download, complete or absent. A folder is made beside its place and moved there
# when whole, so an interrupted run leaves nothing that a later one could mistake for the real thing. `manifest` in each folder names every
# package it was made from, with version and SHA-256.

# Raise when a folder's content changes, so that older ones are made anew.
readonly cache_layout=1
cache=${VFIO4J_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vfio4j}/lab
readonly cache

cached() { [[ -r $cache/$1/layout && $(<"$cache/$1/layout") = "$cache_layout" ]]; }

# cache_fill NAME MAKER ARGUMENT...: makes $cache/NAME unless it is there, by calling MAKER with an empty folder and the arguments.
# Runs at the same time wait for each other.
cache_fill() {
    local name=$1 maker=$2 start lock
    shift 2
    cached "$name" && return
    mkdir -p "$cache" 2>/dev/null || die "cannot make the cache folder $cache: set VFIO4J_CACHE to a folder that can be written"
    exec {lock}>"$cache/$name.lock"
    flock "$lock"
    if ! cached "$name"; then
        start=$(milliseconds)
        rm -rf "${cache:?}/$name" "$cache/$name.part"
        mkdir "$cache/$name.part"
        "$maker" "$cache/$name.part" "$@"
        printf '%s\n' "$cache_layout" >"$cache/$name.part/layout"
        mv "$cache/$name.part" "$cache/$name"
        step_done "$start" "made $cache/$name"
    fi
    exec {lock}>&-
}

# version_of NAME PACKAGE_PATTERN: "package version" as the manifest of $cache/NAME has it.
version_of() { sed -n "s/^\($2 [^ ]*\) .*/\1/p" "$cache/$1/manifest"; }
