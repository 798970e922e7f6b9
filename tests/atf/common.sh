# shellcheck shell=sh disable=SC2034,SC2119,SC2120
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# What the test programs share.  A unit far from those that somebody uses, and
# addresses that are kept for documentation.

tap=tap900
ip4=198.51.100.1
ip4_peer=198.51.100.2
ip6=2001:db8::1
ip6_peer=2001:db8::2

# A case with a line that says what it shows, and a cleanup.
define() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr '$2'
		atf_set require.user root
		atf_set require.progs 'ifconfig modload modstat modunload sysctl tap_rs'
	}
	$1_cleanup() {
		clean_up
	}"
}

need_netbsd() {
	[ "$(uname -s)" = NetBSD ] || atf_skip 'not run: needs NetBSD'
}

# The cases are about our module, so it has to be at work.
need_tap_rs() {
	need_netbsd
	tap_rs status >/dev/null 2>&1 || atf_skip 'if_tap_rs is not loaded: tap_rs start'
}

# Makes an interface, by default $tap, that clean_up will destroy.
create() {
	echo "${1:-$tap}" >>created
	atf_check -o ignore ifconfig "${1:-$tap}" create
}

gone() {
	atf_check -s not-exit:0 -o ignore -e ignore ifconfig "${1:-$tap}"
	atf_check -s not-exit:0 -o ignore -e ignore sysctl -n "net.link.tap.${1:-$tap}"
}

clean_up() {
	[ -f created ] || return 0
	while read -r name; do
		ifconfig "$name" destroy 2>/dev/null
	done <created
	return 0
}
