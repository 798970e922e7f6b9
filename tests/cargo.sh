# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# For the scripts that run Rust programs on this machine: $cargo, and where it
# builds. A toolchain on PATH is preferred to Debian's packages.

export CARGO_TARGET_DIR=build/cargo/host
if command -v cargo >/dev/null 2>&1; then
	cargo=cargo
elif [ -x /usr/bin/cargo ]; then
	cargo=/usr/bin/cargo
else
	echo "no cargo: make setup" >&2
	exit 1
fi

# Whether the toolchain has the runtime of a sanitiser: asan or tsan. Debian's has none.
has_runtime() {
	[ -n "$(find "$(rustc --print target-libdir)" -name "librustc*_rt.$1.a")" ]
}
