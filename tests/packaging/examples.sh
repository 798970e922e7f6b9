# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# What is installed as examples.
# shellcheck disable=SC2154 # $top is that of run.

test_tap_answer_answers_arp_and_ping_alone() {
	need clang-14
	clang-14 -std=c99 -D_DEFAULT_SOURCE -Wall -Wextra -Wconversion -Werror \
	    -fsanitize=undefined -fsanitize-trap=undefined -O1 \
	    -o tap_answer "$top/packaging/examples/tap_answer.c"
	python3 "$top/tests/packaging/answer.py" ./tap_answer
}

test_tap_answer_says_what_is_wrong() {
	need clang-14
	clang-14 -o tap_answer "$top/packaging/examples/tap_answer.c"
	for words in '' '-' '- 10.0.0' '/nonexistent 10.0.0.2'; do
		# shellcheck disable=SC2086 # Words are wanted.
		if ./tap_answer $words 2>err; then fail "took '$words'"; fi
	done
	grep -q nonexistent err
}

# rc.d/modules gives modload(8) the first word of a line last.
test_modules_conf_has_the_modules_name() {
	same if_tap_rs "$(grep -v '^#' "$top/packaging/examples/modules.conf")"
	grep -q 'MODULE(MODULE_CLASS_DRIVER, if_tap_rs, NULL);' "$top/shim/register.c"
}

# tests/qemu/run compiles it; that the driver offers what it uses is quickly seen.
test_the_patch_for_qemu_uses_what_the_header_has() {
	names=$(sed -n 's/^+//p' "$top/packaging/examples/qemu/tap-bsd.patch" |
	    grep -o 'TAP[SG_][A-Z0-9_]*' | sort -u)
	same 7 "$(echo "$names" | wc -l)"
	for name in $names; do
		grep -q "^#define	$name\\b" "$top/shim/if_tap_rs.h" || fail "no $name"
	done
}

# With <net/if_tap_rs.h> as it is; <sys/types.h> and <sys/ioccom.h> are NetBSD's in what it uses.
tap_wire() {
	need clang-14
	mkdir -p include/net include/sys
	cp "$top/shim/if_tap_rs.h" include/net/
	printf '#include <%s>\n' stdint.h asm/ioctl.h >include/sys/ioccom.h
	clang-14 -std=c99 -D_DEFAULT_SOURCE -Iinclude -Wall -Wextra -Wconversion -Werror \
	    -fsanitize=undefined -fsanitize-trap=undefined -O1 \
	    -Wl,--wrap=open,--wrap=ioctl -o tap_wire \
	    "$top/packaging/examples/tap_wire.c" "$top/tests/packaging/wire.c"
}

test_tap_wire_carries_frames_both_ways() {
	tap_wire
	python3 "$top/tests/packaging/wire.py" ./tap_wire
}

test_tap_wire_says_what_is_wrong() {
	tap_wire
	for words in '' '0' '0 1 2' '/nonexistent 1'; do
		# shellcheck disable=SC2086 # Words are wanted.
		if ./tap_wire $words 2>err; then fail "took '$words'"; fi
	done
	grep -q nonexistent err
}
