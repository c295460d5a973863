# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Debian packages of any suite, fetched and unpacked without installing them: apt runs on a state folder of its own, takes the mirrors
# from this machine's apt sources, and checks every signature and checksum. No root is needed, nothing of the system is changed.

# The base address of this machine's Debian mirror; of its security mirror with the argument "security".
debian_mirror() {
    local wanted=${1:-main} uri release
    while read -r uri release; do
        case $wanted:$release in
            security:*-security | main:*) ;;
            *) continue ;;
        esac
        [[ $wanted = main && $release = *-* ]] && continue
        printf '%s\n' "$uri"
        return
    done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null)
}

# write_sources FILE SUITE...: an apt source for each suite, security suites on the security mirror.
write_sources() {
    local file=$1 suite mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    shift
    [[ -r $keyring ]] || die "$keyring is missing: apt-get install debian-archive-keyring"
    : >"$file"
    for suite in "$@"; do
        case $suite in
            *-security) mirror=$(debian_mirror security) ;;
            *) mirror=$(debian_mirror) ;;
        esac
        [[ -n $mirror ]] || die "no mirror for $suite in this machine's apt sources: the lab needs Debian with its main and security archives"
        printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' "$mirror" "$suite" "$keyring" >>"$file"
    done
}

# apt_in STATE COMMAND...: runs an apt command on the private state folder STATE.
apt_in() {
    local state=$1 command=$2
    shift 2
    "$command" -qq -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
        -o Dir::Etc::sourcelist="$state/lab.sources" -o Dir::Etc::sourceparts="$state/empty" \
        -o Dir::Etc::preferences="$state/none" -o Dir::Etc::preferencesparts="$state/empty" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Architecture=amd64 -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# apt_state STATE SUITE...: makes STATE know the packages of the suites, and of nothing else.
apt_state() {
    local state=$1
    shift
    mkdir -p "$state/empty" "$state/lists/partial" "$state/cache/archives/partial"
    : >"$state/status"
    write_sources "$state/lab.sources" "$@"
    apt_in "$state" apt-get update || die "apt-get update failed for $*: see the messages above, then try again"
}

# fetch STATE PACKAGE...: downloads the packages and all that they depend on, to STATE/cache/archives.
fetch() {
    local state=$1
    shift
    apt_in "$state" apt-get install -y --no-install-recommends --download-only "$@" >"$state/fetch.log" 2>&1 \
        || die "cannot download $*: $(grep '^E:' "$state/fetch.log" | head -n 1)"
}

# download STATE PACKAGE...: downloads these packages only, to STATE/cache/archives.
download() {
    local state=$1
    shift
    (cd "$state/cache/archives" && apt_in "$state" apt-get download "$@") || die "cannot download $*: see the messages above"
}

# manifest STATE: one line "package version sha256" for each package fetched, for the record of what a cache folder was made from.
manifest() {
    local deb
    for deb in "$1"/cache/archives/*.deb; do
        printf '%s %s\n' "$(dpkg-deb --showformat '${Package} ${Version}' -W "$deb")" "$(sha256sum <"$deb" | cut -d ' ' -f 1)"
    done
}

# unpack DEB FOLDER TAR_OPTION...
unpack() {
    local deb=$1 folder=$2
    shift 2
    mkdir -p "$folder"
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$folder" --no-same-owner "$@" || die "cannot unpack $deb"
}
