// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksums between the module and the kernel's protocols, and on a second interface.

use tap_conformance::abi::{
    IfAliasReq, IfDrv, AF_INET, BRDGADD, FIONBIO, SIOCAIFADDR, SIOCIFCREATE, SIOCIFDESTROY,
    SIOCSDRVSPEC, SOCK_DGRAM,
};
use tap_conformance::ctx::put_name;
use tap_conformance::frames::{self, checksum, Mac};
use tap_conformance::net::sockaddr_in;
use tap_conformance::user::{In, Out, Plain};
use tap_host::kpi;
use tap_host::sys::HOST;
use tap_host::syscall;
use tap_host::world::enter;

use crate::ifconfig::ifconfig;
use crate::tap::{Tap, ALL, CSUM};
use crate::tcp::{Tcp, ETHER, PLAIN};

/// The network, and the ports of the program and of the peer.
pub const NET: u8 = 9;
const PORT: u16 = 1300;
const PEER_PORT: u16 = 9;
/// Where UDP is in a frame, and its checksum.
const UDP: usize = ETHER + 20;
const UDP_SUM: usize = UDP + 6;

/// Reads what there is until it is the frame that `f` knows.
fn read_until<R>(tap: &Tap, mut f: impl FnMut(&[u8], &[u8]) -> Option<R>) -> R {
    for _ in 0..1000 {
        match tap.read().map(|(header, frame)| f(&header, &frame)) {
            Some(Some(found)) => return found,
            Some(None) => {}
            None => HOST.sleep_ms(1),
        }
    }
    panic!("the frame never came");
}

/// Gives the interface an address, and has the peer known. The interface's own address.
pub fn live(tap: &Tap) -> Mac {
    let mut request = IfAliasReq::zeroed();
    put_name(&mut request.name, tap.name());
    sockaddr_in(&mut request.addr, frames::our_ip(NET));
    sockaddr_in(&mut request.mask, [255, 255, 255, 0]);
    tap.ask(SIOCAIFADDR, &mut request).unwrap();
    // The link, and with it the address, comes up in a thread of the kernel's.
    read_until(tap, |_, frame| (frame[..6] == [0xff; 6]).then_some(()));
    tap.write(&PLAIN, &frames::arp_request(NET)).unwrap();
    read_until(tap, |_, frame| frames::arp_reply(frame, NET))
}

/// A socket of that port, whose peer is the tap's.
fn socket() -> i32 {
    let fd = HOST.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
    let address = |ip: [u8; 4], port: u16| {
        let mut address = [0; 16];
        sockaddr_in(&mut address, ip);
        address[2..4].copy_from_slice(&port.to_be_bytes());
        address
    };
    let local = address(frames::our_ip(NET), PORT);
    let peer = address(frames::peer_ip(NET), PEER_PORT);
    syscall::bind(&mut enter(), fd, (local.as_ptr() as usize, local.len())).unwrap();
    syscall::connect(&mut enter(), fd, (peer.as_ptr() as usize, peer.len())).unwrap();
    HOST.ioctl(fd, FIONBIO, Out::value(&mut 1_i32)).unwrap();
    fd
}

/// The sum of the pseudo header and of UDP in a frame, folded.
fn sum(frame: &[u8]) -> u16 {
    let len = (frame.len() - UDP) as u16;
    let pseudo = [&frame[ETHER + 12..UDP], &[0, 17], &len.to_be_bytes()].concat();
    !checksum(&[&pseudo, &frame[UDP..]].concat())
}

/// A datagram from the peer, its checksum right.
fn datagram(to: Mac, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ETHER];
    frames::ether(&mut frame, to, frames::PEER_MAC, 0x800);
    let len = (8 + payload.len()) as u16;
    let mut ip = vec![0x45, 0, 0, (20 + len) as u8, 0, 0, 0, 0, 64, 17, 0, 0];
    ip.extend([frames::peer_ip(NET), frames::our_ip(NET)].concat());
    let header_sum = checksum(&ip);
    ip[10..12].copy_from_slice(&header_sum.to_be_bytes());
    frame.extend(ip);
    for word in [PEER_PORT, PORT, len, 0] {
        frame.extend(word.to_be_bytes());
    }
    frame.extend(payload);
    let right = !sum(&frame);
    frame[UDP_SUM..UDP_SUM + 2].copy_from_slice(&right.to_be_bytes());
    frame
}

/// A program sends a datagram; the offload header that the reader gets, and the frame.
fn sent(tap: &Tap, fd: i32, payload: &[u8]) -> (Vec<u8>, Vec<u8>) {
    assert_eq!(HOST.write(fd, In::bytes(payload)), Ok(payload.len()));
    read_until(tap, |header, frame| {
        (frame[UDP + 8..] == *payload).then(|| (header.to_vec(), frame.to_vec()))
    })
}

