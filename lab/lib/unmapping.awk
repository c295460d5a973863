# SPDX-License-Identifier: Apache-2.0
# When a BAR leaves the guest's memory: reads the guest's `round` lines (guest/unmapping.c), then QEMU's trace with its times, and prints what
# happened in milliseconds after QEMU had the server's reply to the guest's write. For lab/unmapping. Variables: translating, 1 if the guest's
# IOMMU translates, and then no BAR is a DMA window; others, 1 if another of the guest's processors read the BAR. Exit code 1: a round is missing,
# or came in another order than docs say.

BEGIN {
    steps = translating ? "write reply out next" : "write reply out unmap unmapped next"
    back_steps = translating ? "write reply in next" : "write reply in map mapped next"
    done["d3hot"] = done["memory"] = 0
    command["reply"] = "0xa"
    command["mapped"] = "0x2"
    command["unmapped"] = "0x3"
    text["write"] = "the guest's write reaches QEMU"
    text["reply"] = "QEMU has the server's reply"
    text["out"] = "QEMU begins to take the BAR out of the guest's memory"
    text["unmap"] = "DMA_UNMAP leaves"
    text["unmapped"] = "QEMU has its reply"
    text["in"] = "QEMU begins to put the BAR into the guest's memory"
    text["map"] = "DMA_MAP leaves"
    text["mapped"] = "QEMU has its reply"
    text["next"] = "the next request is made"
    text["last"] = "another processor's last read of the BAR begins"
    text["hole"] = "its first read of nothing has ended"
}

$1 == "round" {
    rounds[$2]++
    began_write[$2, $3] = $5
    last_read[$2, $3] = $9
    first_hole[$2, $3] = $11
    full += $13
    next
}

# The time of day in seconds; a run may last over midnight.
function time_of(stamp, seconds) {
    seconds = substr(stamp, 12, 2) * 3600 + substr(stamp, 15, 2) * 60 + substr(stamp, 18, 9)
    if (seconds < clock - 43200) seconds += 86400
    return clock = seconds
}

# Whether the guest's program made this write: the registers are written at other times too.
function expected(what) { return done[what] < rounds[what] && (what == "d3hot" || done["d3hot"] == rounds["d3hot"]) }

# The state that a write of this register changed, and where to: QEMU says so itself of D-states, and mappings of COMMAND only.
function begin_change(there) {
    if (what != "") return
    if (transition == "" && register != "0x4") return
    what = transition == "" ? "memory" : "d3hot"
    way = there ? "back" : "away"
    if (!expected(what)) { what = ""; register = ""; return }
    for (step in at) when[what, way, done[what], step] = at[step]
}

function mark(step, seconds) { if (what != "") when[what, way, done[what], step] = seconds }

# The change is over with the next request of any kind.
function finish_change(seconds) {
    if (what == "" || waiting != "") return
    mark("next", seconds)
    if (way == "back") done[what]++
    what = ""
    register = ""
}

$2 ~ /^vfio_(pci_write_config|user_region_rw)$/ { now = time_of($1); finish_change(now) }
$2 == "vfio_pci_write_config" {
    match($0, /@0x[0-9a-f]+/)
    register = substr($0, RSTART + 1, RLENGTH - 1)
    at["write"] = now
    transition = ""
    waiting = "reply"
}
$2 ~ /^vfio_user_dma_(un)?map$/ && what != "" {
    now = time_of($1)
    waiting = $2 ~ /unmap/ ? "unmapped" : "mapped"
    mark($2 ~ /unmap/ ? "unmap" : "map", now)
    windows[what, way]++
}
# By their command: the thread that sends may tell of it only after the one that receives has told of the reply.
$2 == "vfio_user_recv_hdr" && waiting != "" && $7 == command[waiting] {
    now = time_of($1)
    if (waiting == "reply") at["reply"] = now
    else mark(waiting, now)
    waiting = ""
}
$2 == "pci_pm_transition" { transition = $NF }
$2 ~ /^pci_update_mappings_(add|del)$/ && $3 == "vfio-user-pci" && register != "" {
    there = $2 ~ /add/
    begin_change(there)
    # BAR 2 is the one that can be mapped.
    if ($5 ~ /^2,/) mark(there ? "in" : "out", time_of($1))
}

