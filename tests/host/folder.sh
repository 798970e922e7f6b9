# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# For the scripts of the host, with a release and an architecture as their
# arguments: how it is built, and the folder that its $programs come to.  Each
# has one of its own: the bindings differ, and would be made anew each time.
# shellcheck disable=SC2034 # Who reads this uses them.

. tests/cargo.sh
release=${1:-10.1} arch=${2:-amd64} options=''
if [ "$release" != 10.1 ] && [ "$arch" = amd64 ]; then
	CARGO_TARGET_DIR=build/cargo/host-$release
	./kmod/seed "$CARGO_TARGET_DIR" build/cargo/host
fi
programs=$CARGO_TARGET_DIR/debug
case $arch in
amd64) ;;
aarch64)
	. tests/aarch64.sh
	CARGO_TARGET_DIR=build/cargo/host-$release-aarch64
	programs=$CARGO_TARGET_DIR/aarch64-unknown-linux-gnu/debug
	;;
*)
	echo "$0: no such architecture: $arch" >&2
	exit 1
	;;
esac
LIBCLANG_PATH=${LIBCLANG_PATH:-/usr/lib/llvm-14/lib}
export CARGO_TARGET_DIR LIBCLANG_PATH TAP_NETBSD="$release"
