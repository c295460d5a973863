# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# One boot of the guest: what goes into it, the QEMU command, and what came out.

guest_pid=
more_devices=()

# pack_script RUN_FOLDER QEMU_FOLDER SCRIPT: the archive that differs from run to run: /init, the checks, the guest's own small programs.
pack_script() {
    local tree=$1/tree source
    mkdir -p "$tree/lab"
    cp "$lab/guest/init" "$tree/init"
    chmod 755 "$tree/init"
    cp "$lab/guest/"{start,checks,orders}.sh "$tree/lab/"
    cp "$3" "$tree/lab/script.sh"
    for source in "$lab"/guest/*.c; do
        gcc -std=gnu17 -O1 -Wall -Wextra -static -o "$tree/lab/$(basename "$source" .c)" "$source" \
            || die "cannot compile $source: apt-get install gcc libc6-dev linux-libc-dev"
    done
    pack "$2" "$tree" "$1/script.cpio"
    rm -rf "$tree"
}

# guest_arguments RUN_FOLDER SOCKET KERNEL_FOLDER: QEMU's arguments, one a line, but for the serial ports.
# On a busy machine interpreted ticks come so late that a kernel gives up on its timer, unless it is told not to check that.
# The CPU model leaves out cmpxchg16b, which some QEMU versions get wrong when they interpret; one CPU, because several interpreted ones have
# aborted in it. Guest memory is a shared memfd, so that the device reaches it by descriptor. The device sits behind a root port, as a PCI
# Express endpoint should: that is where its power management events go. The IOMMU (caching, so that QEMU hears of each mapping) is for the
# guest's own vfio-pci.
guest_arguments() {
    local run=$1 socket=$2 kernel=$3
    printf '%s\n' -accel tcg -cpu max,-cx16 -smp "$cpus" \
        -m 256M -object memory-backend-memfd,id=ram,size=256M,share=on -machine q35,kernel-irqchip=split,memory-backend=ram \
        -device intel-iommu,intremap=on,caching-mode=on -nodefaults -no-user-config -display none \
        -kernel "$kernel/vmlinuz" -initrd "$run/initramfs.cpio" \
        -append "console=ttyS0 panic=-1 loglevel=4 no_timer_check intel_iommu=on iommu=pt" \
        -device pcie-root-port,id=slot1,chassis=1,slot=1,addr=3 \
        -device '{"driver":"vfio-user-pci","id":"served","bus":"slot1","socket":{"type":"unix","path":"'"$socket"'"}}'
    ((${#more_devices[@]} == 0)) || printf '%s\n' "${more_devices[@]}"
    [[ $trace = no ]] || printf '%s\n' -trace 'vfio_user_*' -trace 'vfio_pci_*' -trace 'vfio_intx_*' -trace 'vfio_msi*' -trace 'pci_pm_*' \
        -trace 'pci_update_mappings_*'
}

# boot_once RUN_FOLDER SOCKET KERNEL_FOLDER QEMU_FOLDER SCRIPT: the kernel's messages and all else go to console.log, what the guest script prints
# also to script.log, QEMU's own messages and its trace to qemu.log.
boot_once() {
    local run=$1 socket=$2 kernel=$3 qemu=$4 arguments
    rm -f "$run"/{console,script,qemu}.log
    touch "$run/script.log"
    mapfile -t arguments < <(guest_arguments "$run" "$socket" "$kernel")
    run_qemu "$qemu" "$seconds" "${arguments[@]}" -no-reboot -serial "file:$run/console.log" -serial "file:$run/script.log" \
        </dev/null >"$run/qemu.log" 2>&1 &
    guest_pid=$!
    beside_start "$run" "$socket" "$5"
    wait "$guest_pid" || true
    guest_pid=
    sed -i 's/\r//g' "$run/script.log" "$run/console.log"
}

# boot_checked RUN_FOLDER SOCKET KERNEL_FOLDER QEMU_FOLDER SCRIPT: boots, a second time if the guest did not get to its end, and prints what
# the script said; true if it said that all is well.
boot_checked() {
    local run=$1 socket=$2 kernel=$3 qemu=$4 start attempt
    pack_script "$run" "$qemu" "$5"
    cat "$qemu/tools.cpio" "$kernel/modules.cpio" "$run/script.cpio" >"$run/initramfs.cpio"
    for attempt in 1 2; do
        start=$(milliseconds)
        boot_once "$run" "$socket" "$kernel" "$qemu" "$5"
        cat "$run/script.log"
        beside_stop "$run"
        if grep -q '^guest: end' "$run/script.log"; then
            step_done "$start" "the guest ran"
            break
        fi
        step_done "$start" "boot $attempt did not get to its end; the last lines of the console and of QEMU:"
        tail -n 15 "$run/console.log" "$run/qemu.log" || true
        ! server_ended || break
    done
    boot_keep_log "$run"
    grep -q '^guest: ok' "$run/script.log" && beside_ok "$run"
}

boot_keep_log() {
    [[ -n $log ]] || return 0
    cp "$1/console.log" "$log"
    cp "$1/qemu.log" "$log.qemu"
    say "console: $log, QEMU's messages: $log.qemu"
}

boot_kill() {
    [[ -z $guest_pid ]] || kill -TERM "$guest_pid" 2>/dev/null || true
}
