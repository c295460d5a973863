# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What runs on this side while a guest runs: for a guest script NAME.sh the bash script NAME.host.sh beside it, if there is one. It is called
# with the guest's output as it comes (a file), the device's socket, and the server's process if the lab has started that. It may take what the
# guest prints as its cue, ends after the line "guest: end", and says what it has seen; its exit code is part of the verdict.

beside_pid=

# beside_start RUN_FOLDER SOCKET GUEST_SCRIPT
beside_start() {
    local program=${3%.sh}.host.sh
    : >"$1/beside.log"
    [[ -r $program ]] || return 0
    bash "$program" "$1/script.log" "$2" "${server_pid:-}" >"$1/beside.log" 2>&1 &
    beside_pid=$!
}

# beside_stop RUN_FOLDER: prints what it said; one that has not noticed the end within 10 s has failed.
beside_stop() {
    local code=0
    [[ -n $beside_pid ]] || return 0
    if ! ends_within 10 "$beside_pid"; then
        echo "host: FAIL it did not notice that the guest has ended" >>"$1/beside.log"
        kill -TERM "$beside_pid" 2>/dev/null || true
    fi
    wait "$beside_pid" || code=$?
    beside_pid=
    ((code == 0)) || echo "host: FAIL exit code $code" >>"$1/beside.log"
    cat "$1/beside.log"
}

# beside_ok RUN_FOLDER: whether it had nothing to complain of.
beside_ok() { ! grep -q '^host: FAIL' "$1/beside.log"; }

beside_kill() {
    [[ -z $beside_pid ]] || kill -TERM "$beside_pid" 2>/dev/null || true
}
