# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The machine of a guest that runs vfio4j on its own kernel's vfio-pci: its devices, one boot of it, and what came back.

# A boot takes 5 s, a few times that on a busy machine: what takes longer hangs.
readonly boot_seconds=90

machine_pid=
# Readers of the guest's output.
reader_pids=()

# port NUMBER: a root port at 00:NUMBER+2.
port() { printf '%s\n' -device "pcie-root-port,id=slot$1,chassis=$1,slot=$1,addr=$(($1 + 2))"; }

# slot NUMBER DEVICE: a root port and behind it the device, which gets the bus NUMBER if nothing before it has more than one.
slot() {
    port "$1"
    printf '%s\n' -device "$2,bus=slot$1"
}

# devices IOMMU SOCKET: QEMU's arguments, one a line; SOCKET, if there is one, is of a device that vfio4j serves. Its DMA finds the guest's
# memory by descriptor, hence the memfd, and hears of each mapping of the guest's IOMMU by the IOMMU's caching mode.
devices() {
    case $1-$2 in
        no-*) ;;
        yes-) printf '%s\n' -device intel-iommu,intremap=on ;;
        *)
            printf '%s\n' -device intel-iommu,intremap=on,caching-mode=on
            printf '%s\n' -object memory-backend-memfd,id=ram,size="$memory",share=on -machine memory-backend=ram
            ;;
    esac
    slot 1 e1000e,id=card
    printf '%s\n' -blockdev null-co,node-name=nothing,size=1048576,read-zeroes=on
    slot 2 nvme,serial=vfio4j,drive=nothing
    slot 3 igb
    slot 4 edu
    slot 5 pcie-pci-bridge,id=bridge
    # Of the conventional devices this one has a driver in every kernel.
    printf '%s\n' -device e1000,bus=bridge,addr=1 -chardev null,id=nobody -device pci-serial,bus=bridge,addr=2,chardev=nobody
    [[ -n $2 ]] || return 0
    port 6
    printf '%s\n' -device '{"driver":"vfio-user-pci","id":"served","bus":"slot6","socket":{"type":"unix","path":"'"$2"'"}}'
    printf '%s\n' -trace 'pci_pm_*'
}

# slot_power RUN_FOLDER NUMBER IASL_FOLDER QEMU_FOLDER: gives the root port of that slot a power resource; prints QEMU's arguments for it.
slot_power() {
    local file=$1/slot-power-$2.aml
    # QEMU names devices by address: the device number, three bits up.
    compile_acpi "$lab/guest/real/slot-power.asl" "$file" "$(printf '\\_SB.PCI0.S%02X' $((($2 + 2) << 3)))" "$3" "$4"
    printf '%s\n' -acpitable "file=$file"
}

# no_link RUN_FOLDER: takes the cable out of the e1000e, by a monitor that reads this one command; prints QEMU's arguments for it.
no_link() {
    printf 'set_link card off\n' >"$1/monitor"
    printf '%s\n' -chardev "file,id=monitor,path=$1/monitor.log,input-path=$1/monitor" -monitor chardev:monitor
}

# machine_boot RUN_FOLDER KERNEL_FOLDER QEMU_FOLDER IASL_FOLDER SOCKET: runs the guest to its end. Output goes to descriptor 3 and standard error while it
# comes; console.log, qemu.log, and answer, what the guest says to the lab, stay in RUN_FOLDER.
# D3cold for slot 1, and for that of the served device, takes the ACPI table, power management of ports however old they look, and PCI Express hotplug instead of ACPI's:
# without, the port never reports that the link is up again. Gives 124 or 137 if the guest ran into the time limit.
# On a busy machine interpreted ticks come so late that a kernel gives up on its timer, unless it is told not to check that.
machine_boot() {
    local run=$1 kernel=$2 qemu=$3 iasl=$4 socket=$5 code=0 arguments append="console=ttyS0 panic=-1 loglevel=4 no_timer_check pcie_port_pm=force 8250.nr_uarts=5"
    local slot power_slots=(1)
    [[ $iommu = no ]] || append+=" intel_iommu=on"
    rm -f "$run"/{answer,out,err,slot-power}
    : >"$run/console.log"
    [[ -z $socket ]] || power_slots+=(6)
    for slot in "${power_slots[@]}"; do
        slot_power "$run" "$slot" "$iasl" "$qemu" >>"$run/slot-power"
    done
    mapfile -t arguments < <(cat "$run/slot-power" && devices "$iommu" "$socket")
    if [[ $link = no ]]; then mapfile -t -O "${#arguments[@]}" arguments < <(no_link "$run"); fi
    if [[ $trace = yes ]]; then arguments+=(-trace 'vfio_user_*' -trace 'vfio_pci_*' -trace 'vfio_msi*' -trace 'vfio_intx_*'); fi
    mkfifo "$run/out" "$run/err"
    cat "$run/out" >&3 &
    reader_pids=($!)
    cat "$run/err" >&2 &
    reader_pids+=($!)
    run_qemu "$qemu" "$seconds" -accel tcg -cpu max,-cx16 -smp 1 -m "$memory" -machine q35,kernel-irqchip=split \
        -nodefaults -no-user-config -display none -no-reboot \
        -kernel "$kernel/vmlinuz" -initrd "$run/initramfs.cpio" -append "$append" \
        -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
        -serial "file:$run/console.log" -serial "file:$run/out" -serial "file:$run/err" -serial "file:$run/answer" \
        "${arguments[@]}" </dev/null >"$run/qemu.log" 2>&1 3>&- &
    machine_pid=$!
    machine_wait "$run" || code=$?
    # Had QEMU not opened them, the readers would wait for ever.
    : <>"$run/out" <>"$run/err"
    wait "${reader_pids[@]}" || true
    reader_pids=()
    return "$code"
}

# machine_wait RUN_FOLDER: until the guest has ended, or has not begun in time; gives the exit code of `timeout`.
machine_wait() {
    local deadline=$((SECONDS + boot_seconds)) code=0
    until started "$1" || ! kill -0 "$machine_pid" 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            kill -TERM "$machine_pid" 2>/dev/null || true
            break
        fi
        sleep 0.2
    done
    wait "$machine_pid" || code=$?
    machine_pid=
    return "$code"
}

# answer RUN_FOLDER WORD: what the guest said after this word.
answer() { { head -n 2 "$1/answer" 2>/dev/null || true; } | sed -n "s/^guest: $2 *//p"; }

started() { head -n 1 "$1/answer" 2>/dev/null | grep -qx 'guest: start'; }

machine_kill() {
    local pid
    for pid in ${machine_pid:+"$machine_pid"} "${reader_pids[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
    done
    [[ -z $machine_pid ]] || wait "$machine_pid" 2>/dev/null || true
}
