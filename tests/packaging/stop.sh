# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# tap_rs stop and restart, over stand-ins.
# shellcheck disable=SC2154 # $top and $here are those of run.

. "$here/stand-ins/command.sh"

test_stop_with_read_only_nodes_says_what_to_do() {
	generic
	expect 0 start
	echo 'mknod *' >kernel/fail
	expect 1 stop
	says 'tap_rs stop restores them once dev is writable'
	same 'builtin 0' "$(cat kernel/modules/if_tap)"
	: >kernel/fail
	expect 0 stop
	node_is tap 'u=rw,g=,o= 0 0 169 1048575'
}

test_stop_restores_nodes_and_builtin() {
	generic
	expect 0 start
	: >kernel/log
	expect 0 stop
	same 'modunload if_tap_rs;modload -f if_tap;' "$(changes)"
	node_is tap 'u=rw,g=,o= 0 0 169 1048575'
	node_is tap9 'u=rw,g=rw,o= 0 5 169 9'
	same 'builtin 0' "$(cat kernel/modules/if_tap)"
}

test_stop_without_builtin_only_unloads() {
	kernel
	expect 0 start
	: >kernel/log
	expect 0 stop
	same 'modunload if_tap_rs;' "$(changes)"
	if grep -q '^mknod' kernel/log; then fail 'touched nodes'; fi
}

test_stop_refuses_while_a_tap_is_there() {
	generic
	expect 0 start
	: >kernel/interfaces/tap0
	: >kernel/interfaces/tap1
	: >kernel/log
	expect 1 stop
	says 'interfaces exist: tap0 tap1'
	same '' "$(changes)"
	node_is tap0 'u=rw,g=,o= 0 0 367 0'
}

test_stop_leaves_a_module_with_an_open_descriptor() {
	generic
	expect 0 start
	: >kernel/open
	: >kernel/log
	expect 1 stop
	same 'modunload if_tap_rs;' "$(changes)"
	says 'a descriptor is open'
	node_is tap0 'u=rw,g=,o= 0 0 367 0'
}

test_stop_says_when_the_builtin_does_not_come_back() {
	generic
	expect 0 start
	echo 'modload -f if_tap' >kernel/fail
	expect 3 stop
	says 'cannot be reinstated'
}

test_stop_unloaded_brings_a_disabled_builtin_back() {
	generic
	echo 'builtin -1' >kernel/modules/if_tap
	expect 0 stop
	same 'modload -f if_tap;' "$(changes)"
}

test_stop_unloaded_changes_nothing_else() {
	generic
	expect 0 stop
	same '' "$(changes)"
	says 'not loaded'
}

test_restart_does_not_pass_through_the_builtin() {
	generic
	expect 0 start
	: >kernel/log
	expect 0 restart
	same 'modunload if_tap_rs;modload if_tap_rs;' "$(changes)"
}

test_restart_starts_what_was_not_loaded() {
	generic
	expect 0 restart
	same 'modunload if_tap;modload if_tap_rs;' "$(changes)"
}

test_restart_reinstates_the_builtin_when_modload_fails() {
	generic
	expect 0 start
	: >kernel/log
	echo 'modload if_tap_rs' >kernel/fail
	expect 1 restart
	same 'modunload if_tap_rs;modload if_tap_rs;modload -f if_tap;' "$(changes)"
	says 'if_tap is back'
}

test_restart_without_builtin_says_when_no_driver_is_left() {
	kernel
	expect 0 start
	echo 'modload if_tap_rs' >kernel/fail
	expect 3 restart
}

test_restart_refuses_while_a_tap_is_there() {
	generic
	expect 0 start
	: >kernel/interfaces/tap0
	: >kernel/log
	expect 1 restart
	same '' "$(changes)"
}
