// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a kernel calls itself.

use memchr::memmem;
use tap_report::module::Version;

/// The version in the kernel's banner, "NetBSD 10.99.12 (GENERIC) …", "NetBSD 11.0_RC6 (GENERIC) …", as
/// it is written, and its number. A release candidate has the number of its release.
pub fn version(bytes: &[u8]) -> Option<(String, Version)> {
    const BANNER: &[u8] = b"NetBSD ";
    const LONGEST: usize = 40;
    memmem::find_iter(bytes, BANNER).find_map(|at| {
        let rest = &bytes[at + BANNER.len()..];
        let text = rest.get(..LONGEST).unwrap_or(rest).split(|&b| b == 0).next()?;
        let (name, _) = std::str::from_utf8(text).ok()?.split_once(" (")?;
        Some((name.into(), name.split('_').next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_the_banner() {
        for (banner, name, number) in [
            (&b"@(#)NetBSD 10.99.12 (TAPLAB) #0"[..], "10.99.12", 1_099_001_200),
            (b"NetBSD kernel\0as NetBSD 1.4 did\0NetBSD 10.1 (GENERIC)", "10.1", 1_001_000_000),
            (b"NetBSD 10.1_STABLE (GENERIC)", "10.1_STABLE", 1_001_000_000),
            (b"NetBSD 11.0_BETA (GENERIC)", "11.0_BETA", 1_100_000_000),
            (b"NetBSD 11.0_RC6 (GENERIC)", "11.0_RC6", 1_100_000_000),
            (b"NetBSD 11.0 (GENERIC)", "11.0", 1_100_000_000),
        ] {
            assert_eq!(version(banner), Some((name.into(), Version(number))));
        }
        for none in [&b""[..], b"NetBSD 11.0", b"NetBSD RC6 (GENERIC)", b"NetBSD _RC6 (GENERIC)"] {
            assert_eq!(version(none), None);
        }
    }
}
