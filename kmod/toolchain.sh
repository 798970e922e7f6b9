# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# For the scripts that build Rust's core library from its sources: $cargo, $rustc
# and rustflags().  The toolchain on PATH is used if it has the sources, and
# Debian's otherwise.
# shellcheck disable=SC2034 # Who reads this uses them.

# The compiler's flags for code without an operating system below it, with
# those that an architecture has in a kernel.  A library is compiled anew where
# they are others.
rustflags() {
	echo "-C relocation-model=static $1 -C force-unwind-tables=no -C force-frame-pointers=yes"
}

sources=lib/rustlib/src/rust/library/core/src/lib.rs
sysroot=$(rustc --print sysroot 2>/dev/null || true)
if [ -n "$sysroot" ] && [ -f "$sysroot/$sources" ]; then
	cargo=cargo rustc=rustc
elif [ -x /usr/bin/cargo ] && [ -f "/usr/$sources" ]; then
	cargo=/usr/bin/cargo rustc=/usr/bin/rustc
else
	echo "$0: no sources of the Rust library to build: rustup component add rust-src, or" \
	    "apt-get install rustc-web cargo-web rust-web-src libstd-rust-web-dev" >&2
	exit 1
fi
