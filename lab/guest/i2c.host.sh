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

# Clock ticks of 10 ms that the server has used, and how often any of its threads was given a processor.
ticks() { sed 's/.*) //' "/proc/$server/stat" | awk '{ print $12 + $13 }'; }
switches() { cat "/proc/$server"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'; }

# What the server does while the device sleeps.
observe_sleep() {
    local before before_switches seconds=5
    await sleep || return 0
    sleep 0.5
    echo "host: in the pause the device is in $(awk '$2 == "power_state" { state = $3 } END { print state }' "$events")"
    [[ -n $server ]] || return 0
    before=$(ticks) before_switches=$(switches)
    sleep "$seconds"
    echo "host: asleep for $seconds s the server used $((($(ticks) - before) * 10)) ms of processor time and ran" \
        "$(($(switches) - before_switches)) times"
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
    local to_sleep to_wake cycles asleep woken
    await cycles || return 0
    to_sleep=$(watched "$events" D3hot) to_wake=$(watched "$events" D0)
    await cycled || return 0
    asleep=$(($(watched "$events" D3hot) - to_sleep)) woken=$(($(watched "$events" D0) - to_wake))
    until said '^guest: cycles\|^guest: end'; do sleep 0.1; done
    cycles=$(sed -n 's/^guest: cycles [0-9]* asleep \([0-9]*\) .*/\1/p' "$output")
    echo "host: $asleep times to D3hot and $woken times back to D0 during the guest's ${cycles:-0} cycles"
    ((asleep >= ${cycles:-0} && woken >= ${cycles:-0} && ${cycles:-0} > 0)) || echo "host: FAIL the device host saw fewer than the guest"
}

watch_start "$socket" "$events"
observe_sleep
alert
observe_cycles
until said '^guest: end'; do sleep 0.1; done
