#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the device host sees while lab/guest/i2c.sh runs in the guest: that the device enters D3hot and returns as often as the guest says, and
# that asleep it costs nothing; and that an alert wakes the guest. Called by lab/lib/beside.sh: GUEST_OUTPUT SOCKET [SERVER_PROCESS]
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../lib/say.sh
source "$lab/lib/say.sh"
# shellcheck source=../lib/watch.sh
source "$lab/lib/watch.sh"
output=$1 socket=$2 server=${3:-}
events=$(mktemp "${TMPDIR:-/tmp}/vfio4j-watch.XXXXXX")
readonly lab output server events
cleanup() {
    watch_kill
    rm -f "$events"
}
trap cleanup EXIT
trap 'exit 143' TERM

said() { grep -q "$1" "$output"; }

# await CUE: until the guest gives it; false if the guest ends without.
await() {
    until said "^guest: cue $1"; do
        ! said '^guest: end' || return 1
        sleep 0.1
    done
}

# Clock ticks of 10 ms that the server has used.
ticks() { sed 's/.*) //' "/proc/$server/stat" | awk '{ print $12 + $13 }'; }

# The threads of the JVM's own, and the one that answers the guest, as the kernel has their names. All others are vfio4j's and the device's.
readonly answering='^vfio-user '
readonly jvm='^(java|GC Thread|VM |C[12] Compiler|Signal Dispatch|Service Thread|Monitor Deflati|Reference Handl|Finalizer|Common-Cleaner|Notification Th|Cleaner-|process reaper|DestroyJavaVM)'

# switches: a line for each thread of the server: its number, how often it was given a processor, its name.
switches() {
    local task
    for task in "/proc/$server"/task/*; do
        # One may end meanwhile.
        awk -v number="${task##*/}" -F '\t' '/^Name/ { name = $2 } /ctxt_switches/ { sum += $2 } END { print number, sum, name }' \
            "$task/status" 2>/dev/null || true
    done
}

# ran BEFORE AFTER: a line for each thread that was given a processor in between: how often, and its name.
ran() {
    awk 'NR == FNR { before[$1] = $2; next } $2 != before[$1] { count = $2 - before[$1]; sub(/^[^ ]+ [^ ]+ /, ""); print count, $0 }' \
        <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

times() { awk '{ sum += $1 } END { print sum + 0 }'; }

# Of five seconds. A loop that spins takes thousands, a JVM that sleeps a tick or none, however busy the machine is; a loop that polls now and
# then may take less, but is a thread that ran. Linux, which waits for PME, reads PMCSR once a second, and each read is to be answered: that is a
# run or two, and more only if it has to give way meanwhile.
readonly most_milliseconds=50 most_answering=40

# What the server does while the device sleeps.
observe_sleep() {
    local before before_switches seconds=5 state used all ours answers
    await sleep || return 0
    sleep 0.5
    state=$(awk '$2 == "power_state" { state = $3 } END { print state }' "$events")
    echo "host: in the pause the device is in ${state:-a state that was not seen}"
    [[ $state = D3hot ]] || echo "host: FAIL the device is not in D3hot in the pause"
    [[ -n $server ]] || return 0
    before_switches=$(switches) before=$(ticks)
    sleep "$seconds"
    used=$((($(ticks) - before) * 10)) all=$(ran "$before_switches" "$(switches)")
    answers=$({ grep -E "${answering/^/^[0-9]+ }" <<<"$all" || true; } | times)
    ours=$(grep -vE "${jvm/^/^[0-9]+ }|${answering/^/^[0-9]+ }" <<<"$all" || true)
    echo "host: asleep for $seconds s the server used $used ms of processor time; the JVM ran" \
        "$(($(times <<<"$all") - answers - $(times <<<"$ours"))) times, who answers the guest $answers times, the device $(times <<<"$ours") times"
    ((used <= most_milliseconds)) || echo "host: FAIL that is more than $most_milliseconds ms"
    ((answers <= most_answering)) || echo "host: FAIL answers to the guest take no more than $most_answering"
    [[ -z $ours ]] || echo "host: FAIL asleep these threads ran: $(paste -sd, <<<"$ours")"
    ! said '^guest: cue awake' || echo "host: FAIL the guest's pause was over before this was measured"
}

# alert: makes the device signal PME while the guest leaves it alone.
alert() {
    local now
    await alert || return 0
    now=$("$lab/../vfio4j" host "$socket.ctl" read power_state)
    if "$lab/../vfio4j" host "$socket.ctl" write signal alert; then
        echo "host: alerted the controller, which was in $now"
    else
        echo "host: FAIL the alert was refused"
    fi
}

# observe_cycles: the guest's count against the device host's.
observe_cycles() {
    local to_sleep to_wake cycles asleep woken deadline
    await cycles || return 0
    to_sleep=$(watched "$events" D3hot) to_wake=$(watched "$events" D0)
    await cycled || return 0
    until said '^guest: cycles\|^guest: end'; do sleep 0.1; done
    cycles=$(sed -n 's/^guest: cycles [0-9]* asleep \([0-9]*\) .*/\1/p' "$output")
    # On a busy machine what is watched comes late; the guest leaves the device alone meanwhile.
    deadline=$((SECONDS + 2))
    while true; do
        asleep=$(($(watched "$events" D3hot) - to_sleep)) woken=$(($(watched "$events" D0) - to_wake))
        if ((asleep >= ${cycles:-0} && woken >= ${cycles:-0} || SECONDS >= deadline)); then break; fi
        sleep 0.1
    done
    echo "host: $asleep times to D3hot and $woken times back to D0 during the guest's ${cycles:-0} cycles"
    ((asleep >= ${cycles:-0} && woken >= ${cycles:-0} && ${cycles:-0} > 0)) || echo "host: FAIL the device host saw fewer than the guest"
}

watch_start "$socket" "$events"
observe_sleep
alert
observe_cycles
until said '^guest: end'; do sleep 0.1; done
