// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Addresses, frame bounds and unit numbers.

use proptest::prelude::*;
use tap_model::ether::{check_length, is_mtu, Addr, BadLength, ADDR_STRLEN};
use tap_model::unit::{Unit, CLONER_MINOR};

fn parse(text: &str) -> Option<[u8; 6]> {
    Addr::parse(text.as_bytes()).map(|addr| addr.0)
}

fn print(addr: Addr) -> [u8; ADDR_STRLEN] {
    let mut text = [0xff; ADDR_STRLEN];
    addr.print(&mut text);
    text
}

#[test]
fn address_text_forms() {
    let plain = Some([0xf2, 0x0b, 0xa4, 1, 2, 3]);
    assert_eq!(parse("f2:0b:a4:01:02:03"), plain);
    assert_eq!(parse("F2:0B:A4:01:02:03"), plain);
    assert_eq!(parse("f2:b:a4:1:2:3"), plain);
    assert_eq!(parse("f2-0b-a4-01-02-03"), plain);
    assert_eq!(parse("f20b.a401.0203"), plain);
    assert_eq!(parse("f20ba4010203"), plain);
    assert_eq!(parse("1:2:3:4:5:6"), Some([1, 2, 3, 4, 5, 6]));
}

#[test]
fn address_text_refused() {
    for bad in [
        "",
        "f2",
        "1:2:3:4:5",
        "1:2:3:4:5:6:7",
        "f2:0b:a4:01:02:03:",
        "f2:0b:a4:01:02:0g",
        "f2::0b:a4:01:02:03",
        ":f2:0b:a4:01:02:3",
        "f2:0b:a4:01:02:003",
        " f2:0b:a4:01:02:3",
        "f2:0b:a4:01:02:03 ",
        "f2:0b:a4:01:02",
    ] {
        assert_eq!(parse(bad), None, "{bad:?}");
    }
}

#[test]
fn address_text_ends_at_nul() {
    assert_eq!(Addr::parse(b"1:2:3:4:5:6\0:junk\xff").map(|addr| addr.0), Some([1, 2, 3, 4, 5, 6]));
    assert_eq!(Addr::parse(b"\0f2:0b:a4:01:02:03"), None);
}

#[test]
fn f33_group_and_zero_addresses_are_not_assignable() {
    assert!(!Addr([0; 6]).is_assignable());
    assert!(!Addr([0xff; 6]).is_assignable());
    assert!(!Addr([1, 0, 0x5e, 0, 0, 1]).is_assignable());
    assert!(Addr([2, 0, 0, 0, 0, 0]).is_assignable());
    assert!(Addr::initial([0xff; 3]).is_assignable());
}

#[test]
fn mtu_bounds() {
    for (mtu, taken) in [(-1, false), (71, false), (72, true), (65521, true), (65522, false)] {
        assert_eq!(is_mtu(mtu), taken, "{mtu}");
    }
}

#[test]
fn f15_frame_bounds() {
    assert_eq!(check_length(0), Err(BadLength::Runt));
    assert_eq!(check_length(13), Err(BadLength::Runt));
    assert_eq!(check_length(14), Ok(()));
    assert_eq!(check_length(1519), Ok(()));
    assert_eq!(check_length(65535), Ok(()));
    assert_eq!(check_length(65536), Err(BadLength::Giant));
    assert_eq!(check_length(usize::MAX), Err(BadLength::Giant));
}

#[test]
fn f31_unit_bounds() {
    assert_eq!(CLONER_MINOR, 0xf_ffff);
    assert!(Unit::from_int(-1).is_none());
    assert!(Unit::from_int(i32::MIN).is_none());
    assert!(Unit::from_int(0xf_ffff).is_none());
    assert!(Unit::from_int(0x100_0000).is_none());
    assert!(Unit::from_int(i32::MAX).is_none());
    assert_eq!(Unit::from_int(0).map(Unit::get), Some(0));
    assert_eq!(Unit::from_int(0xf_fffe).map(Unit::get), Some(0xf_fffe));
    assert!(Unit::new(0xf_fffe).and_then(Unit::next).is_none());
    assert_eq!(Unit::FIRST.next().map(Unit::get), Some(1));
}

proptest! {
    #[test]
    fn address_text_round_trip(bytes: [u8; 6]) {
        let text = print(Addr(bytes));
        prop_assert_eq!(text[17], 0);
        prop_assert_eq!(Addr::parse(&text), Some(Addr(bytes)));
    }

    #[test]
    fn address_parser_takes_any_bytes(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Some(addr) = Addr::parse(&text) {
            prop_assert_eq!(Addr::parse(&print(addr)), Some(addr));
        }
    }
}
