# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# A machine for the tests: the stand-ins on PATH, $KERNEL, and nodes in dev.
# shellcheck disable=SC2154 # $here, and the function same, are those of run.

# A kernel with tap built in, its usual nodes, and one made later for a group.
generic() {
	kernel
	echo 'builtin 0' >"$KERNEL/modules/if_tap"
	for unit in 0 1 2 3; do
		echo "600 0 0 169 $unit" >"dev/tap$unit"
	done
	echo '600 0 0 169 1048575' >dev/tap
	echo 'u=rw,g=rw,o= 0 5 169 9' >dev/tap9
}

# A kernel without tap.
kernel() {
	KERNEL=$PWD/kernel
	export KERNEL
	PATH=$here/stand-ins:$PATH
	mkdir -p kernel/modules kernel/interfaces dev
	printf '%s\n' '0 -1 cons' '169 -1 tap' '170 4 other' >kernel/drivers
	: >kernel/fail
	: >kernel/log
}

node_is() {
	same "$2" "$(cat "dev/$1")"
}
