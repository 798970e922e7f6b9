// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The protocols behind an interface answer a peer.

use tap_conformance::abi::{
    In6AliasReq, AF_INET6, IFF_UP, LINK_STATE_DOWN, LINK_STATE_UP, SIOCAIFADDR_IN6,
};
use tap_conformance::ctx::put_name;
use tap_conformance::frames;
use tap_conformance::user::Plain;
use tap_host::kern::net::ifioctl::Domain;
use tap_host::stack::describe;

use crate::driver::{Driver, MAC};
use crate::user::{adopt, data, ioctl_on, set_flags, set_inet, wait_for};

/// What the driver was asked to send, once there is something.
fn sent(driver: &Driver, what: &str) -> Vec<Vec<u8>> {
    wait_for(what, || !driver.sent.lock().unwrap().is_empty());
    std::mem::take(&mut *driver.sent.lock().unwrap())
}

#[test]
fn arp_and_echo_are_answered() {
    adopt();
    let driver = Driver::attach("inet0");
    driver.link(LINK_STATE_UP as u32);
    wait_for("link", || data("inet0").link_state == LINK_STATE_UP);
    // The first address brings the interface up, and is announced.
    set_inet("inet0", 1).unwrap();
    let up = tap_host::kpi::IFF_UP | tap_host::kpi::IFF_RUNNING;
    assert_eq!(driver.flags() & up, up);
    let announced = sent(driver, "an announcement");
    assert_eq!(
        describe(&announced[0]),
        "f2:0b:a4:01:02:03 > ff:ff:ff:ff:ff:ff, ARP announcement of 10.5.1.1, length 42"
    );
    driver.receive(&frames::arp_request(1));
    let replies = sent(driver, "an ARP reply");
    assert_eq!(frames::arp_reply(&replies[0], 1), Some(MAC));
    let mut echo = [0; 1514];
    frames::echo_request(&mut echo, MAC, 1, 77);
    driver.receive(&echo);
    let replies = sent(driver, "an echo reply");
    assert_eq!(replies[0].len(), echo.len());
    assert!(frames::is_echo_reply(&replies[0], 77));
    driver.detach();
}

#[test]
fn an_address_without_a_link_is_detached() {
    adopt();
    let driver = Driver::attach("inet1");
    driver.link(LINK_STATE_DOWN as u32);
    wait_for("no link", || data("inet1").link_state == LINK_STATE_DOWN);
    set_inet("inet1", 2).unwrap();
    driver.receive(&frames::arp_request(2));
    wait_for("input", || data("inet1").ipackets == 1);
    assert!(driver.sent.lock().unwrap().is_empty());
    driver.link(LINK_STATE_UP as u32);
    let announced = sent(driver, "an announcement");
    assert!(describe(&announced[0]).contains("ARP announcement of 10.5.2.1"));
    driver.receive(&frames::arp_request(2));
    assert_eq!(frames::arp_reply(&sent(driver, "an ARP reply")[0], 2), Some(MAC));
    // Down, nobody answers.
    set_flags("inet1", 0).unwrap();
    driver.receive(&frames::arp_request(2));
    wait_for("a drop", || data("inet1").iqdrops == 1);
    set_flags("inet1", IFF_UP).unwrap();
    assert!(describe(&sent(driver, "an announcement")[0]).contains("ARP announcement"));
    driver.detach();
}

#[test]
fn neighbours_are_answered() {
    adopt();
    let driver = Driver::attach("inet6");
    driver.link(LINK_STATE_UP as u32);
    wait_for("link", || data("inet6").link_state == LINK_STATE_UP);
    let mut request = In6AliasReq::zeroed();
    put_name(&mut request.name, "inet6");
    request.addr[..2].copy_from_slice(&[28, AF_INET6 as u8]);
    request.addr[8..12].copy_from_slice(&[0xfd, 0, 0, 5]);
    request.addr[23] = 1;
    request.mask[..2].copy_from_slice(&[28, AF_INET6 as u8]);
    request.mask[8..16].fill(0xff);
    assert_eq!(ioctl_on(Domain::Inet6, SIOCAIFADDR_IN6, &mut request), Ok(()));
    let asked = sent(driver, "a neighbour solicitation");
    assert_eq!(
        describe(&asked[0]),
        "f2:0b:a4:01:02:03 > 33:33:ff:00:00:01, IP6 :: > ff02::1:ff00:1: \
         ICMP6 neighbor solicitation, who has fd00:5::1, length 78"
    );
    driver.detach();
}
