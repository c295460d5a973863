# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The server under test, `vfio4j serve`, from its first line of output to the empty folder that it must leave behind.

server_pid=

# server_start MODEL SOCKET LOG OPTION...: returns when the server says that it listens.
server_start() {
    local model=$1 socket=$2 log=$3
    shift 3
    servers_start "$log" "$model=$socket" "$@"
}

# servers_start LOG MODEL=SOCKET... OPTION...: the same with several devices in one process.
servers_start() {
    local log=$1 start deadline device
    shift
    start=$(milliseconds)
    deadline=$((SECONDS + 300))
    : >"$log"
    "$lab/../vfio4j" serve "$@" >"$log" 2>&1 &
    server_pid=$!
    for device in "$@"; do
        [[ $device != *=/* ]] || server_listens "$log" "${device#*=}" "$deadline"
    done
    step_done "$start" "vfio4j serve is ready"
}

# server_listens LOG SOCKET DEADLINE: waits for it.
server_listens() {
    local log=$1 socket=$2 deadline=$3
    until grep -qxF "listening $socket" "$log"; do
        if ! kill -0 "$server_pid" 2>/dev/null; then
            tail -n 20 "$log" >&2
            die "the server ended before it listened"
        fi
        ((SECONDS < deadline)) || die "the server did not print 'listening $socket' within 300 s"
        sleep 0.1
    done
}

# ends_within SECONDS PID: true once the child is gone; bash has no wait with a limit.
ends_within() {
    local deadline=$((SECONDS + $1))
    while kill -0 "$2" 2>/dev/null; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# server_stop FOLDER LOG: asks the server to end; true if it ended well and left no socket in FOLDER.
server_stop() {
    local folder=$1 log=$2 code=0 start left
    start=$(milliseconds)
    if ! kill -TERM "$server_pid" 2>/dev/null; then
        say "FAIL: the server ended by itself"
        code=1
    elif ! ends_within 20 "$server_pid"; then
        say "FAIL: the server still runs 20 s after SIGTERM"
        server_kill
    fi
    wait "$server_pid" 2>/dev/null || code=$?
    server_pid=
    left=$(find "$folder" -type s)
    if ((code != 0)); then
        tail -n 20 "$log"
        say "FAIL: the server's exit code after SIGTERM is $code, not 0"
    elif [[ -n $left ]]; then
        say "FAIL: the server left behind: $left"
    else
        step_done "$start" "the server stopped cleanly and removed its sockets"
        return 0
    fi
    return 1
}

server_ended() { [[ -n $server_pid ]] && ! kill -0 "$server_pid" 2>/dev/null; }

server_kill() {
    [[ -z $server_pid ]] || kill -KILL "$server_pid" 2>/dev/null || true
}
