# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# make install and make uninstall into a scratch DESTDIR, with either make.
# shellcheck disable=SC2154 # $top and $here are those of run.

. "$here/stand-ins/machine.sh"

# As many of the two as there are, GNU make always.
makes() {
	echo make
	if command -v bmake >/dev/null; then echo bmake; fi
}

# A source tree with modules that are only names.
tree() {
	cp -r "$top/packaging" "$top/Makefile" .
	mkdir kmod shim
	cp "$top"/kmod/*.4 kmod/
	cp "$top/shim/if_tap_rs.h" shim/
	for built in 10.1-amd64 11.0-amd64 11.0-aarch64; do
		mkdir -p build/netbsd-$built
		echo "module for $built" >build/netbsd-$built/if_tap_rs.kmod
	done
	mkdir stage
}

# Every file and folder, with its mode.
listing() {
	(cd "$1" && find . -printf '%m %P\n' | sort -k 2)
}

test_installs_what_is_promised() {
	tree
	for make in $(makes); do
		$make install DESTDIR="$PWD/$make" RELEASE=10.1 >out 2>&1 || fail "$(cat out)"
		for wanted in \
		    '444 stand/amd64/10.1/modules/if_tap_rs/if_tap_rs.kmod' \
		    '444 usr/share/man/man4/tap_rs.4' \
		    '444 usr/share/man/man8/tap_rs.8' \
		    '555 etc/rc.d/tap_rs' \
		    '555 usr/sbin/tap_rs' \
		    '555 usr/libexec/MAKEDEV.tap_rs' \
		    '444 usr/include/net/if_tap_rs.h' \
		    '444 usr/share/examples/tap_rs/modules.conf' \
		    '444 usr/share/examples/tap_rs/qemu/tap-bsd.patch' \
		    '444 usr/share/examples/tap_rs/rc.conf'; do
			listing "$make" | grep -qx "$wanted" || fail "$make: no $wanted"
		done
		[ ! -e "$make/stand/amd64/11.0" ] || fail 'installed another release too'
		same 'module for 10.1-amd64' \
		    "$(cat "$make"/stand/amd64/10.1/modules/if_tap_rs/if_tap_rs.kmod)"
	done
}

test_both_makes_install_the_same() {
	need bmake
	tree
	make install DESTDIR=a >out 2>&1 || fail "$(cat out)"
	bmake install DESTDIR=b >out 2>&1 || fail "$(cat out)"
	diff -r a b
	same "$(listing a)" "$(listing b)"
}

test_uninstall_undoes_exactly_that() {
	tree
	mkdir -p stage/stand/amd64/11.0/modules stage/usr/share/man/man4 stage/etc/rc.d
	echo theirs >stage/etc/rc.d/network
	before=$(listing stage)
	for make in $(makes); do
		$make install DESTDIR=stage >out 2>&1 || fail "$(cat out)"
		[ "$before" != "$(listing stage)" ] || fail 'nothing was installed'
		$make uninstall DESTDIR=stage >out 2>&1 || fail "$(cat out)"
		same "$before" "$(listing stage)"
	done
}

test_uninstall_knows_all_that_several_installs_made() {
	tree
	make install DESTDIR=stage RELEASE=10.1 >out 2>&1
	make install DESTDIR=stage RELEASE=11.0 >out 2>&1
	make install DESTDIR=stage RELEASE=11.0 ARCH=aarch64 >out 2>&1
	[ -f stage/stand/evbarm/11.0/modules/if_tap_rs/if_tap_rs.kmod ] ||
	    fail 'aarch64 kernels look below /stand/evbarm'
	make uninstall DESTDIR=stage >out 2>&1
	same '755 ' "$(listing stage)"
}

test_f46_autoload_only_where_asked_for() {
	tree
	make install DESTDIR=stage RELEASE=10.1 >out 2>&1
	[ ! -e stage/stand/amd64/10.1/modules/if_tap ] || fail 'nobody asked for it'
	make uninstall DESTDIR=stage >out 2>&1
	mkdir -p stage/stand/amd64/10.1/modules/tap
	echo theirs >stage/stand/amd64/10.1/modules/tap/tap.kmod
	before=$(listing stage)
	make install DESTDIR=stage AUTOLOAD=yes >out 2>&1 || fail "$(cat out)"
	for release in 10.1 11.0; do
		for name in if_tap tap; do
			same "module for $release-amd64" \
			    "$(cat stage/stand/amd64/$release/modules/$name/$name.kmod)"
		done
	done
	make uninstall DESTDIR=stage >out 2>&1 || fail "$(cat out)"
	same "$before" "$(listing stage)"
}

test_uninstall_leaves_what_others_put_there() {
	tree
	make install DESTDIR=stage >out 2>&1
	echo theirs >stage/usr/share/examples/tap_rs/theirs
	make uninstall DESTDIR=stage >out 2>&1
	same theirs "$(cat stage/usr/share/examples/tap_rs/theirs)"
	same 1 "$(find stage -type f | wc -l)"
}

test_install_does_not_take_over_a_file_of_others() {
	tree
	mkdir -p stage/etc/rc.d
	echo theirs >stage/etc/rc.d/tap_rs
	if make install DESTDIR=stage >out 2>&1; then fail 'overwrote etc/rc.d/tap_rs'; fi
	grep -q 'etc/rc.d/tap_rs already exists' out
	make uninstall DESTDIR=stage >out 2>&1
	same ./etc/rc.d/tap_rs "$(cd stage && find . -type f)"
}

test_install_again_replaces() {
	tree
	make install DESTDIR=stage >out 2>&1
	once=$(listing stage)
	echo newer >build/netbsd-10.1-amd64/if_tap_rs.kmod
	make install DESTDIR=stage >out 2>&1 || fail "$(cat out)"
	same "$once" "$(listing stage)"
	same newer "$(cat stage/stand/amd64/10.1/modules/if_tap_rs/if_tap_rs.kmod)"
}

test_prefix_reaches_paths_and_contents() {
	tree
	make install DESTDIR=stage PREFIX=/usr/pkg >out 2>&1
	[ -x stage/usr/pkg/sbin/tap_rs ]
	grep -q '/usr/pkg/sbin/tap_rs' stage/etc/rc.d/tap_rs
	if grep -rq '@PREFIX@' stage; then fail 'a placeholder is left'; fi
	make install DESTDIR=root PREFIX= >out 2>&1
	[ -x root/sbin/tap_rs ]
	[ ! -e root/usr ]
}

test_the_installed_command_finds_its_helper() {
	tree
	make install DESTDIR=stage >out 2>&1
	kernel
	stage/usr/sbin/tap_rs -d dev start
	node_is tap '600 0 0 169 1048575'
}

test_install_says_what_is_not_built() {
	tree
	if make install DESTDIR=stage RELEASE=9.4 >out 2>&1; then fail 'installed nothing'; fi
	grep -q 'build/netbsd-9.4-amd64/if_tap_rs.kmod is missing: make kmod' out
	make uninstall DESTDIR=stage >out 2>&1
	rm -r build/*
	if make install DESTDIR=stage >out 2>&1; then fail 'installed nothing'; fi
	grep -q 'no module is built' out
	if make uninstall DESTDIR=stage >out 2>&1; then fail 'uninstalled twice'; fi
	grep -q 'nothing is installed' out
}

test_relative_and_odd_folders_are_refused() {
	tree
	if make install DESTDIR=stage PREFIX=usr >out 2>&1; then fail 'took PREFIX=usr'; fi
	if make install DESTDIR='a b' >out 2>&1; then fail 'took a blank'; fi
	same '755 ' "$(listing stage)"
}

targets() {
	sed -n 's/^\.PHONY: *//p' "$top/Makefile"
}

test_targets_are_the_same_under_bmake() {
	need bmake
	for target in $(targets); do
		make -C "$top" --no-print-directory -n "$target" NETBSD_KERNEL=x | tr -s '\\\t\n ' ' ' >gnu
		(cd "$top" && bmake -n "$target" NETBSD_KERNEL=x) | tr -s '\\\t\n ' ' ' >bsd
		[ -s gnu ] || fail "make -n $target says nothing"
		same "$(cat gnu)" "$(cat bsd)"
	done
}

test_a_bare_make_lists_every_target() {
	for make in $(makes); do
		(cd "$top" && $make) >list
		for target in $(targets); do
			case $target in
			help | kmod-all) ;;
			*) grep -q "^make $target\\b" list || fail "$make does not list $target" ;;
			esac
		done
	done
}
