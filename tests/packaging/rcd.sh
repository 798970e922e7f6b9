# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# The rc.d script, sourced as rc(8) does it, with a stand-in for what of
# rc.subr(8) it relies on.
# shellcheck disable=SC2154 # $top and $here are those of run.

# The script as it is installed, and a command that notes its arguments.
rcd() {
	mkdir -p prefix/sbin
	sed "s|@PREFIX@|$PWD/prefix|" "$top/packaging/rc.d/tap_rs" >script
	cat >prefix/sbin/tap_rs <<-'SCRIPT'
	#!/bin/sh
	for word; do
		printf '<%s>' "$word"
	done
	[ ! -f broken ]
	SCRIPT
	chmod 755 prefix/sbin/tap_rs
	cat >boot <<-'SCRIPT'
	_rc_subr_loaded=:
	load_rc_config()
	{
		. ./rc.conf
	}
	run_rc_command()
	{
		case $1 in
		start | stop | restart) ;;
		*)
			case " $extra_commands " in
			*" $1 "*) ;;
			*) return 64 ;;
			esac
			;;
		esac
		eval "enabled=\$$rcvar rc_flags=\$${name}_flags command=\$${1}_cmd"
		case $enabled in
		YES) eval "$command" ;;
		NO) echo disabled ;;
		*) echo "not set properly: $enabled" ;;
		esac
	}
	. ./script
	SCRIPT
	: >rc.conf
}

test_every_command_reaches_tap_rs() {
	rcd
	echo 'tap_rs=YES' >rc.conf
	for command in start stop restart status; do
		same "<$command>" "$(sh boot $command)"
	done
}

test_flags_are_words_before_the_command() {
	rcd
	echo 'tap_rs=YES tap_rs_flags="-n 10"' >rc.conf
	same '<-n><10><start>' "$(sh boot start)"
}

test_off_unless_switched_on() {
	rcd
	same disabled "$(sh boot start)"
}

test_a_failure_is_the_exit_status() {
	rcd
	echo 'tap_rs=YES' >rc.conf
	: >broken
	if sh boot start >out; then fail 'no failure'; fi
}

test_runs_after_the_root_is_writable_and_before_the_network() {
	rcd
	same 'PROVIDE: tap_rs|REQUIRE: root mountcritlocal|BEFORE: network|' \
	    "$(sed -n 's/^# \([A-Z]*: .*\)/\1/p' script | tr '\n' '|')"
}

test_the_example_switches_it_on() {
	rcd
	cp "$top/packaging/examples/rc.conf" rc.conf
	same '<start>' "$(sh boot start)"
}
