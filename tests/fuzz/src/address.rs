// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The parser of Ethernet addresses and the bounds of frames, src/ether.rs as it stands.

use crate::ether::{check_length, Addr, ADDR_LEN, ADDR_STRLEN};

/// Reads an address from the input, and a length and an MTU from its front.
pub fn run(input: &[u8]) {
    let parsed = Addr::parse(input);
    let text = input.split(|byte| *byte == 0).next().unwrap_or_default();
    assert_eq!(parsed, Addr::parse(text), "what is behind the NUL counts");
    assert_eq!(parsed, Addr::parse(&text.to_ascii_uppercase()), "the case of letters counts");
    let colons = |byte: &u8| if matches!(byte, b'-' | b'.') { b':' } else { *byte };
    assert_eq!(parsed, Addr::parse(&text.iter().map(colons).collect::<Vec<_>>()));
    if let Some(addr) = parsed {
        assert!((11..=17).contains(&text.len()), "{} characters are an address", text.len());
        let mut own = [0; ADDR_STRLEN];
        addr.print(&mut own);
        assert_eq!(Addr::parse(&own), Some(addr), "its own text is another address");
        let [first, ..] = addr.0;
        let group = first & 1 != 0;
        assert_eq!(addr.is_assignable(), !group && addr.0 != [0; ADDR_LEN]);
    }
    if let Some(expected) = usual(text) {
        assert_eq!(parsed.map(|addr| addr.0), expected, "of {text:?}");
    }
    if let Some((numbers, _)) = input.split_first_chunk::<3>() {
        let [a, b, c] = numbers.map(usize::from);
        let len = a << 16 | b << 8 | c;
        assert_eq!(check_length(len).is_ok(), (14..=65535).contains(&len), "{len} bytes");
    }
}

/// What a text is whose octets colons separate, all five of them: six octets of one or two digits
/// or, the inner `None`, no address. The outer `None` is for any other text.
fn usual(text: &[u8]) -> Option<Option<[u8; ADDR_LEN]>> {
    let text = std::str::from_utf8(text).ok()?;
    let parts: Vec<&str> = text.split(':').collect();
    let parts: [&str; ADDR_LEN] = parts.try_into().ok()?;
    // Three or four digits, or a separator of another kind, make two octets of one part.
    let is_octet = |part: &&str| part.len() < 3 && !part.contains(['-', '.']);
    if !parts.iter().all(is_octet) {
        return None;
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_hexdigit());
    if !parts.iter().all(|part| digits(part)) {
        return Some(None);
    }
    Some(Some(parts.map(|part| u8::from_str_radix(part, 16).unwrap_or(0))))
}