function sort(values, n, i, j, value) {
    for (i = 2; i <= n; i++) {
        value = values[i]
        for (j = i - 1; j > 0 && values[j] > value; j--) values[j + 1] = values[j]
        values[j + 1] = value
    }
}

function row(label, values, n) {
    if (n == 0) return
    sort(values, n)
    printf "  %-56s %9.3f %9.3f %9.3f\n", label, values[1] * 1e3, values[int((n + 1) / 2)] * 1e3, values[n] * 1e3
}

# steps_of WHAT WAY STEPS: a row for each step, and how many rounds had them all in this order.
function steps_of(what, way, steps, names, count, i, round, n, values, before, in_order, complete) {
    count = split(steps, names, " ")
    in_order = 0
    for (round = 0; round < rounds[what]; round++) {
        complete = 1
        for (i = 1; i <= count; i++) {
            if (!((what, way, round, names[i]) in when)) { complete = 0; break }
            if (i > 1 && when[what, way, round, names[i]] < before) complete = 0
            before = when[what, way, round, names[i]]
        }
        in_order += complete
    }
    for (i = 1; i <= count; i++) {
        n = 0
        for (round = 0; round < rounds[what]; round++)
            if ((what, way, round, names[i]) in when) values[++n] = when[what, way, round, names[i]] - when[what, way, round, "reply"]
        row(text[names[i]], values, n)
    }
    if (in_order < rounds[what] || windows[what, way] > 0 && translating) wrong = 1
    summary = sprintf("  %d of %d times in this order", in_order, rounds[what])
    if (translating) summary = summary sprintf(", and %d DMA messages", windows[what, way])
}

# Ticks of the guest's clock to seconds of QEMU's: the rate from the first round to the last, the offset from the rounds around this one, of which
# the one that took the least from the program to QEMU is the truest. What comes of it is never too early, and too late by that least.
function seconds_of(what, round, ticks, near, offset, least) {
    for (near = round - 4; near <= round + 4; near++) {
        if (!((what, near) in began_write)) continue
        offset = when[what, "away", near, "write"] - (began_write[what, near] - began_write[what, 0]) * rate
        if (least == "" || offset < least) least = offset
    }
    return least + (ticks - began_write[what, 0]) * rate
}

# Where the other processor's reads end, and whether one of them began after QEMU had all the answers.
function reads_of(what, round, n, values, holes, late, after, last, end) {
    rate = (when[what, "away", rounds[what] - 1, "write"] - when[what, "away", 0, "write"]) / (began_write[what, rounds[what] - 1] - began_write[what, 0])
    for (round = 0; round < rounds[what]; round++) {
        # A reader that did not get to run between the guest's write and the end of the BAR says nothing.
        if (last_read[what, round] < began_write[what, round] || first_hole[what, round] < last_read[what, round]) continue
        last = seconds_of(what, round, last_read[what, round])
        values[++n] = last - when[what, "away", round, "reply"]
        holes[n] = seconds_of(what, round, first_hole[what, round]) - when[what, "away", round, "reply"]
        end = translating ? "out" : "unmapped"
        after[n] = last - when[what, "away", round, end]
        late += last > when[what, "away", round, "next"]
    }
    row(text["last"], values, n)
    row(text["hole"], holes, n)
    row(translating ? "the last read, after QEMU began to take the BAR out" : "the last read, after the reply to DMA_UNMAP", after, n)
    printf "  in %d of %d rounds it read on after the guest's write; in %d it still found the BAR after the next request\n", n, rounds[what], late
}

function report(what, title) {
    if (rounds[what] == 0 || done[what] < rounds[what]) {
        printf "%s: the trace has %d rounds of the guest's %d\n", title, done[what], rounds[what]
        wrong = 1
        return
    }
    printf "%-58s %9s %9s %9s\n", title ", ms after the reply", "min", "median", "max"
    steps_of(what, "away", steps)
    print summary
    if (others) reads_of(what)
    printf "%-58s\n", "and back"
    steps_of(what, "back", back_steps)
    print summary
}

END {
    report("d3hot", "D3hot by PMCSR")
    report("memory", "COMMAND.MEM off")
    if (full > 0) {
        printf "the guest found something in the BAR %d times while it should not be there\n", full
        wrong = 1
    }
    exit wrong
}
