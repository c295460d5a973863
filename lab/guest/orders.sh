# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The end of a guest script that does what the lab tells it: lines of the third serial port, each a number and a command of this shell.
stty -F /dev/ttyS2 raw -echo
echo "guest: ready"
while read -r number order; do
    eval "$order"
    echo "guest: done $number"
done </dev/ttyS2
