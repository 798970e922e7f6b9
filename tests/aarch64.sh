# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# For the scripts that build programs for Linux on aarch64, and run them by
# qemu's emulation of one: after tests/cargo.sh, $cargo, the $options that it
# wants, and TAP_EMULATOR, the words of the command that runs a program.
# shellcheck disable=SC2034 # Who reads this uses them.

./kmod/setup gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user >&2 || exit 1
. kmod/toolchain.sh
options='-Zbuild-std=std,panic_unwind --target aarch64-unknown-linux-gnu'
TAP_EMULATOR='qemu-aarch64 -L /usr/aarch64-linux-gnu'
export TAP_EMULATOR TAP_ARCH=aarch64 RUSTC="$rustc" RUSTC_BOOTSTRAP=1
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$TAP_EMULATOR"
# The library is built along, and an emulator is slow enough. It takes a third of the room so.
export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=line-tables-only CARGO_INCREMENTAL=0
# Backtraces come through a module by these.
export RUSTFLAGS='-C force-frame-pointers=yes'
