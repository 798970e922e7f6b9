// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksums that the stack leaves to an interface, and those that it believes an interface.

use tap_conformance::abi::{In6AliasReq, AF_INET6, IFF_UP, LINK_STATE_UP, SIOCAIFADDR_IN6};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::user::Plain;
use tap_host::kern::net::ifioctl::Domain;
use tap_host::kpi;
use tap_host::sys::HOST;

use crate::driver::Driver;
use crate::peer::{meet, ours6, received, send, sent, Net, ETHER};
use crate::user::{adopt, data, ioctl, ioctl_on, set_flags, set_inet, sysctl_words, wait_for};

pub const TX: u64 = (kpi::IFCAP_CSUM_UDPv4_Tx | kpi::IFCAP_CSUM_UDPv6_Tx) as u64;
const RX: u64 = (kpi::IFCAP_CSUM_UDPv4_Rx | kpi::IFCAP_CSUM_UDPv6_Rx) as u64;

/// A `struct ifcapreq`: a name, what there is, and what is enabled.
fn request(name: &str, capenable: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes[24..].copy_from_slice(&capenable.to_ne_bytes());
    bytes
}

/// ifconfig's way to enable capabilities.
pub fn enable(name: &str, capenable: u64) -> Result<()> {
    ioctl(kpi::SIOCSIFCAP.into(), &mut request(name, capenable))
}

/// What there is, and what is enabled.
pub fn capabilities(name: &str) -> Result<(u64, u64)> {
    let mut request = request(name, 0);
    ioctl(kpi::SIOCGIFCAP.into(), &mut request)?;
    let word = |at: usize| u64::from_ne_bytes(request[at..at + 8].try_into().unwrap());
    Ok((word(16), word(24)))
}

/// An interface with an address that knows its peer.
pub fn live(name: &str, net: Net, capabilities: u64) -> &'static Driver {
    adopt();
    let driver = Driver::attach(name);
    driver.set_capabilities(capabilities);
    enable(name, capabilities).unwrap();
    driver.link(LINK_STATE_UP as u32);
    wait_for("link", || data(name).link_state == LINK_STATE_UP);
    match net {
        Net::V4(net) => set_inet(name, net).unwrap(),
        Net::V6(net) => {
            let mut request = In6AliasReq::zeroed();
            put_name(&mut request.name, name);
            request.addr[..2].copy_from_slice(&[28, AF_INET6 as u8]);
            request.addr[8..24].copy_from_slice(&ours6(net));
            request.mask[..2].copy_from_slice(&[28, AF_INET6 as u8]);
            request.mask[8..16].fill(0xff);
            ioctl_on(Domain::Inet6, SIOCAIFADDR_IN6, &mut request).unwrap();
        }
    }
    meet(driver, net);
    driver
}

#[test]
fn capabilities_are_enabled_and_followed() {
    adopt();
    let driver = Driver::attach("cap0");
    assert_eq!(capabilities("cap0"), Ok((0, 0)));
    assert_eq!(enable("cap0", 0), Ok(()));
    assert_eq!(enable("cap0", TX), Err(Errno::EINVAL));
    let all = TX | RX | u64::from(kpi::IFCAP_TSOv4 | kpi::IFCAP_CSUM_TCPv4_Tx);
    driver.set_capabilities(all);
    assert_eq!(capabilities("cap0"), Ok((all, 0)));
    assert_eq!(enable("cap0", all | 1 << 40), Err(Errno::EINVAL));
    assert_eq!(driver.csum_flags(), (0, 0));
    let udp = kpi::M_CSUM_UDPv4 | kpi::M_CSUM_UDPv6;
    for (enabled, tx, rx) in [
        (all, udp | kpi::M_CSUM_TSOv4 | kpi::M_CSUM_TCPv4, udp),
        (RX, 0, udp),
        (kpi::IFCAP_CSUM_UDPv6_Tx.into(), kpi::M_CSUM_UDPv6, 0),
        (0, 0, 0),
    ] {
        assert_eq!(enable("cap0", enabled), Ok(()));
        assert_eq!(capabilities("cap0"), Ok((all, enabled)));
        assert_eq!(driver.csum_flags(), (tx, rx));
    }
    driver.detach();
}

