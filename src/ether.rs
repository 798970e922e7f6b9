// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Ethernet addresses and frame bounds. Pure: no kernel, no unsafe.
#![forbid(unsafe_code)]

/// Length of an Ethernet address in bytes.
pub const ADDR_LEN: usize = 6;
/// Length of the text `xx:xx:xx:xx:xx:xx` and its NUL.
pub const ADDR_STRLEN: usize = 18;
/// Length of an Ethernet header in bytes: two addresses and a type.
pub const HDR_LEN: usize = 14;
/// The longest frame that can be written, in bytes.
pub const MAX_FRAME_LEN: usize = 65535;

/// An Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addr(pub [u8; ADDR_LEN]);

impl Addr {
    /// The address of a new interface: the locally administered prefix of tap(4), and three bytes
    /// that the caller chooses.
    pub const fn initial(tail: [u8; 3]) -> Addr {
        let [a, b, c] = tail;
        Addr([0xf2, 0x0b, 0xa4, a, b, c])
    }

    /// Whether an interface may have this address: neither a group address nor all zeros.
    pub fn is_assignable(self) -> bool {
        let [first, ..] = self.0;
        first & 1 == 0 && self.0 != [0; ADDR_LEN]
    }

    /// Reads the text of an address, up to its NUL or its end: six octets of one or two
    /// hexadecimal digits, each but the last followed by at most one of `:`, `-` and `.`, as
    /// ether_aton_r() of sys/net/if_ethersubr.c takes them. That makes 11 to 17 characters. `None`
    /// for anything else.
    pub fn parse(text: &[u8]) -> Option<Addr> {
        let mut rest = text;
        let mut addr = [0u8; ADDR_LEN];
        for (index, octet) in addr.iter_mut().enumerate() {
            if let ([b':' | b'-' | b'.', after @ ..], 1..) = (rest, index) {
                rest = after;
            }
            *octet = take_digit(&mut rest)?;
            if let Some(low) = take_digit(&mut rest) {
                *octet = *octet << 4 | low;
            }
        }
        matches!(rest, [] | [0, ..]).then_some(Addr(addr))
    }

    /// Writes the text `xx:xx:xx:xx:xx:xx` and a NUL.
    pub fn print(self, text: &mut [u8; ADDR_STRLEN]) {
        for (chunk, octet) in text.chunks_exact_mut(3).zip(self.0) {
            if let [high, low, colon] = chunk {
                *high = hex_char(octet >> 4);
                *low = hex_char(octet & 0xf);
                *colon = b':';
            }
        }
        let [.., end] = text;
        *end = 0;
    }
}

/// Takes a hexadecimal digit from the front, if there is one, and returns its value.
fn take_digit(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    let value = match first {
        b'0'..=b'9' => first.wrapping_sub(b'0'),
        b'a'..=b'f' => first.wrapping_sub(b'a').wrapping_add(10),
        b'A'..=b'F' => first.wrapping_sub(b'A').wrapping_add(10),
        _ => return None,
    };
    *rest = after;
    Some(value)
}

/// The lower-case digit of a nibble.
fn hex_char(nibble: u8) -> u8 {
    let base = if nibble < 10 { b'0' } else { b'a'.wrapping_sub(10) };
    base.wrapping_add(nibble)
}

/// Whether an interface may have this MTU, in bytes: from the least that IP works with to what
/// leaves room for an Ethernet header in the longest frame.
pub fn is_mtu(mtu: i32) -> bool {
    const MAX: i32 = (MAX_FRAME_LEN - HDR_LEN) as i32;
    (72..=MAX).contains(&mtu)
}

/// What is wrong with a frame's length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadLength {
    /// It has no whole Ethernet header.
    Runt,
    /// It is longer than any frame can be.
    Giant,
}

/// Checks the length of a frame that user space writes. The MTU is not used. If the frame is longer
/// than the interface can receive, the stack drops and counts it, as it does with one from a wire.
#[inline(always)]
pub fn check_length(len: usize) -> Result<(), BadLength> {
    match len {
        0..HDR_LEN => Err(BadLength::Runt),
        HDR_LEN..=MAX_FRAME_LEN => Ok(()),
        _ => Err(BadLength::Giant),
    }
}
