# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# tap_rs(8) over stand-ins that record what they are asked.
# shellcheck disable=SC2154 # $top and $here are those of run.

# shellcheck source=tests/packaging/stand-ins/machine.sh
. "$here/stand-ins/machine.sh"

tap_rs() {
	"$top/packaging/sbin/tap_rs" -d dev "$@" >out 2>err
}

# The exit status of tap_rs must be the first argument.
expect() {
	wanted=$1
	shift
	status=0
	tap_rs "$@" || status=$?
	[ "$status" -eq "$wanted" ] || fail "tap_rs $*: exit $status, not $wanted: $(cat out err)"
}

# What changed the kernel, in order.
changes() {
	grep -E '^(modload|modunload)' kernel/log | tr '\n' ';'
}

says() {
	grep -q -- "$1" out err || fail "does not say '$1': $(cat out err)"
}