#[test]
fn a_program_sends() {
    let tap = Tap::open(12, 0);
    live(&tap);
    let fd = socket();
    for payload in [&b"even"[..], b"odd", &[0x77; 1400]] {
        let (header, frame) = sent(&tap, fd, payload);
        assert_eq!(header[..10], [0; 10]);
        assert_eq!(sum(&frame), 0xffff);
        tap.set_takes(ALL).unwrap();
        let (header, mut frame) = sent(&tap, fd, payload);
        let asked = [&[1, 0, 0, 0, 0, 0][..], &34_u16.to_ne_bytes(), &6_u16.to_ne_bytes()].concat();
        assert_eq!(header[..10], asked);
        let right = checksum(&frame[UDP..]);
        frame[UDP_SUM..UDP_SUM + 2].copy_from_slice(&right.to_be_bytes());
        assert_eq!(sum(&frame), 0xffff);
        // The administrator wants none of it.
        tap.enable(0).unwrap();
        let (header, frame) = sent(&tap, fd, payload);
        assert_eq!((&header[..10], sum(&frame)), (&[0; 10][..], 0xffff));
        tap.set_takes(0).unwrap();
    }
    HOST.close(fd).unwrap();
}

/// What the program has received of some datagrams, once the last of all has come.
fn received(tap: &Tap, fd: i32) -> Vec<Vec<u8>> {
    tap.handed_up();
    let mut all = Vec::new();
    for _ in 0..1000 {
        let mut bytes = [0; 100];
        match HOST.read(fd, Out::bytes(&mut bytes)) {
            Ok(len) if bytes[..len] == *b"the last one" => return all,
            Ok(len) => all.push(bytes[..len].to_vec()),
            Err(_) => HOST.sleep_ms(1),
        }
    }
    panic!("the last datagram never came");
}

#[test]
fn a_program_receives() {
    const DATA_VALID: u8 = 2;
    let rx = u64::from(kpi::IFCAP_CSUM_UDPv4_Rx);
    let tap = Tap::open(12, 0);
    let mac = live(&tap);
    let fd = socket();
    let valid = {
        let mut header = PLAIN;
        header[0] = DATA_VALID;
        header
    };
    let mut damaged = datagram(mac, b"damaged");
    damaged[UDP + 8] ^= 1;
    let text = damaged[UDP + 8..].to_vec();
    let last = datagram(mac, b"the last one");
    // The bits for what comes in are there while there is a header.
    for (enabled, header, comes) in [
        (None, PLAIN, false),
        (None, valid, true),
        (Some(0), valid, false),
        (Some(rx), valid, true),
    ] {
        if let Some(enabled) = enabled {
            tap.enable(enabled).unwrap();
        }
        tap.write(&header, &damaged).unwrap();
        tap.write(&PLAIN, &last).unwrap();
        let expected: Vec<_> = comes.then(|| text.clone()).into_iter().collect();
        assert_eq!(received(&tap, fd), expected, "{enabled:?}, flags {}", header[0]);
    }
    // One that is to be completed.
    let mut open = datagram(mac, b"open");
    open[UDP_SUM..UDP_SUM + 2].fill(0);
    let len = [0, 12];
    let seed = !checksum(&[&open[ETHER + 12..UDP], &[0, 17], &len].concat());
    open[UDP_SUM..UDP_SUM + 2].copy_from_slice(&seed.to_be_bytes());
    let mut header = PLAIN;
    header[0] = 1;
    header[6..8].copy_from_slice(&(UDP as u16).to_ne_bytes());
    header[8..10].copy_from_slice(&6_u16.to_ne_bytes());
    tap.enable(0).unwrap();
    tap.write(&header, &open).unwrap();
    tap.write(&PLAIN, &last).unwrap();
    assert_eq!(received(&tap, fd), [b"open"]);
    HOST.close(fd).unwrap();
}

/// A bridge of two.
pub fn bridge(taps: [&Tap; 2]) {
    ifconfig(SIOCIFCREATE, "bridge0").unwrap();
    for tap in taps {
        let mut name = [0; 16];
        put_name(&mut name, tap.name());
        let mut member = [0_u8; 24];
        member[..16].copy_from_slice(&name);
        let mut request = IfDrv::zeroed();
        put_name(&mut request.name, "bridge0");
        request.cmd = BRDGADD;
        request.len = member.len();
        request.data = member.as_mut_ptr() as usize;
        tap.ask(SIOCSDRVSPEC, &mut request).unwrap();
    }
    taps[0].set_up("bridge0");
}

#[test]
fn what_goes_through_a_bridge_is_finished() {
    let tap = Tap::open(12, ALL);
    for (header, takes) in [(0, 0), (12, 0), (12, CSUM), (12, ALL)] {
        let other = tap.beside(header, takes);
        bridge([&tap, &other]);
        for v6 in [false, true] {
            let tcp = Tcp::new(v6, 4001);
            tap.write(&tcp.header(Some(1000)), &tcp.seeded()).unwrap();
            let one = Tcp::new(v6, 999);
            tap.write(&one.header(None), &one.seeded()).unwrap();
            for segment in tcp.cut(1000).into_iter().chain([one]) {
                let (head, frame) =
                    read_until(&other, |head, frame| Some((head.to_vec(), frame.to_vec())));
                assert!(frame == segment.complete(), "the frame is another");
                assert!(head.iter().take(10).all(|byte| *byte == 0));
            }
        }
        ifconfig(SIOCIFDESTROY, "bridge0").unwrap();
    }
}
