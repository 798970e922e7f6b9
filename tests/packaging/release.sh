# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# make dist, and the package that is made of it.
# shellcheck disable=SC2016,SC2154,SC2164 # Tests run under set -e; $top and $here are run's.

# A copy of what is under version control, with modules that are only names:
# others may change the tree while the tests run.
copy() {
	mkdir -p "$1"
	git -C "$top" ls-files >files 2>/dev/null || skip 'not a git work tree'
	tar -C "$top" -cf - --ignore-failed-read -T files 2>/dev/null | tar -xf - -C "$1"
	for release in 10.1 11.0; do
		for arch in amd64 aarch64; do
			mkdir -p "$1/build/netbsd-$release-$arch"
			echo "$release $arch" >"$1/build/netbsd-$release-$arch/if_tap_rs.kmod"
		done
	done
}

version() {
	sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -n 1
}

test_two_runs_give_the_same_bytes() {
	copy tree
	tree/packaging/dist "$PWD/one" >out
	# Another day, another place, another umask, another order in the folders.
	mkdir elsewhere
	(umask 077 && cp -r tree elsewhere/)
	find elsewhere -exec touch -d 2001-02-03 {} +
	elsewhere/tree/packaging/dist "$PWD/two" >out
	diff -r one two || fail 'the archives differ'
}

test_a_changed_file_gives_other_bytes() {
	copy tree
	tree/packaging/dist "$PWD/one" >out
	echo >>tree/README.md
	tree/packaging/dist "$PWD/two" >out
	if cmp -s one/*.tar.gz two/*.tar.gz; then fail 'the archives are the same'; fi
}

test_the_checksums_are_right() {
	copy tree
	tree/packaging/dist "$PWD/dist" >out
	(cd dist && sha256sum --check --strict --quiet SHA256)
	same 5 "$(wc -l <dist/SHA256)"
	echo x >>"dist/if_tap_rs-$(version).tar.gz"
	if (cd dist && sha256sum --check --status SHA256); then fail 'does not notice'; fi
}

test_the_archive_installs_without_a_build() {
	copy tree
	tree/packaging/dist "$PWD/dist" >out
	tar -xzf dist/*.tar.gz
	cd "if_tap_rs-$(version)"
	make install DESTDIR="$PWD/../stage" >out 2>&1 || fail "$(cat out)"
	same '10.1 amd64' "$(cat ../stage/stand/amd64/10.1/modules/if_tap_rs/if_tap_rs.kmod)"
	same '11.0 amd64' "$(cat ../stage/stand/amd64/11.0/modules/if_tap_rs/if_tap_rs.kmod)"
}

test_the_archive_makes_the_same_archive() {
	copy tree
	tree/packaging/dist "$PWD/one" >out
	tar -xzf one/*.tar.gz
	"if_tap_rs-$(version)/packaging/dist" "$PWD/two" >out
	diff -r one two || fail 'the archives differ'
}

test_dist_wants_modules_and_the_versions_entry() {
	copy tree
	sed -i 's/^## 0/## 9/' tree/CHANGES.md
	if tree/packaging/dist "$PWD/dist" 2>err; then fail 'made an archive'; fi
	grep -q 'CHANGES.md is not version' err
	sed -i 's/^## 9/## 0/' tree/CHANGES.md
	rm -r tree/build
	if tree/packaging/dist "$PWD/dist" 2>err; then fail 'made an archive'; fi
	grep -q 'no module is built' err
}

# The package in as much of a pkgsrc tree as its own targets need.
pkgsrc() {
	copy tree
	tree/packaging/dist "$PWD/distfiles" >out
	mkdir -p pkgsrc/net
	cp -r "$here/pkgsrc-mk" pkgsrc/mk
	cp -r "$top/packaging/pkgsrc" pkgsrc/net/if_tap_rs
	cd pkgsrc/net/if_tap_rs
}

package() {
	bmake "$@" DISTDIR=../../../distfiles DESTDIR="$PWD/destdir" OS_VERSION="$release" \
	    MACHINE="$machine" MACHINE_ARCH="$arch"
}

test_the_package_installs_what_its_plist_says() {
	need bmake
	pkgsrc
	for kind in 10.1:amd64:x86_64 10.1_STABLE:amd64:x86_64 11.0:evbarm:aarch64; do
		release=${kind%%:*} arch=${kind##*:}
		machine=${kind#*:}
		machine=${machine%:*}
		rm -rf unpacked destdir
		package package >log 2>&1 || fail "$(cat log)"
		package plist | grep -v '^@comment' | sort >wanted
		(cd destdir/usr/pkg && find . -type f | sed 's,^\./,,' | sort) >got
		diff wanted got
		module=stand/$machine/${release%_*}/modules/if_tap_rs/if_tap_rs.kmod
		grep -qx "$module" got
		same "${release%_*} $(echo "$arch" | sed s/x86_64/amd64/)" \
		    "$(cat "destdir/usr/pkg/$module")"
		grep -q "module=/usr/pkg/$module " destdir/usr/pkg/sbin/tap_rs ||
		    fail 'tap_rs does not know where the module is'
	done
}

test_the_package_is_of_this_version() {
	same "DISTNAME=	if_tap_rs-$(version)" "$(grep ^DISTNAME "$top/packaging/pkgsrc/Makefile")"
}

# What pkglint and the pkgsrc guide say of form.
test_the_package_has_pkgsrcs_form() {
	cd "$top/packaging/pkgsrc"
	same '# $NetBSD$' "$(head -n 1 Makefile)"
	same '@comment $NetBSD$' "$(head -n 1 PLIST)"
	same 1 "$(grep -c '^\$NetBSD\$$' MESSAGE)"
	[ "$(wc -l <DESCR)" -le 24 ] || fail 'DESCR has more than 24 lines'
	if grep -nE '.{81}' DESCR MESSAGE; then fail 'lines of more than 80 columns'; fi
	if grep -nE '[[:blank:]]$' ./*; then fail 'blanks at the end of lines'; fi
	if grep -nE '^[A-Z_.a-z]+\+?= *[^[:space:]]' Makefile | grep -v '	'; then
		fail 'a value that is not behind a tab'
	fi
	sed 1d PLIST | sed 's,^\${KMODULEDIR},stand,' | LC_ALL=C sort -c
	comment=$(sed -n 's/^COMMENT=	//p' Makefile)
	[ ${#comment} -le 70 ] || fail 'COMMENT has more than 70 letters'
	case $comment in
	A\ * | The\ * | *. | if_tap_rs*) fail 'COMMENT begins with an article or ends in a stop' ;;
	esac
	order=$(sed -n 's/^\(DISTNAME\|CATEGORIES\|MASTER_SITES\|MAINTAINER\|COMMENT\|LICENSE\)=.*/\1/p' \
	    Makefile | tr '\n' ' ')
	same 'DISTNAME CATEGORIES MASTER_SITES MAINTAINER COMMENT LICENSE ' "$order"
	same '.include "../../mk/bsd.pkg.mk"' "$(tail -n 1 Makefile)"
}
