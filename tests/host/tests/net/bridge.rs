// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksums of frames that go through a bridge: an interface gets open ones only if it closes them.

use tap_conformance::abi::{IfDrv, BRDGADD, IFF_UP, SIOCIFCREATE, SIOCIFDESTROY, SIOCSDRVSPEC};
use tap_conformance::ctx::put_name;
use tap_conformance::frames::PEER_MAC;
use tap_conformance::user::Plain;
use tap_host::kpi;
use tap_host::sys::HOST;

use crate::driver::Driver;
use crate::offload::{capabilities, enable, live, TX};
use crate::peer::{send, sent, Net, ETHER};
use crate::user::{by_name, ioctl, set_flags};

fn add(bridge: &str, member: &str) {
    let mut name = [0; 16];
    put_name(&mut name, member);
    let mut member = [0_u8; 24];
    member[..16].copy_from_slice(&name);
    let mut request = IfDrv::zeroed();
    put_name(&mut request.name, bridge);
    request.cmd = BRDGADD;
    request.len = member.len();
    request.data = member.as_mut_ptr() as usize;
    ioctl(SIOCSDRVSPEC, &mut request).unwrap();
}

/// Two interfaces in a bridge, the first with an address and TX enabled, the second with this.
fn bridged(bridge: &str, names: [&str; 2], net: Net, second: u64) -> [&'static Driver; 2] {
    let first = live(names[0], net, TX);
    let other = Driver::attach(names[1]);
    other.set_capabilities(second);
    enable(names[1], second).unwrap();
    by_name(SIOCIFCREATE, bridge).unwrap();
    names.iter().for_each(|name| add(bridge, name));
    assert_eq!(capabilities(bridge), Ok((second, second)));
    set_flags(names[1], IFF_UP).unwrap();
    set_flags(bridge, IFF_UP).unwrap();
    [first, other]
}

fn end(bridge: &str, drivers: [&Driver; 2]) {
    by_name(SIOCIFDESTROY, bridge).unwrap();
    drivers.iter().for_each(|driver| driver.detach());
}

/// A frame from the peer to somebody whom no interface has heard of.
fn from_peer(net: Net) -> Vec<u8> {
    let mut frame = net.frame(7, b"for somebody else");
    frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 0x77]);
    frame
}

#[test]
fn what_another_member_cannot_do_is_done_before() {
    let net = Net::V4(21);
    let [first, other] = bridged("bridge31", ["sw0", "sw1"], net, 0);
    let fd = net.socket(1236);
    let is_right = |frame: &[u8]| net.sum(&frame[ETHER + 20..]) == 0xffff;
    // Nobody knows yet where the peer is, so all get it.
    send(fd, b"to everybody").unwrap();
    for driver in [first, other] {
        let [(frame, said, _)] = &sent(driver)[..] else { panic!("not one frame") };
        assert!(is_right(frame) && *said == 0);
    }
    // At the other member.
    other.receive(&from_peer(net));
    assert_eq!(sent(first).len(), 1);
    send(fd, b"to the other").unwrap();
    let [(frame, said, _)] = &sent(other)[..] else { panic!("not one frame") };
    assert!(is_right(frame) && *said == 0);
    // At the one that does it.
    first.receive(&from_peer(net));
    assert_eq!(sent(other).len(), 1);
    send(fd, b"to the first").unwrap();
    let [(frame, said, _)] = &sent(first)[..] else { panic!("not one frame") };
    assert!(!is_right(frame) && *said == kpi::M_CSUM_UDPv4);
    HOST.close(fd).unwrap();
    end("bridge31", [first, other]);
}

#[test]
fn what_every_member_does_is_left_to_each() {
    let net = Net::V4(22);
    let [first, other] = bridged("bridge32", ["hw0", "hw1"], net, TX);
    let fd = net.socket(1237);
    send(fd, b"to everybody").unwrap();
    for driver in [first, other] {
        let [(_, said, _)] = &sent(driver)[..] else { panic!("not one frame") };
        assert_eq!(*said, kpi::M_CSUM_UDPv4);
    }
    enable("hw1", 0).unwrap();
    assert_eq!(capabilities("bridge32"), Ok((0, 0)));
    send(fd, b"to everybody").unwrap();
    for driver in [first, other] {
        let [(frame, said, _)] = &sent(driver)[..] else { panic!("not one frame") };
        assert!(net.sum(&frame[ETHER + 20..]) == 0xffff && *said == 0);
    }
    HOST.close(fd).unwrap();
    end("bridge32", [first, other]);
}

#[test]
fn what_was_verified_is_not_asked_for_again() {
    let net = Net::V4(23);
    let [first, other] = bridged("bridge33", ["fw0", "fw1"], net, TX);
    let frame = from_peer(net);
    first.receive_with(&frame, kpi::M_CSUM_UDPv4);
    assert_eq!(sent(other), [(frame.clone(), 0, 0)]);
    // And to the one member where somebody was heard.
    let mut answer = frame.clone();
    answer[..6].copy_from_slice(&PEER_MAC);
    answer[6..12].copy_from_slice(&frame[..6]);
    other.receive_with(&answer, kpi::M_CSUM_UDPv4);
    assert_eq!(sent(first), [(answer, 0, 0)]);
    end("bridge33", [first, other]);
}
