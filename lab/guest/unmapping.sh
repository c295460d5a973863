# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The guest's part of lab/unmapping: the edu device goes to D3hot and back, and its memory is switched off and on; `round` lines say when.
# lab/unmapping sets $rounds in a line before these.
find_device 1234 11e8
echo 1 >"$device/enable"
setpci -s "$bdf" COMMAND=2:2
unmapping "$bdf" 2 "$rounds"
finish
