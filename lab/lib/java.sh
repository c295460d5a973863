# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Java in the guest: an image of this machine's JDK, the project's modules, and an AOT cache made with that very image.

# Options with which the AOT cache is made and used; they must be the same.
readonly java_options=(-XX:+UseSerialGC -XX:-UsePerfData --enable-native-access=io.vfio4j.linux)

# What is quickest in an interpreted machine for commands of some seconds: compiling costs more there than it saves, but for what is hot.
readonly quick_options=(-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=20)

# jre_name JDK MODULE_LIST: the name of the cache folder for that JDK's image.
jre_name() { printf 'jre-%s\n' "$({ cat "$1/release" && printf '%s\n' "$2"; } | sha256sum | cut -c -16)"; }

# jdk_modules JDK FOLDER: the modules of the JDK that the jars in FOLDER need, separated by commas.
jdk_modules() {
    local list
    list=$("$1/bin/jdeps" --ignore-missing-deps --multi-release base --module-path "$2" --print-module-deps "$2"/*.jar) \
        || die "jdeps cannot tell which modules $2 needs: $list"
    printf '%s\n' "$list" | tail -n 1
}

# make_jre FOLDER JDK MODULE_LIST QEMU_FOLDER: fills FOLDER with jre/, jre.cpio (with the C library) and a manifest.
make_jre() {
    local folder=$1 jdk=$2 modules=$3 qemu=$4 library target=$1/tree/lib/x86_64-linux-gnu
    [[ -x $jdk/bin/jlink ]] || die "$jdk has no jlink: install the whole JDK"
    "$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-man-pages --no-header-files --output "$folder/jre" \
        || die "jlink of $jdk failed, see its message above"
    mkdir -p "$target" "$folder/tree/jre"
    cp -a "$folder/jre/." "$folder/tree/jre"
    while read -r library; do
        cp -L "$library" "$target/"
    done < <(jre_libraries "$folder/jre" "$(qemu_libraries "$qemu")")
    pack "$qemu" "$folder/tree" "$folder/jre.cpio"
    rm -rf "$folder/tree"
    sed -n 's/^JAVA_RUNTIME_VERSION="\(.*\)"/java \1 -/p' "$jdk/release" >"$folder/manifest"
}

# jre_libraries JRE LIBRARIES: what the JRE needs of the system's libraries. The guest has one C library, QEMU's suite's, so of those that
# LIBRARIES has too it is that one.
jre_libraries() {
    local file
    while read -r file; do
        if [[ -e $2/${file##*/} ]]; then printf '%s\n' "$2/${file##*/}"; else printf '%s\n' "$file"; fi
    done < <(find "$1" -type f \( -name java -o -name '*.so' \) -exec ldd {} + | sed -n "s|.*=> \(/[^ ]*\) .*|\1|p" | grep -v "^$1" | sort -u)
}

# java_archive FILE JDK MODULES QEMU_FOLDER: copies the archive with the project's modules to FILE and sets $jre, the name of the cached
# image that it was made with. It is kept beside the build and made anew when that has changed. The guest has the modules at the same place
# as this machine, because the AOT cache holds on to their path.
java_archive() {
    local file=$1 jdk=$2 modules=$3 qemu=$4 keep=${3%/*}/lab key made="" lock start
    # Someone else's build: made for this run only.
    mkdir -p "$keep" 2>/dev/null && [[ -w $keep ]] || keep=$(mktemp -d "$run/java.XXXXXX")
    key="$modules $jdk ${java_options[*]}"
    exec {lock}>"$keep/lock"
    flock "$lock"
    if ! { read -r jre && read -r made; } 2>/dev/null <"$keep/made" || [[ $made != "$key" ]] || ! cached "$jre"; then
        start=$(milliseconds)
        rm -f "$keep/made"
        make_java_archive "$keep/java.cpio" "$jdk" "$modules" "$qemu"
        printf '%s\n' "$jre" "$key" >"$keep/made"
        step_done "$start" "packed the program for the guest"
    fi
    cp "$keep/java.cpio" "$file"
    exec {lock}>&-
}

# make_java_archive FILE JDK MODULES QEMU_FOLDER: also sets $jre.
make_java_archive() {
    local file=$1 jdk=$2 modules=$3 qemu=$4 tree=$1.tree list
    list=$(jdk_modules "$jdk" "$modules")
    jre=$(jre_name "$jdk" "$list")
    cache_fill "$jre" make_jre "$jdk" "$list" "$qemu"
    rm -rf "$tree"
    mkdir -p "$tree$modules"
    cp -p "$modules"/*.jar "$tree$modules/"
    "$cache/$jre/jre/bin/java" "${java_options[@]}" -XX:AOTCacheOutput="$tree/vfio4j.aot" -p "$modules" \
        -m io.vfio4j.cli/io.vfio4j.cli.Training >"$file.log" 2>&1 || true
    [[ -r $tree/vfio4j.aot ]] || die "no AOT cache could be made for the guest, see $file.log"
    pack "$qemu" "$tree" "$file"
    rm -rf "$tree"
}

# guest_command MODULES: the guest's vfio4j.
guest_command() {
    cat <<COMMAND
#!/bin/busybox sh
exec /jre/bin/java ${java_options[*]} ${quick_options[*]} -XX:AOTCache=/vfio4j.aot -Xlog:aot=off,cds=off \${VFIO4J_JAVA_OPTIONS:-} \\
    -p $(printf '%q' "$1") -m io.vfio4j.cli/io.vfio4j.cli.Main "\$@"
COMMAND
}
