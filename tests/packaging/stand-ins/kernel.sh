# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# What the stand-ins for NetBSD's tools share: a kernel in a folder, $KERNEL,
# as little of one as the scripts can tell from the true one.
#
# $KERNEL/log            one line for each command, as it was asked
# $KERNEL/modules/NAME   "source references", as modstat(8) tells them
# $KERNEL/drivers        "character-major block-major name", one a line
# $KERNEL/interfaces/IF  the interface is there; the file holds its flags,
#                        addresses and members, one a line
# $KERNEL/open           a descriptor of if_tap_rs is open
# $KERNEL/signal         who unloads a module is sent a signal
# $KERNEL/fail           commands that must fail, as patterns, one a line
# $KERNEL/ignore         commands that do nothing and succeed, likewise

me=${0##*/}
echo "$me${*:+ $*}" >>"$KERNEL/log"

# Says what the tool would say, and fails.
refuse() {
	echo "$me: $*" >&2
	exit 1
}

while read -r pattern; do
	# shellcheck disable=SC2254 # A pattern is meant.
	case "$me${*:+ $*}" in
	$pattern) refuse 'Operation not permitted' ;;
	esac
done <"$KERNEL/fail"
[ ! -f "$KERNEL/ignore" ] || while read -r pattern; do
	# shellcheck disable=SC2254 # A pattern is meant.
	case "$me${*:+ $*}" in
	$pattern) exit 0 ;;
	esac
done <"$KERNEL/ignore"

interfaces() {
	for file in "$KERNEL"/interfaces/*; do
		[ ! -f "$file" ] || echo "${file##*/}"
	done
}

# The number of a user or group, "#5" or a name.
id_of() {
	case $1,$2 in
	*,'#'*) echo "${2#?}" ;;
	user,root | group,wheel) echo 0 ;;
	user,alice) echo 1000 ;;
	group,nvmm) echo 34 ;;
	*) refuse "$2: invalid $1 name" ;;
	esac
}

# Whether a driver makes interfaces called tap.
tap_cloner() {
	for module in if_tap if_tap_rs; do
		[ -f "$KERNEL/modules/$module" ] || continue
		[ "$(cat "$KERNEL/modules/$module")" = 'builtin -1' ] || return 0
	done
	return 1
}
