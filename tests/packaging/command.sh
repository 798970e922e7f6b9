# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# tap_rs(8) over stand-ins that record what they are asked.
# shellcheck disable=SC2154 # $top and $here are those of run.

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
	says 'in use: tap3; ifconfig tap3 destroy'
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
	says 'if_tap stays'
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
	says 'in use: tap0 tap1'
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

test_status_tells_driver_major_and_interfaces() {
	generic
	expect 0 start
	: >kernel/interfaces/tap7
	expect 0 status
	says 'if_tap_rs is loaded, character device tap_rs, major 367; if_tap is disabled'
	says 'interfaces: tap7'
	if grep -q mends out; then fail "complains of good nodes: $(cat out)"; fi
}

test_status_without_interfaces_ends_in_no_blank() {
	generic
	expect 0 start
	expect 0 status
	grep -qx 'tap_rs: interfaces:' out || fail "$(cat out)"
}

test_status_tells_who_has_an_interface_open() {
	generic
	expect 0 start
	: >kernel/interfaces/tap0
	expect 0 status
	if grep -q opened out; then fail "an opener that nobody told of: $(cat out)"; fi
	echo 'tap0=417' >kernel/openers
	expect 0 status
	says 'opened by: tap0=417'
}

test_status_tells_of_nodes_with_another_major() {
	generic
	expect 0 start
	echo '600 0 0 169 4' >dev/tap4
	expect 0 status
	says 'dev/tap4 has major 169: tap_rs start mends it'
	expect 0 start
	node_is tap4 'u=rw,g=,o= 0 0 367 4'
}

test_status_tells_of_a_builtin_forced_back() {
	generic
	expect 0 start
	echo 'builtin 0' >kernel/modules/if_tap
	expect 0 status
	says 'two drivers'
}

test_status_fails_when_not_loaded() {
	generic
	expect 1 status
	says 'if_tap_rs is not loaded; if_tap is active'
	kernel
	rm kernel/modules/if_tap
	expect 1 status
	says 'if_tap is absent'
}

# A module that is installed, and NetBSD's own beside it where the argument says so.
modules() {
	mkdir -p kernel/stand/if_tap_rs
	echo ours >kernel/stand/if_tap_rs/if_tap_rs.kmod
	[ -z "${1:-}" ] || {
		mkdir -p kernel/stand/if_tap kernel/stand/tap
		echo theirs | tee kernel/stand/if_tap/if_tap.kmod >kernel/stand/tap/tap.kmod
	}
}

test_f46_autoload_makes_both_names_lead_to_the_module() {
	kernel
	modules
	before=$(cd kernel/stand && find . | sort)
	for _ in once again; do
		expect 0 autoload on
		same ours "$(cat kernel/stand/if_tap/if_tap.kmod)"
		same ours "$(cat kernel/stand/tap/tap.kmod)"
	done
	expect 0 autoload off
	same "$before" "$(cd kernel/stand && find . | sort)"
}

test_f46_autoload_gives_back_what_was_there() {
	kernel
	modules theirs
	expect 0 autoload off
	same theirs "$(cat kernel/stand/tap/tap.kmod)"
	expect 0 autoload on
	same ours "$(cat kernel/stand/tap/tap.kmod)"
	expect 0 autoload off
	same theirs "$(cat kernel/stand/tap/tap.kmod)"
	same theirs "$(cat kernel/stand/if_tap/if_tap.kmod)"
	same 6 "$(find kernel/stand -mindepth 1 | wc -l)"
}

test_autoload_is_refused_where_tap_is_built_in() {
	generic
	modules
	expect 1 autoload on
	says 'built into this kernel'
	expect 0 start
	expect 1 autoload on
	[ ! -e kernel/stand/if_tap ]
}

test_autoload_says_that_the_module_is_missing() {
	kernel
	expect 1 autoload on
	says 'leads nowhere'
}

test_wrong_usage() {
	generic
	for words in '' 'begin' 'start stop' '-n x start' '-x start' 'autoload' 'autoload x'; do
		# shellcheck disable=SC2086 # Words are wanted.
		expect 2 $words
		same '' "$(changes)"
	done
}

# /usr may not be mounted yet when rc.d/tap_rs runs.
test_only_tools_of_the_root_file_system() {
	generic
	mkdir root
	for tool in sh cat rm grep sed mkdir; do
		ln -s "$(command -v $tool)" root/
	done
	for tool in awk stat id head tail tr cut expr printf basename dirname mktemp; do
		printf '#!/bin/sh\necho %s >>%s/used\n' "$tool" "$PWD" >root/$tool
		chmod 755 root/$tool
	done
	PATH=$here/stand-ins:$PWD/root
	"$top/packaging/sbin/tap_rs" -d dev start >out 2>err || fail "$(cat err)"
	[ ! -e used ] || fail "used $(cat used)"
}

test_node_makes_one_with_the_drivers_major() {
	generic
	expect 0 start
	: >kernel/log
	expect 0 node 17
	node_is tap17 '600 0 0 367 17'
	[ ! -e dev/tap16 ]
	expect 0 node 4 alice:nvmm
	node_is tap4 '660 1000 34 367 4'
	expect 0 node 5 :nvmm
	node_is tap5 '660 0 34 367 5'
	expect 0 node 17 alice
	node_is tap17 '660 1000 0 367 17'
	same '' "$(changes)"
}

test_f49_a_node_given_away_stays_so() {
	generic
	expect 0 start
	expect 0 node 8 alice:nvmm
	expect 0 stop
	node_is tap8 'u=rw,g=rw,o= 1000 34 169 8'
	expect 0 start
	node_is tap8 'u=rw,g=rw,o= 1000 34 367 8'
}

test_node_refuses_what_is_no_number() {
	generic
	for number in '' x 1x -1 '1 2' ../tap1; do
		expect 2 node "$number" alice
		expect 2 node "$number"
	done
	expect 1 node 1048575
	says 'units go up to 1048574'
	expect 2 node
	expect 2 node 1 alice nvmm
	same '' "$(grep '^mknod' kernel/log || :)"
}

test_node_says_that_nobody_has_the_name() {
	generic
	expect 1 node 6 nobody-here
	says 'invalid user name'
	says 'no dev/tap6'
	[ ! -e dev/tap6 ]
}
