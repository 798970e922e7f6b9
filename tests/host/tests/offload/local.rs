// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Large packets for the system itself: IP gets them as they are, in two parts, but only if nobody
//! else could.

use tap_conformance::abi::SIOCIFDESTROY;
use tap_conformance::frames::{self, Mac};
use tap_host::kpi;
use tap_host::world::enter;

use crate::ifconfig::ifconfig;
use crate::stack::{bridge, live, NET};
use crate::tap::{Tap, ALL};
use crate::tcp::Tcp;

/// A large packet from the peer to the interface's own addresses.
fn to_us(mac: Mac) -> Tcp {
    let mut ips = [0; 8];
    ips[..4].copy_from_slice(&frames::peer_ip(NET));
    ips[4..].copy_from_slice(&frames::our_ip(NET));
    Tcp { mac, ips, ..Tcp::new(false, 40 * 1400 + 7) }
}

/// Writes it, to be cut into pieces of that size; how many packets came up, which are right.
fn parts(tap: &Tap, tcp: &Tcp, size: u16) -> usize {
    tap.handed_up();
    tap.write(&tcp.header(Some(size)), &tcp.seeded()).unwrap();
    came_up(tap, tcp, size)
}

/// How many packets came up of it, which are right.
fn came_up(tap: &Tap, tcp: &Tcp, size: u16) -> usize {
    let seen = tap.handed_up();
    let mut segments = tcp.cut(size.into());
    if seen.len() == 2 && segments.len() > 2 {
        let mut rest = segments[1].clone();
        rest.payload = tcp.payload[size.into()..].to_vec();
        rest.flags = tcp.flags;
        segments.splice(1.., [rest]);
    }
    assert_eq!(seen.len(), segments.len());
    for (at, (seen, segment)) in seen.iter().zip(&segments).enumerate() {
        assert!(seen.bytes == segment.complete(), "packet {at} is another");
        assert_eq!(seen.offload.flags, kpi::M_CSUM_TCPv4);
    }
    seen.len()
}

#[test]
fn ip_gets_it_in_two_parts() {
    let tap = Tap::open(12, ALL);
    let tcp = to_us(live(&tap));
    let before = tap.data();
    assert_eq!(parts(&tap, &tcp, 1400), 2);
    let after = tap.data();
    // The frame that marks the end is one more, or a few.
    assert!(after.ipackets - before.ipackets >= 3);
    let odd = Tcp { payload: vec![7; 4201], ..tcp };
    // What of the first mbuf the headers of the rest need, and more.
    for size in [1, 11, 12, 13, 999, 1000, 1400] {
        let tcp = Tcp { payload: odd.payload[..usize::from(size) * 3].to_vec(), ..odd.clone() };
        assert_eq!(parts(&tap, &tcp, size), 2, "{size} bytes a segment");
    }
}

#[test]
fn everybody_else_gets_segments() {
    let tap = Tap::open(12, ALL);
    let mac = live(&tap);
    let tcp = to_us(mac);
    let segments = tcp.cut(1400).len();
    assert_eq!(parts(&tap, &tcp, 1400), 2);
    let mut ips = tcp.ips;
    ips[7] ^= 0x40;
    assert_eq!(parts(&tap, &Tcp { ips, ..tcp.clone() }, 1400), segments, "another's address");
    let mut other = mac;
    other[5] ^= 1;
    assert_eq!(parts(&tap, &Tcp { mac: other, ..tcp.clone() }, 1400), segments, "another's MAC");
    let lro = u64::from(kpi::IFCAP_LRO);
    tap.enable(u64::from(kpi::IFCAP_CSUM_TCPv4_Rx)).unwrap();
    assert_eq!(parts(&tap, &tcp, 1400), segments, "the administrator does not want it");
    tap.enable(lro | u64::from(kpi::IFCAP_CSUM_TCPv4_Rx)).unwrap();
    assert_eq!(parts(&tap, &tcp, 1400), 2);
    let beside = tap.beside(0, 0);
    bridge([&tap, &beside]);
    assert_eq!(parts(&tap, &tcp, 1400), segments, "a bridge");
    ifconfig(SIOCIFDESTROY, "bridge0").unwrap();
    assert_eq!(parts(&tap, &tcp, 1400), 2);
}

#[test]
fn a_bridge_that_takes_the_interface_meanwhile_gets_segments() {
    let tap = Tap::open(12, ALL);
    let tcp = to_us(live(&tap));
    let beside = tap.beside(0, 0);
    tap.handed_up();
    // The soft interrupt needs the kernel lock before it takes the packet.
    enter().kernel_lock(1);
    tap.write(&tcp.header(Some(1400)), &tcp.seeded()).unwrap();
    bridge([&tap, &beside]);
    enter().kernel_unlock(1);
    assert_eq!(came_up(&tap, &tcp, 1400), tcp.cut(1400).len());
    ifconfig(SIOCIFDESTROY, "bridge0").unwrap();
}
