// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! IPv6's jumbo payload option (RFC 2675). The stack puts it into a large TCP packet of more than
//! 65535 bytes. Segments must not have it, because their length is in the IP header.
#![forbid(unsafe_code)]

use super::packet::{half, Family, Network, IPV6_LEN};

/// Length of a hop-by-hop header with nothing in it but this option.
const LEN: usize = 8;
/// The option's type, and the length of its data.
const OPTION: [u8; 2] = [0xc2, 4];
/// IP's number of a hop-by-hop header.
const HOP_BY_HOP: u8 = 0;
const LENGTH_OFFSET: usize = 4;
const NEXT_OFFSET: usize = 6;

/// Removes the hop-by-hop header that has the option from the beginning of a frame, of which the
/// last bytes then count no more. Returns how many bytes were removed, 0 if there is no such
/// header. `None` if it has other options too.
pub fn remove(front: &mut [u8]) -> Option<usize> {
    let Network { family: Family::V6, start } = Network::find(front)? else { return Some(0) };
    let ip = front.get_mut(start..)?;
    let next = *ip.get(NEXT_OFFSET)?;
    if half(ip, LENGTH_OFFSET)? != 0 || next != HOP_BY_HOP {
        return Some(0);
    }
    let behind = ip.get_mut(IPV6_LEN..)?;
    let [next, 0, kind, len, _, _, _, _] = *behind.first_chunk::<LEN>()? else { return None };
    if [kind, len] != OPTION {
        return None;
    }
    behind.copy_within(LEN.., 0);
    *ip.get_mut(NEXT_OFFSET)? = next;
    Some(LEN)
}
