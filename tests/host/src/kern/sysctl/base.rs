// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The nodes that the kernel itself has, as far as anybody here asks for them.

use std::sync::Arc;

use tap_conformance::abi::{
    KinfoDriver, MbStat, AF_INET, AF_INET6, CTL_KERN, KERN_DRIVERS, KERN_MBUF, KERN_OSREV,
    MBUF_STATS,
};
use tap_conformance::user::Plain;

use super::create::{createv, New};
use super::node::Value;
use super::tree::Path;
use crate::world::World;
use crate::{host_panic, kpi};

const CTL_NET: i32 = kpi::CTL_NET as i32;
/// IPPROTO_IP, which names net.inet.ip, and IPPROTO_IPV6.
const IPPROTO_IP: i32 = 0;
const IPPROTO_IPV6: i32 = 41;
const IPPROTO_UDP: i32 = 17;
const UDPCTL_STATS: i32 = 5;
const UDP6CTL_STATS: i32 = 4;

/// Makes them. The tree is not locked yet, and nobody else knows it.
pub(super) fn build(world: &mut World) {
    let mut add = |new: New, mib: &[i32]| {
        let new = New { flags: new.flags | kpi::CTLFLAG_PERMANENT, ..new };
        if createv(world, std::ptr::null_mut(), None, &new, mib).is_err() {
            host_panic!("sysctl: no {}", new.name);
        }
    };
    let node = |name| New { kind: kpi::CTLTYPE_NODE, name, ..New::default() };
    let int = |name, value: u32| New {
        kind: kpi::CTLTYPE_INT,
        flags: kpi::CTLFLAG_READWRITE | kpi::CTLFLAG_IMMEDIATE,
        name,
        immediate: u64::from(value),
        ..New::default()
    };
    let table = |name, value: Value| New {
        kind: kpi::CTLTYPE_STRUCT,
        name,
        value: Some(value),
        ..New::default()
    };
    add(node("kern"), &[CTL_KERN]);
    let revision = env!("TAP_KERNEL_VERSION").parse().unwrap_or_default();
    add(
        New { flags: kpi::CTLFLAG_IMMEDIATE, ..int("osrevision", revision) },
        &[CTL_KERN, KERN_OSREV],
    );
    add(node("mbuf"), &[CTL_KERN, KERN_MBUF]);
    add(table("stats", Arc::new(mbuf_stats)), &[CTL_KERN, KERN_MBUF, MBUF_STATS]);
    add(table("drivers", Arc::new(drivers)), &[CTL_KERN, KERN_DRIVERS]);
    // Their numbers, but for the first, are the kernel's choice.
    const CURTAIN: [i32; 4] = [kpi::CTL_SECURITY as i32, 1, 1, 1];
    add(node("security"), &CURTAIN[..1]);
    add(node("models"), &CURTAIN[..2]);
    add(node("extensions"), &CURTAIN[..3]);
    add(int("curtain", 0), &CURTAIN);
    add(node("net"), &[CTL_NET]);
    // The loopback interface's nodes keep it in a kernel.
    add(node("interfaces"), &[CTL_NET, kpi::CTL_CREATE]);
    add(node("inet"), &[CTL_NET, AF_INET]);
    add(node("ip"), &[CTL_NET, AF_INET, IPPROTO_IP]);
    add(int("dad_count", 3), &[CTL_NET, AF_INET, IPPROTO_IP, kpi::CTL_CREATE]);
    add(node("udp"), &[CTL_NET, AF_INET, IPPROTO_UDP]);
    add(table("stats", Arc::new(udp_stats)), &[CTL_NET, AF_INET, IPPROTO_UDP, UDPCTL_STATS]);
    add(node("inet6"), &[CTL_NET, AF_INET6]);
    add(node("udp6"), &[CTL_NET, AF_INET6, IPPROTO_UDP]);
    add(table("stats", Arc::new(udp6_stats)), &[CTL_NET, AF_INET6, IPPROTO_UDP, UDP6CTL_STATS]);
    add(node("ip6"), &[CTL_NET, AF_INET6, IPPROTO_IPV6]);
    add(int("auto_linklocal", 1), &[CTL_NET, AF_INET6, IPPROTO_IPV6, kpi::CTL_CREATE]);
}

/// A `struct mbstat`.
fn mbuf_stats(world: &mut World) -> Vec<u8> {
    let stats = MbStat { types: world.mbufs.by_type(), ..MbStat::zeroed() };
    stats.as_bytes().to_vec()
}

fn udp_stats(world: &mut World) -> Vec<u8> {
    world.net.udp.stats(false).iter().flat_map(|count| count.to_ne_bytes()).collect()
}

fn udp6_stats(world: &mut World) -> Vec<u8> {
    world.net.udp.stats(true).iter().flat_map(|count| count.to_ne_bytes()).collect()
}

/// An array of `struct kinfo_drivers`; no driver here is a block device's.
fn drivers(world: &mut World) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, cmajor) in world.devsw.drivers() {
        let mut driver = KinfoDriver { cmajor, bmajor: -1, ..KinfoDriver::zeroed() };
        let len = name.len().min(driver.name.len() - 1);
        driver.name[..len].copy_from_slice(&name.as_bytes()[..len]);
        bytes.extend_from_slice(driver.as_bytes());
    }
    bytes
}

impl World {
    /// The value of an integer of the kernel's own, by its name: it is a variable there, which is
    /// read without the tree's lock.
    pub fn sysctl_int(&mut self, name: &str) -> i32 {
        let mut path = Path::new();
        for part in name.split('.') {
            let children = &self.sysctl_node(&path).children;
            match children.iter().position(|child| child.raw.name() == part) {
                Some(at) => path.push(at),
                None => host_panic!("sysctl: no {name}"),
            }
        }
        self.sysctl_node(&path).raw.data as i32
    }
}
