# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A guest that stays up and does what the lab tells it, and the monitor of the QEMU that it runs in. The guest reads its orders from the third
# serial port (guest/orders.sh); the monitor is QEMU's QMP on a pair of pipes. What they say is in the run folder, in files that end with the
# number of the start: console.N, script.N (what the guest's orders print), monitor.N and qemu.N.

live_pid=
live_number=0
live_order_number=0
live_reader=

# live_start RUN_FOLDER SOCKET KERNEL_FOLDER QEMU_FOLDER: starts QEMU, a new one each time. There is a second slot, empty. PCI Express
# hotplug instead of ACPI's, as on hardware.
live_start() {
    local run=$1 socket=$2 kernel=$3 qemu=$4 arguments pipe number
    live_number=$((live_number + 1))
    number=$live_number
    for pipe in monitor.in monitor.out orders.in orders.out; do
        rm -f "$run/$pipe"
        mkfifo "$run/$pipe"
    done
    : >"$run/script.$number"
    mapfile -t arguments < <(guest_arguments "$run" "$socket" "$kernel")
    # The reader holds the pipe open for writing too, so that it does not end before QEMU has opened it.
    cat <>"$run/monitor.out" >"$run/monitor.$number" &
    live_reader=$!
    rm -f "$run/qemu.pid"
    run_qemu "$qemu" "$seconds" "${arguments[@]}" -device pcie-root-port,id=slot2,chassis=2,slot=2,addr=4 \
        -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
        -pidfile "$run/qemu.pid" -chardev "pipe,id=monitor,path=$run/monitor" -mon chardev=monitor,mode=control \
        -serial "file:$run/console.$number" -serial "file:$run/script.$number" \
        -chardev "pipe,id=orders,path=$run/orders" -serial chardev:orders </dev/null >"$run/qemu.$number" 2>&1 &
    live_pid=$!
    await 20 "QEMU to begin" has_line "$run/monitor.$number" '"QMP"'
    live_monitor "$run" '{"execute":"qmp_capabilities"}'
}

# has_line FILE PATTERN [COUNT]: whether the file has that many lines, or one, that match.
has_line() { (($(grep -cE -- "$2" "$1" 2>/dev/null || true) >= ${3:-1})); }

# await SECONDS WHAT COMMAND...: until the command is true; stops the lab if it does not become so, or if QEMU is gone.
await() {
    local limit=$1 what=$2 deadline=$((SECONDS + $1))
    shift 2
    until "$@"; do
        if [[ -n $live_pid ]] && ! kill -0 "$live_pid" 2>/dev/null; then live_lost "QEMU ended while the lab waited for $what"; fi
        ((SECONDS < deadline)) || live_lost "waited $limit s for $what"
        sleep 0.1
    done
}

# live_lost TEXT: stops the lab, with what the guest and QEMU last said.
live_lost() {
    say "the last lines of the guest, of its console and of QEMU:"
    tail -n 15 "$run/script.$live_number" "$run/console.$live_number" "$run/monitor.$live_number" "$run/qemu.$live_number" || true
    die "FAIL: $1"
}

# live_monitor RUN_FOLDER COMMAND: gives QEMU a command, in JSON, that must succeed.
live_monitor() {
    local answers
    answers=$(grep -cE '^\{"(return|error)"' "$1/monitor.$live_number" || true)
    printf '%s\n' "$2" 1<>"$1/monitor.in"
    await 20 "QEMU's answer to $2" has_line "$1/monitor.$live_number" '^\{"(return|error)"' $((answers + 1))
    if grep -E '^\{"(return|error)"' "$1/monitor.$live_number" | tail -n 1 | grep -q '^{"error"'; then live_lost "QEMU refuses $2"; fi
}

# live_ready RUN_FOLDER [COUNT]: waits until the guest takes orders, for the COUNTth time in this QEMU.
live_ready() { await 90 "the guest to take orders" has_line "$1/script.$live_number" '^guest: ready' "${2:-1}"; }

# live_order RUN_FOLDER ORDER [SECONDS]: has the guest do it and waits until it has.
live_order() {
    live_send "$1" "$2"
    await "${3:-60}" "the guest to do '$2'" has_line "$1/script.$live_number" "^guest: done $live_order_number"
}

# live_send RUN_FOLDER ORDER: does not wait.
live_send() {
    live_order_number=$((live_order_number + 1))
    printf '%s %s\n' "$live_order_number" "$2" 1<>"$1/orders.in"
}

# live_kill RUN_FOLDER: kills QEMU as nothing could foresee it.
live_kill() {
    kill -KILL "$(<"$1/qemu.pid")"
    live_ended
}

# live_end RUN_FOLDER: the guest powers off.
live_end() {
    live_send "$1" 'poweroff -f'
    ends_within 30 "$live_pid" || live_lost "the guest does not power off"
    live_ended
}

live_ended() {
    wait "$live_pid" 2>/dev/null || true
    live_pid=
    kill "$live_reader" 2>/dev/null || true
    wait "$live_reader" 2>/dev/null || true
    live_reader=
}

live_cleanup() {
    local pid
    for pid in $live_pid $live_reader; do
        kill -TERM "$pid" 2>/dev/null || true
    done
}
