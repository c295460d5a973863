# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the device host sees of its device's power while a guest has it: `vfio4j power watch`, and what must be in it.

watch_pid=

# watch_start SOCKET FILE: writes to FILE what happens to the power of the device behind SOCKET, from now on.
watch_start() {
    local socket=$1 file=$2 deadline=$((SECONDS + 60))
    "$lab/../vfio4j" power watch "vfio-user:$socket" >"$file" 2>&1 &
    watch_pid=$!
    # The second line is the last that says how it was in the beginning.
    until (($(wc -l <"$file") >= 2)); do
        kill -0 "$watch_pid" 2>/dev/null || die "the device's power cannot be watched: $(tail -n 1 "$file")"
        ((SECONDS < deadline)) || die "vfio4j power watch did not begin within 60 s"
        sleep 0.1
    done
}

# watch_stop: after it the file is complete.
watch_stop() {
    [[ -n $watch_pid ]] || return 0
    # A change is printed within 50 ms.
    sleep 0.2
    kill -TERM "$watch_pid" 2>/dev/null || true
    wait "$watch_pid" 2>/dev/null || true
    watch_pid=
}

# watched FILE STATE: how often the guest brought the device to that power state. Where the device host does it, since nobody has the device open
# any more, "suspending" is told next.
watched() {
    awk -v state="$2" '
        reached && !($2 == "power/runtime_status" && $3 == "suspending") { count++ }
        { reached = NR > 2 && $2 == "power_state" && $3 == state }
        END { print count + reached }' "$1"
}

watch_kill() {
    [[ -z $watch_pid ]] || kill -TERM "$watch_pid" 2>/dev/null || true
}
