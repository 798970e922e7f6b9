# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# kmod/Makefile, for NetBSD's make(1) and <bsd.kmodule.mk>, with a stand-in for
# that and for the build itself, which other tests run.
# shellcheck disable=SC2154,SC2164 # Tests run under set -e; $top and $here are run's.

# A folder with the Makefile, and a build that notes what it is asked and gives
# the module of 10.1.
native() {
	need bmake
	need ld
	module=$top/build/netbsd-10.1-amd64/if_tap_rs.kmod
	[ -f "$module" ] || skip 'no module is built: make kmod'
	mkdir -p tree/kmod tree/build/made
	cp "$top/kmod/Makefile" "$top/kmod/tap_rs.4" tree/kmod/
	cp "$module" tree/build/made/if_tap_rs.kmod
	cat >tree/kmod/build <<-'SCRIPT'
	#!/bin/sh
	echo "$NETBSD_SYS $*" >>asked
	[ ! -f broken ] || exit 1
	echo build/made/if_tap_rs.kmod
	SCRIPT
	chmod 755 tree/kmod/build
	cd tree/kmod
}

native_make() {
	bmake -r -m "$here/kmodule-mk" -m /usr/share/mk RELEASE=10.1 DESTDIR="$PWD/stage" \
	    MACHINE="${machine:-amd64}" MACHINE_ARCH="${arch:-x86_64}" "$@" >log 2>&1
}

test_builds_against_the_source_tree_and_links() {
	native
	native_make all || fail "$(cat log)"
	same '/usr/src/sys tree amd64' "$(cat asked)"
	native_make S=/home/src/sys all || fail "$(cat log)"
	same '/home/src/sys tree amd64' "$(tail -n 1 asked)"
}

test_knows_the_architectures_by_netbsds_names() {
	native
	machine=evbarm arch=aarch64
	native_make if_tap_rs.o || fail "$(cat log)"
	same '/usr/src/sys tree aarch64' "$(cat asked)"
}

test_a_failed_build_fails() {
	native
	: >broken
	if native_make all; then fail 'went on'; fi
	[ ! -e if_tap_rs.kmod ]
}

test_what_it_links_passes_the_gate() {
	native
	native_make all || fail "$(cat log)"
	"$top/kmod/check-all" "$PWD/if_tap_rs.kmod"
}

test_installs_the_module_and_its_page() {
	native
	native_make all install || fail "$(cat log)"
	same '444 stand/amd64/10.1/modules/if_tap_rs/if_tap_rs.kmod
444 usr/share/man/man4/tap_rs.4' "$(cd stage && find . -type f -printf '%m %P\n' | sort)"
}
