# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# tap_rs start, over stand-ins.
# shellcheck disable=SC2154 # $top and $here are those of run.

. "$here/stand-ins/command.sh"

test_start_swaps_back_to_back_on_generic() {
	generic
	expect 0 start
	same 'modunload if_tap;modload if_tap_rs;' "$(changes)"
	# Nothing at all is asked between the two.
	same 'modunload if_tap' "$(grep -B 1 '^modload' kernel/log | head -n 1)"
}

test_a_signal_does_not_part_the_two_commands() {
	generic
	: >kernel/signal
	expect 0 start
	same 'modunload if_tap;modload if_tap_rs;' "$(changes)"
}

test_start_makes_nodes_with_the_drivers_major() {
	generic
	rm dev/tap2
	expect 0 start
	node_is tap 'u=rw,g=,o= 0 0 367 1048575'
	node_is tap0 'u=rw,g=,o= 0 0 367 0'
	node_is tap2 '600 0 0 367 2'
	[ ! -e dev/tap4 ]
}

test_start_keeps_mode_and_owner_of_further_nodes() {
	generic
	expect 0 start
	node_is tap9 'u=rw,g=rw,o= 0 5 367 9'
}

test_start_without_builtin_leaves_existing_nodes() {
	kernel
	echo '600 0 7 169 1048575' >dev/tap
	expect 0 start
	same 'modload if_tap_rs;' "$(changes)"
	node_is tap '600 0 7 169 1048575'
	node_is tap3 '600 0 0 169 3'
}

test_start_replaces_the_c_module() {
	kernel
	echo 'filesys 0' >kernel/modules/if_tap
	expect 0 start
	same 'modunload if_tap;modload if_tap_rs;' "$(changes)"
}

test_start_takes_a_module_file_and_a_number_of_nodes() {
	generic
	expect 0 -m ./build/if_tap_rs.kmod -n 6 start
	same 'modunload if_tap;modload ./build/if_tap_rs.kmod;' "$(changes)"
	node_is tap5 '600 0 0 367 5'
}

test_start_twice_changes_nothing() {
	generic
	expect 0 start
	: >kernel/log
	expect 0 start
	same '' "$(changes)"
	says 'loaded already'
	if grep -q '^mknod' kernel/log; then fail 'made nodes again'; fi
}

test_start_refuses_while_a_tap_is_there() {
	generic
	: >kernel/interfaces/tap3
	: >kernel/interfaces/wm0
	expect 1 start
	says 'interfaces exist: tap3; destroy them first (ifconfig tap3 destroy)'
	same '' "$(changes)"
	node_is tap0 '600 0 0 169 0'
}

test_start_ignores_interfaces_of_other_drivers() {
	generic
	: >kernel/interfaces/tapestry
	: >kernel/interfaces/bridge0
	expect 0 start
}

test_start_leaves_a_builtin_that_stays() {
	generic
	echo 'modunload if_tap' >kernel/fail
	expect 1 start
	same 'modunload if_tap;' "$(changes)"
	says 'if_tap cannot be unloaded'
	node_is tap0 '600 0 0 169 0'
}

test_start_reinstates_the_builtin_when_modload_fails() {
	generic
	echo 'modload if_tap_rs' >kernel/fail
	expect 1 start
	same 'modunload if_tap;modload if_tap_rs;modload -f if_tap;' "$(changes)"
	same 'builtin 0' "$(cat kernel/modules/if_tap)"
	says 'if_tap is back'
	node_is tap0 '600 0 0 169 0'
}

test_start_reinstates_the_c_module_when_modload_fails() {
	kernel
	echo 'filesys 0' >kernel/modules/if_tap
	echo 'modload if_tap_rs' >kernel/fail
	expect 1 start
	same 'modunload if_tap;modload if_tap_rs;modload if_tap;' "$(changes)"
}

test_start_says_when_no_driver_is_left() {
	generic
	echo 'modload *' >kernel/fail
	expect 3 start
	says 'no tap driver is left'
}

test_start_on_a_disabled_builtin_fails_without_reinstating() {
	generic
	echo 'builtin -1' >kernel/modules/if_tap
	echo 'modload if_tap_rs' >kernel/fail
	expect 1 start
	same 'modload if_tap_rs;' "$(changes)"
}

# As in single-user mode, where / and /dev are read-only.
test_start_with_read_only_nodes_works_and_says_what_to_do() {
	generic
	echo 'mknod *' >kernel/fail
	expect 1 start
	says 'is loaded and works, but not all nodes in dev are made'
	says 'tap_rs start makes them once dev is writable'
	same 'filesys 0' "$(cat kernel/modules/if_tap_rs)"
	: >kernel/fail
	: >kernel/log
	expect 0 start
	same '' "$(changes)"
	node_is tap 'u=rw,g=,o= 0 0 367 1048575'
	node_is tap9 'u=rw,g=rw,o= 0 5 367 9'
}
