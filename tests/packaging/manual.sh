# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# The manual pages.
# shellcheck disable=SC2154 # $top is that of run.

pages() {
	cd "$top" || exit 1
	ls kmod/*.4 packaging/man/*
}

# This machine does not have NetBSD's other pages; that is all that may be found.
lint() {
	mandoc -T lint -W style "$1" 2>&1 | grep -v 'referenced manual not found' |
	    grep -v 'outdated mandoc.db' || :
}

test_pages_have_no_lint() {
	need mandoc
	for page in $(pages); do
		same '' "$(lint "$top/$page")"
	done
}

test_the_lint_finds_faults() {
	need mandoc
	sed 's/^\.Sh ERRORS/.Sh ERORRS/; s/^\.El$/.XX/' "$top/kmod/tap_rs.4" >bad.4
	[ -n "$(lint bad.4)" ] || fail 'a page with unknown macros passes'
}

test_rendered_pages_are_fresh() {
	need mandoc
	"$top/packaging/manual" "$PWD/fresh"
	diff -r "$top/docs/manual" fresh || fail 'make manual, and commit docs/manual'
}

test_every_ioctl_of_the_driver_is_told() {
	# shellcheck disable=SC2013 # Words are wanted.
	for name in $(grep -o 'Command::[A-Z]*' "$top/src/ioctl.rs" | sed 's/.*:://'); do
		grep -q "Dv.*$name" "$top/kmod/tap_rs.4" || fail "$name is not told"
	done
}

test_every_section_that_readers_expect() {
	for section in NAME SYNOPSIS DESCRIPTION FILES EXAMPLES ERRORS 'SEE ALSO' HISTORY BUGS; do
		grep -q "^\.Sh $section\$" "$top/kmod/tap_rs.4" || fail "no section $section"
	done
}

test_the_message_of_a_refused_load_is_the_drivers() {
	message='a tap driver is active, modunload if_tap first'
	grep -q "\"$message\"" "$top/src/cloner.rs" || fail 'the driver says something else'
	grep -q "$message" "$top/kmod/tap_rs.4" || fail 'the manual says something else'
}
