# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# The other commands of tap_rs(8), over stand-ins.
# shellcheck disable=SC2154 # $top and $here are those of run.

. "$here/stand-ins/command.sh"

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
	says 'dev/tap4 has major number 169; run tap_rs start to correct it'
	expect 0 start
	node_is tap4 'u=rw,g=,o= 0 0 367 4'
}

test_status_tells_of_a_builtin_forced_back() {
	generic
	expect 0 start
	echo 'builtin 0' >kernel/modules/if_tap
	expect 0 status
	says 'two tap drivers are active'
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
	says 'autoload has no effect on this kernel'
	expect 0 start
	expect 1 autoload on
	[ ! -e kernel/stand/if_tap ]
}

test_autoload_says_that_the_module_is_missing() {
	kernel
	expect 1 autoload on
	says 'refers to a missing file'
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
