// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Ethernet addresses as text, as sys/net/if_ethersubr.c reads and writes them.

use std::ffi::{c_char, c_int, c_uchar, CStr};
use std::slice;

use crate::{exports, kpi};

const LEN: usize = 6;

/// Reads six numbers of one or two digits, with a colon, dash, dot or nothing between them. The
/// error is the kernel's number: ENOBUFS for too few, ENAMETOOLONG for too many, EINVAL for others.
fn parse(text: &[u8]) -> Result<[u8; LEN], u32> {
    let mut address = [0; LEN];
    let mut rest = text;
    let digit = |rest: &[u8]| rest.first().and_then(|c| (*c as char).to_digit(16));
    for (at, byte) in address.iter_mut().enumerate() {
        if rest.is_empty() {
            return Err(kpi::ENOBUFS);
        }
        let mut value = digit(rest).ok_or(kpi::EINVAL)?;
        rest = &rest[1..];
        if let Some(low) = digit(rest) {
            value = value << 4 | low;
            rest = &rest[1..];
        }
        *byte = value as u8;
        if at + 1 < LEN && matches!(rest.first(), Some(b':' | b'-' | b'.')) {
            rest = &rest[1..];
        }
    }
    if rest.is_empty() {
        Ok(address)
    } else {
        Err(kpi::ENAMETOOLONG)
    }
}

/// Writes two digits and a colon for each byte that has room, the last colon being the NUL.
fn format(buffer: &mut [u8], address: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (place, byte) in buffer.chunks_exact_mut(3).zip(address) {
        let high = DIGITS[usize::from(byte >> 4)];
        place.copy_from_slice(&[high, DIGITS[usize::from(byte & 0xf)], b':']);
    }
    let used = buffer.len() / 3 * 3;
    if let Some(last) = buffer[..used].last_mut() {
        *last = 0;
    }
}

unsafe extern "C" fn ether_aton_r(to: *mut c_uchar, len: usize, text: *const c_char) -> c_int {
    if len < LEN {
        return kpi::ENOSPC as c_int;
    }
    // SAFETY: the caller's string.
    let text = unsafe { CStr::from_ptr(text) };
    match parse(text.to_bytes()) {
        Ok(address) => {
            // SAFETY: the caller's buffer, which has room for an address.
            unsafe { to.cast::<[u8; LEN]>().write_unaligned(address) };
            0
        }
        Err(error) => error as c_int,
    }
}

unsafe extern "C" fn ether_snprintf(
    to: *mut c_char,
    len: usize,
    address: *const c_uchar,
) -> *mut c_char {
    // SAFETY: the caller's buffer.
    let buffer = unsafe { slice::from_raw_parts_mut(to.cast::<u8>(), len) };
    // SAFETY: the caller's address, of as many bytes as the text has room for.
    let address = unsafe { slice::from_raw_parts(address, len / 3) };
    format(buffer, address);
    to
}

exports!(; ether_aton_r, ether_snprintf);

#[cfg(test)]
mod tests {
    use super::{format, parse};
    use crate::kpi;

    #[test]
    fn forms_that_the_kernel_reads() {
        for text in ["02:11:22:33:44:5a", "2-11-22-33-44-5A", "02112233445a", "2.11.22:33-445a"] {
            assert_eq!(parse(text.as_bytes()), Ok([2, 0x11, 0x22, 0x33, 0x44, 0x5a]), "{text}");
        }
    }

    #[test]
    fn forms_that_it_does_not() {
        for (text, error) in [
            ("02:11:22:33:44", kpi::ENOBUFS),
            ("02:11:22:33:44:", kpi::ENOBUFS),
            ("", kpi::ENOBUFS),
            ("02:11:22:33:44:55:66", kpi::ENAMETOOLONG),
            ("02:11:22:33:44:555", kpi::ENAMETOOLONG),
            ("02::11:22:33:44", kpi::EINVAL),
            ("02:11:22:33:44:zz", kpi::EINVAL),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn text_ends_where_the_last_colon_would_be() {
        let mut buffer = [0xee; 18];
        format(&mut buffer, &[0xf2, 0x0b, 0xa4, 0, 1, 0xff]);
        assert_eq!(&buffer, b"f2:0b:a4:00:01:ff\0");
        let mut short = [0xee; 7];
        format(&mut short, &[0xf2, 0x0b]);
        assert_eq!(&short, b"f2:0b\0\xee");
    }
}
