# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
find_device 1234 11e8
lspci -n -vv -s "$bdf"
bar 0 4 0
finish
