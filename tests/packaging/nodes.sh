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

test_f49_makedev_gives_nodes_to_whom_they_are_meant_for() {
	kernel
	makedev -d dev -o alice:nvmm tap0 tap1
	node_is tap0 '660 1000 34 169 0'
	node_is tap1 '660 1000 34 169 1'
	# What exists and has the right number is given away too, a half of it stays.
	makedev -d dev -o :wheel tap1
	node_is tap1 '660 1000 0 169 1'
	makedev -d dev -o root tap0
	node_is tap0 '660 0 34 169 0'
	# Made again without an owner, it keeps the one that it has.
	echo '367 -1 tap_rs' >>kernel/drivers
	makedev -d dev tap0
	node_is tap0 'u=rw,g=rw,o= 0 34 367 0'
}

test_makedev_refuses_strange_owners() {
	kernel
	for owner in : a:b:c 'alice nvmm' 'alice:nv mm' :nobody-here nobody-here; do
		! makedev -d dev -o "$owner" tap0 2>err ||
		    fail "gave it to '$owner'"
		[ ! -e dev/tap0 ]
	done
}
