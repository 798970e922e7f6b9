# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# MAKEDEV.tap_rs over stand-ins.
# shellcheck disable=SC2154 # $top and $here are those of run.

. "$here/stand-ins/machine.sh"

makedev() {
	"$top/packaging/libexec/MAKEDEV.tap_rs" "$@"
}

test_makedev_makes_the_nodes_of_the_operands() {
	kernel
	makedev -d dev tap tap12
	node_is tap '600 0 0 169 1048575'
	node_is tap12 '600 0 0 169 12'
	[ ! -e dev/tap0 ]
}

test_makedev_refuses_what_is_no_tap_device() {
	kernel
	: >dev/tap1
	for name in tun0 tapx tap1x tap1048575 tap99999999999999999999; do
		! makedev -d dev "$name" 2>err ||
		    fail "made $name"
		same '' "$(grep '^mknod' kernel/log || :)"
	done
	echo '- 0 0 0 0' >dev/tap1
	! makedev -d dev tap1 2>err || fail 'replaced a file'
	grep -q 'no character device' err
}

test_makedev_without_a_driver() {
	kernel
	echo '0 -1 cons' >kernel/drivers
	! makedev -d dev tap 2>err || fail 'made a node'
	grep -q 'no character device tap' err
}

test_makedev_prefers_the_drivers_own_name() {
	kernel
	same 'tap 169' "$(makedev -l)"
	echo '367 -1 tap_rs' >>kernel/drivers
	same 'tap_rs 367' "$(makedev -l)"
}
