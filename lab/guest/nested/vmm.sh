# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A guest inside the guest: QEMU on this guest's KVM with one device that is passed on. It takes orders (orders.sh) from a pair of pipes. What it
# says is in /run/inner: console, said (what its orders print), and qemu.
inner=/run/inner
inner_number=0
# A device that is passed on has all of the guest's memory pinned, which takes an interpreted machine seconds if the pages are small.
echo always >/sys/kernel/mm/transparent_hugepage/shmem_enabled

# inner_start WORDS: boots it with these further words for QEMU, in which SIZE is the memory's, and the device goes behind a root port. Returns
# when it takes orders, or has not begun to in time.
inner_start() {
    rm -rf $inner
    mkdir -p $inner
    mkfifo $inner/orders.in $inner/orders.out
    : >$inner/said
    eval "set -- $(echo "$1" | sed 's/=SIZE/=192M/; s/{"driver"/{"bus":"slot1","driver"/')"
    /nested/lib/ld-linux-x86-64.so.2 --library-path /nested/lib /nested/qemu-system-x86_64 -L /nested/firmware -accel kvm -cpu host -smp 1 \
        -m 192M -machine q35 -nodefaults -no-user-config -display none -no-reboot -kernel /nested/vmlinuz -initrd /nested/initramfs.cpio \
        -append "console=ttyS0 panic=-1 loglevel=4 no_timer_check mitigations=off" \
        -serial file:$inner/console -serial file:$inner/said -chardev pipe,id=orders,path=$inner/orders -serial chardev:orders \
        -device pcie-root-port,id=slot1,chassis=1,slot=1,addr=3 "$@" >$inner/qemu 2>&1 </dev/null &
    inner_pid=$!
    within 300 inner_ready_or_gone
    has "the inner guest has booted" "$(inner_lines)" '^guest: ready$'
    inner_said ready || inner_last_words
}

inner_lines() { tr -d '\r' <$inner/said; }
inner_gone() { ! kill -0 "$inner_pid" 2>/dev/null; }
inner_said() { grep -q "^guest: $1" $inner/said; }
inner_ready_or_gone() { inner_said ready || inner_gone; }
inner_done_or_gone() { inner_said "done $inner_number" || inner_gone; }

inner_last_words() { tail -n 10 $inner/console $inner/qemu; }

# shellcheck disable=SC2034 # $reply is for the caller
# order COMMAND: has the inner guest do it; sets $reply to what that printed.
order() {
    inner_number=$((inner_number + 1))
    before=$(inner_lines | wc -l)
    echo "$inner_number $1" 1<>$inner/orders.in
    within 300 inner_done_or_gone
    if inner_said "done $inner_number"; then
        reply=$(inner_lines | tail -n +$((before + 1)) | grep -v '^guest: done ')
    else
        reply="no answer to '$1'"
        inner_last_words
    fi
}

# inner_end: the inner guest powers off.
inner_end() {
    echo "0 poweroff -f" 1<>$inner/orders.in
    within 60 inner_gone
    wait "$inner_pid"
    is "the exit code of the inner guest's QEMU" $? 0
    # What its own vfio-pci would like of newer kernels is nothing to us.
    is "what that QEMU complains of" "$(grep -v 'warning: VFIO dma-buf not supported' $inner/qemu)" ""
}

# inner_kill: as nothing could foresee it.
inner_kill() {
    kill -KILL "$inner_pid"
    wait "$inner_pid" 2>/dev/null
    inner_number=0
}
