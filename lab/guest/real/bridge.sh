# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A bridge in the guest, beside the command that is its client.
bridge_log=/results/bridge.log

# bridge_start TARGET... OPTION...: returns when its sockets can be connected to, or false after a minute.
bridge_start() {
    mkdir -p /run/bridge
    vfio4j bridge "$@" --sockets /run/bridge >"$bridge_log" 2>&1 &
    bridge=$!
    targets=$(printf '%s\n' "$@" | grep -cE '^([0-9a-f]{4}:[0-9a-f]{2}:|vfio-user:)')
    tries=0
    while [ "$(grep -c '^listening ' "$bridge_log")" -lt "$targets" ]; do
        if ! kill -0 "$bridge" 2>/dev/null || [ $tries -ge 300 ]; then
            echo "guest: the bridge does not listen"
            bridge_say
            return 1
        fi
        tries=$((tries + 1))
        sleep 0.2
    done
}

# bridge_stop: true if it ends as it should within 20 s of SIGTERM, and leaves no socket behind.
bridge_stop() {
    kill -TERM "$bridge"
    tries=0
    while kill -0 "$bridge" 2>/dev/null && [ $tries -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -KILL "$bridge" 2>/dev/null && echo "guest: the bridge still runs 20 s after SIGTERM"
    bridge_code=0
    wait "$bridge" || bridge_code=$?
    bridge_left=$(ls /run/bridge)
    [ $bridge_code = 0 ] && [ -z "$bridge_left" ] && return 0
    echo "guest: the bridge ended with $bridge_code, and left behind: ${bridge_left:-nothing}"
    return 1
}

# bridge_say: what it has said.
bridge_say() { sed 's/^/bridge: /' "$bridge_log"; }
