# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# What the forge runs, and what the contributor's guide tells to run, is there.
# shellcheck disable=SC2013,SC2154 # Words are wanted; $top is that of run.

test_make_targets_that_are_named_exist() {
	for target in $(cat "$top"/.github/workflows/*.yml "$top/CONTRIBUTING.md" "$top/README.md" |
	    grep -oE '(`|run: |# |^          )make [a-z][a-z-]*' | sed 's/.*make //' | sort -u); do
		make -C "$top" -n "$target" NETBSD_KERNEL=x >out 2>&1 || fail "make $target: $(cat out)"
	done
}

test_files_that_the_guides_name_exist() {
	for path in $(cat "$top/CONTRIBUTING.md" "$top/README.md" |
	    grep -oE '`(\.ci|docs|kmod|packaging|shim|src|sys-headers|tests)/[A-Za-z0-9_./-]*' |
	    tr -d '`' | sort -u); do
		case $path in
		*/netbsd-*) continue ;;
		esac
		[ -e "$top/$path" ] || fail "$path is named, and not there"
	done
}

test_the_matrix_is_what_the_makefile_builds() {
	workflow=$top/.github/workflows/ci.yml
	releases=$(sed -n 's/^RELEASES=[[:space:]]*//p' "$top/Makefile")
	# In every job that has one.
	same "$releases" "$(sed -n "s/^ *release: \[\(.*\)\]/\1/p" "$workflow" | tr -d "'," | sort -u)"
	same 'amd64 aarch64' "$(sed -n 's/^ *arch: \[\(.*\)\]/\1/p' "$workflow" | tr -d ',')"
	for release in $releases; do
		grep -q "ONLY_FOR_PLATFORM.*NetBSD-$release" "$top/packaging/pkgsrc/Makefile" ||
		    fail "the package does not know $release"
	done
}

test_everything_says_its_licence() {
	need git
	for path in $(git -C "$top" ls-files .ci .github kmod packaging shim src sys-headers tests); do
		case $path in
		# Lists, and forms that have no room for comments.
		*/imports.txt | */allowlist.txt | *.lock | *.json | tests/fuzz/corpus/* | \
		    packaging/pkgsrc/* | packaging/examples/*.conf)
			continue
			;;
		esac
		[ -f "$top/$path" ] || continue
		head -n 5 "$top/$path" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
		    fail "$path does not"
	done
}
