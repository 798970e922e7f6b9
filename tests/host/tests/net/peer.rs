// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! UDP between a program and a peer at the other end of a driver's wire, which the peer's side
//! sums by itself.

use tap_conformance::abi::{AF_INET, AF_INET6, SOCK_DGRAM};
use tap_conformance::frames::{self, checksum, PEER_MAC};
use tap_conformance::user::{In, Out};
use tap_host::sys::HOST;
use tap_host::syscall;
use tap_host::world::enter;

use crate::driver::{Driver, MAC};
use crate::user::wait_for;

/// The port of the peer.
pub const PEER_PORT: u16 = 9;
/// Bytes of Ethernet's header.
pub const ETHER: usize = 14;

/// A family, with the addresses of the interface and of the peer.
#[derive(Clone, Copy)]
pub enum Net {
    /// IPv4, the network of that number.
    V4(u8),
    /// IPv6, likewise.
    V6(u8),
}

/// Our address of IPv6, or with another last byte the peer's: fd00:6:N::1.
pub fn ours6(net: u8) -> [u8; 16] {
    [0xfd, 0, 0, 6, 0, net, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
}

impl Net {
    /// Our address, or the peer's.
    fn address(self, ours: bool) -> Vec<u8> {
        match self {
            Net::V4(net) if ours => frames::our_ip(net).to_vec(),
            Net::V4(net) => frames::peer_ip(net).to_vec(),
            Net::V6(net) => [&ours6(net)[..15], &[if ours { 1 } else { 2 }]].concat(),
        }
    }

    /// Where the UDP header is in a frame.
    pub fn udp(self) -> usize {
        match self {
            Net::V4(_) => ETHER + 20,
            Net::V6(_) => ETHER + 40,
        }
    }

    fn sockaddr(self, ours: bool, port: u16) -> Vec<u8> {
        let [high, low] = port.to_be_bytes();
        match self {
            Net::V4(_) => {
                let address = self.address(ours);
                [&[16, AF_INET as u8, high, low][..], &address, &[0; 8]].concat()
            }
            Net::V6(_) => {
                let address = self.address(ours);
                [&[28, AF_INET6 as u8, high, low, 0, 0, 0, 0][..], &address, &[0; 4]].concat()
            }
        }
    }

    /// A socket of the calling process at that port, whose peer is ours.
    pub fn socket(self, port: u16) -> i32 {
        let domain = if matches!(self, Net::V4(_)) { AF_INET } else { AF_INET6 };
        let fd = HOST.socket(domain, SOCK_DGRAM, 0).unwrap();
        let [local, peer] = [self.sockaddr(true, port), self.sockaddr(false, PEER_PORT)];
        let span = |bytes: &[u8]| (bytes.as_ptr() as usize, bytes.len());
        syscall::bind(&mut enter(), fd, span(&local)).unwrap();
        syscall::connect(&mut enter(), fd, span(&peer)).unwrap();
        fd
    }

    /// The sum of the pseudo header and of a datagram whose bytes these are, folded.
    pub fn sum(self, datagram: &[u8]) -> u16 {
        let mut bytes = [self.address(true), self.address(false)].concat();
        bytes.extend([0, 17]);
        bytes.extend((datagram.len() as u16).to_be_bytes());
        bytes.extend(datagram);
        !checksum(&bytes)
    }

    /// A datagram from the peer to a port, in a frame, its checksum right.
    pub fn frame(self, port: u16, payload: &[u8]) -> Vec<u8> {
        let mut udp = [PEER_PORT.to_be_bytes(), port.to_be_bytes()].concat();
        let len = (8 + payload.len()) as u16;
        udp.extend(len.to_be_bytes());
        udp.extend([0, 0]);
        udp.extend(payload);
        let sum = !self.sum(&udp);
        udp[6..8].copy_from_slice(&sum.to_be_bytes());
        let (kind, mut ip) = match self {
            Net::V4(_) => {
                let mut ip = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0];
                ip[2..4].copy_from_slice(&(20 + len).to_be_bytes());
                ip.extend([self.address(false), self.address(true)].concat());
                let sum = checksum(&ip);
                ip[10..12].copy_from_slice(&sum.to_be_bytes());
                (0x0800, ip)
            }
            Net::V6(_) => {
                let mut ip = vec![0x60, 0, 0, 0, 0, 0, 17, 64];
                ip[4..6].copy_from_slice(&len.to_be_bytes());
                ip.extend([self.address(false), self.address(true)].concat());
                (0x86dd, ip)
            }
        };
        let mut frame = vec![0; ETHER];
        frames::ether(&mut frame, MAC, PEER_MAC, kind);
        frame.append(&mut ip);
        frame.extend(udp);
        frame
    }
}

/// The peer's neighbour solicitation for our IPv6 address, which tells its own.
fn solicitation(net: u8) -> Vec<u8> {
    let target = ours6(net);
    let from = Net::V6(net).address(false);
    let mut icmp = vec![135, 0, 0, 0, 0, 0, 0, 0];
    icmp.extend(target);
    icmp.extend([1, 1]);
    icmp.extend(PEER_MAC);
    let pseudo = [&from[..], &target, &[0, 0, 0, 32, 0, 0, 0, 58], &icmp].concat();
    let sum = checksum(&pseudo);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    let ip = [&[0x60, 0, 0, 0, 0, 32, 58, 255][..], &from, &target].concat();
    let mut frame = vec![0; ETHER];
    frames::ether(&mut frame, MAC, PEER_MAC, 0x86dd);
    [frame, ip, icmp].concat()
}

/// What was sent since it was last asked, once there is something: each frame, and its csum_flags
/// and csum_data.
pub fn sent(driver: &Driver) -> Vec<(Vec<u8>, u32, u32)> {
    wait_for("a frame", || !driver.sent.lock().unwrap().is_empty());
    let frames = std::mem::take(&mut *driver.sent.lock().unwrap());
    let asked = std::mem::take(&mut *driver.asked.lock().unwrap());
    assert_eq!(frames.len(), asked.len());
    frames.into_iter().zip(asked).map(|(frame, said)| (frame, said.flags, said.data)).collect()
}

/// Has the peer known, so that nothing is asked before a datagram is sent.
pub fn meet(driver: &Driver, net: Net) {
    match net {
        Net::V4(net) => driver.receive(&frames::arp_request(net)),
        Net::V6(net) => driver.receive(&solicitation(net)),
    }
    // The answer, and what is said before it.
    wait_for("an answer", || {
        driver.sent.lock().unwrap().iter().any(|frame| frame[..6] == PEER_MAC)
    });
    sent(driver);
}

/// A datagram that waits at a socket; `None` if there is none.
pub fn received(fd: i32) -> Option<Vec<u8>> {
    let mut on = 1_i32;
    HOST.ioctl(fd, tap_host::kpi::FIONBIO.into(), Out::value(&mut on)).unwrap();
    let mut bytes = vec![0; 65536];
    let len = HOST.read(fd, Out::bytes(&mut bytes)).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

/// Sends a datagram.
pub fn send(fd: i32, payload: &[u8]) -> tap_conformance::errno::Result<usize> {
    HOST.write(fd, In::bytes(payload))
}