#[test]
fn an_interface_that_is_up_is_to_be_reset() {
    adopt();
    let driver = Driver::attach("cap1");
    driver.set_capabilities(TX);
    let raw = driver.ifp();
    let common: unsafe extern "C" fn(*mut kpi::ifnet, u64, *mut std::ffi::c_void) -> i32 =
        crate::driver::symbol("ifioctl_common");
    let set = |capenable| {
        let mut request = request("cap1", capenable);
        tap_host::world::enter().ifnet_lock(tap_host::kern::net::ifnet::Ifp::from_raw(raw));
        // SAFETY: an attached interface, and a request of that command's.
        let error = unsafe { common(raw, kpi::SIOCSIFCAP.into(), request.as_mut_ptr().cast()) };
        tap_host::world::enter().ifnet_unlock(tap_host::kern::net::ifnet::Ifp::from_raw(raw));
        error as u32
    };
    assert_eq!(set(TX), 0);
    set_flags("cap1", IFF_UP).unwrap();
    assert_eq!(set(TX), 0, "nothing has changed");
    assert_eq!(set(0), kpi::ENETRESET);
    driver.detach();
}

/// Sends datagrams of some lengths; those that go out must have the flags, and a checksum to match.
fn sends(name: &str, net: Net, capabilities: u64, flags: u32) {
    let driver = live(name, net, capabilities);
    let fd = net.socket(1234);
    let at = net.udp();
    // Odd and even, in the mbuf of the headers and in others.
    for len in [1, 2, 17, 300, 1400] {
        let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
        assert_eq!(send(fd, &payload), Ok(len));
        let [(frame, said, csum_data)] = &sent(driver)[..] else { panic!("not one frame") };
        assert_eq!(frame[at + 8..], payload);
        assert_eq!(*said, flags, "{len} bytes");
        let datagram = &frame[at..];
        if flags == 0 {
            assert_eq!(net.sum(datagram), 0xffff, "{len} bytes: the checksum is wrong");
            continue;
        }
        assert_eq!(*csum_data, ((at - ETHER) as u32) << 16 | 6);
        let seed = u16::from_be_bytes([datagram[6], datagram[7]]);
        assert_eq!(seed, net.sum(&vec![0; datagram.len()]), "{len} bytes: another sum");
    }
    assert_eq!(send(fd, &[0; 1500]), Err(Errno::EMSGSIZE));
    HOST.close(fd).unwrap();
    driver.detach();
}

#[test]
fn udp_is_summed_by_the_stack() {
    sends("sum4", Net::V4(11), 0, 0);
}

#[test]
fn udp_is_left_to_the_interface() {
    sends("open4", Net::V4(12), TX, kpi::M_CSUM_UDPv4);
}

#[test]
fn udp_over_ipv6_is_either() {
    sends("sum6", Net::V6(1), RX, 0);
    sends("open6", Net::V6(2), TX, kpi::M_CSUM_UDPv6);
}

/// Has datagrams come in, the last with a damaged payload, with flags on an interface with the
/// capabilities. Whether that one was taken; if not, it was counted.
fn takes_damaged(name: &str, net: Net, capabilities: u64, flags: u32) -> bool {
    let driver = live(name, net, capabilities);
    let fd = net.socket(1235);
    let stats =
        if matches!(net, Net::V4(_)) { "net.inet.udp.stats" } else { "net.inet6.udp6.stats" };
    let bad = || sysctl_words(stats)[2];
    let before = bad();
    let mut frame = net.frame(1235, b"as it was sent");
    for payload in [&b"as it was sent"[..], b"as it was senT"] {
        frame[net.udp() + 8..].copy_from_slice(payload);
        driver.receive_with(&frame, flags);
    }
    frame[net.udp() + 8..].copy_from_slice(b"as it was sent");
    driver.receive_with(&frame, 0);
    let mut all = Vec::new();
    wait_for("the last datagram", || {
        all.extend(received(fd));
        bad() - before + all.len() as u64 == 3
    });
    let good = |payload: &Vec<u8>| payload == b"as it was sent";
    assert_eq!(all.iter().filter(|payload| good(payload)).count(), 2);
    HOST.close(fd).unwrap();
    driver.detach();
    all.len() == 3
}

#[test]
fn a_wrong_checksum_is_dropped_unless_verified() {
    const VERIFIED: u32 = kpi::M_CSUM_UDPv4;
    assert!(!takes_damaged("in0", Net::V4(13), RX, 0));
    assert!(takes_damaged("in1", Net::V4(13), RX, VERIFIED));
    // What the interface says is not asked for, or of another protocol.
    assert!(!takes_damaged("in2", Net::V4(13), 0, VERIFIED));
    assert!(!takes_damaged("in3", Net::V4(13), RX, kpi::M_CSUM_TCPv4 | kpi::M_CSUM_UDPv6));
    assert!(!takes_damaged("in4", Net::V6(3), RX, kpi::M_CSUM_UDPv4));
    assert!(takes_damaged("in5", Net::V6(4), RX, kpi::M_CSUM_UDPv6));
}
