# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# The README's way from GENERIC to ping, line by line over stand-ins.
# shellcheck disable=SC2154,SC2164 # Tests run under set -e; $top and $here are run's.

. "$here/stand-ins/machine.sh"

# What the guide types; the lines that need the device itself are left out.
guide_lines() {
	sed -n '/^## On NetBSD/,/^## How/s/^# //p' "$top/README.md" |
	    grep -vE '^(\./tap_answer|ping|kill) '
}

test_the_guide_runs() {
	need clang-14
	version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -n 1)
	generic
	DESTDIR=$PWD/root
	export DESTDIR
	mkdir -p tree/build/netbsd-10.1-amd64 bin
	cp -r "$top/packaging" "$top/Makefile" "$top/Cargo.toml" "$top/CHANGES.md" tree/
	mkdir tree/kmod tree/shim
	cp "$top"/kmod/*.4 tree/kmod/
	cp "$top/shim/if_tap_rs.h" tree/shim/
	echo module >tree/build/netbsd-10.1-amd64/if_tap_rs.kmod
	tree/packaging/dist "$PWD/dist" >out
	cp dist/*.tar.gz .
	cp "$here/stand-ins"/* bin/
	# What is installed is what runs.
	sed "s,^exec .*,exec \"$DESTDIR/usr/sbin/tap_rs\" -d \"$PWD/dev\" \"\$@\"," \
	    "$here/stand-ins/tap_rs" >bin/tap_rs
	printf '#!/bin/sh\nexec clang-14 "$@"\n' >bin/cc
	chmod 755 bin/*
	PATH=$PWD/bin:$PATH
	guide_lines | sed "s,/usr/share,$DESTDIR/usr/share,g" >script
	grep -q '^make install$' script
	grep -q "$version" script || fail 'the guide is of another version'
	sh -e script >log 2>&1 || fail "$(cat log)"
	# Back to where it began, but for the compiled example.
	same 'builtin 0' "$(cat kernel/modules/if_tap)"
	[ ! -e kernel/modules/if_tap_rs ]
	same '' "$(find root -type f)"
	same 'u=rw,g=,o= 0 0 169 1048575' "$(cat dev/tap)"
	# The output that it shows is the output that comes.
	sed -n '/^## On NetBSD/,/^## How/s/^tap_rs: /tap_rs: /p' "$top/README.md" >shown
	[ -s shown ]
	while read -r line; do
		grep -qF -- "$line" log || fail "does not print: $line"
	done <shown
}
