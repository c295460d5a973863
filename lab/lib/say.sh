# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the lab tells its reader: progress with times, and errors of one sentence (what, where, what to do).

say() { printf 'lab: %s\n' "$*"; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

usage_error() {
    printf 'lab: %s (try --help)\n' "$*" >&2
    exit 2
}

# needs COMMAND PACKAGE: stops unless COMMAND is installed.
needs() {
    command -v "$1" >/dev/null || die "$1 is not installed: apt-get install $2"
}

# milliseconds: a clock for step_done
milliseconds() { date +%s%3N; }

# step_done START TEXT: prints TEXT with the seconds since START, a value of milliseconds.
step_done() {
    local elapsed=$(($(milliseconds) - $1))
    say "$2 ($((elapsed / 1000)).$((elapsed % 1000 / 100)) s)"
}
