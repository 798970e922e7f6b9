// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! UDP sockets of programs, as sys/netinet/udp_usrreq.c and sys/netinet6/udp6_usrreq.c have them.
//! A datagram goes to the one peer of its socket, and is not fragmented: one that is too long for
//! the interface is refused with EMSGSIZE, as if the socket had asked for that.

use std::collections::VecDeque;
use std::net::IpAddr;

use litemap::LiteMap;
use smoltcp::wire::IpEndpoint;
use tap_conformance::errno::{Errno, Result};

use crate::kern::errno::errno;
use crate::kern::field::peek;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ether_output::HEADER;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::in_offload::{udp_input, Input};
use crate::kpi;
use crate::sched::{chan, Chan, Sleep, Woken};
use crate::world::World;

/// The first port that is given to who does not ask for one.
const ANONYMOUS: u16 = 49152;
/// How many datagrams wait for one socket.
const MOST: usize = 64;
/// UDP_STAT_NOPORT and UDP6_STAT_NOPORT, UDP_STAT_OPACKETS and UDP6_STAT_OPACKETS.
const NOPORT: [usize; 2] = [4, 5];
const OPACKETS: [usize; 2] = [8, 9];

/// A port of UDP over IPv4, or over IPv6 if the first is true.
pub(super) type Port = (bool, u16);

/// All of them.
#[derive(Default)]
pub struct Udp {
    /// What waits at each port that a socket has.
    ports: LiteMap<Port, VecDeque<Vec<u8>>>,
    /// net.inet.udp.stats and net.inet6.udp6.stats.
    stats: [[u64; 10]; 2],
}

impl Udp {
    /// The counters of UDP over IPv4, or over IPv6.
    pub(crate) fn stats(&self, is_v6: bool) -> &[u64] {
        let all = &self.stats[usize::from(is_v6)];
        if is_v6 {
            all
        } else {
            &all[..=OPACKETS[0]]
        }
    }

    fn count(&mut self, is_v6: bool, counter: usize) {
        self.stats[usize::from(is_v6)][counter] += 1;
    }
}

fn arrival((is_v6, port): Port) -> Chan {
    chan(if is_v6 { "udp6" } else { "udp" }, usize::from(port))
}

impl World {
    /// in_pcbbind: takes a port, or any if it is 0. EADDRINUSE.
    pub(super) fn udp_bind(&mut self, is_v6: bool, wanted: u16) -> Result<u16> {
        let taken = |port: &u16| self.net.udp.ports.contains_key(&(is_v6, *port));
        let port = match wanted {
            0 => (ANONYMOUS..).find(|port| !taken(port)).ok_or(errno(kpi::EADDRNOTAVAIL))?,
            port if taken(&port) => return Err(errno(kpi::EADDRINUSE)),
            port => port,
        };
        self.net.udp.ports.insert((is_v6, port), VecDeque::new());
        Ok(port)
    }

    /// udp_detach: the port is nobody's.
    pub(super) fn udp_unbind(&mut self, port: Port) {
        self.net.udp.ports.remove(&port);
    }

    fn udp_ports(&self) -> Vec<u16> {
        self.net.udp.ports.keys().map(|(_, port)| *port).collect()
    }

    /// soreceive(9): the next datagram. EAGAIN if there is none and the caller does not wait.
    pub(super) fn udp_receive(&mut self, port: Port, nonblock: bool) -> Result<Vec<u8>> {
        loop {
            let waiting = self.net.udp.ports.get_mut(&port).ok_or(errno(kpi::EINVAL))?;
            if let Some(datagram) = waiting.pop_front() {
                return Ok(datagram);
            }
            if nonblock {
                return Err(Errno::EAGAIN);
            }
            let how = Sleep { interruptible: true, ..Sleep::default() };
            if let Woken::Signal(error) = self.sleep(arrival(port), how) {
                return Err(Errno(error));
            }
        }
    }

    /// The interface that has an address on the network of another.
    fn route_to(&self, to: IpAddr) -> Option<Ifp> {
        let on = |ifp: &&Ifp| {
            let inet = self.net.interfaces.get(*ifp).map(|interface| &interface.inet);
            inet.is_some_and(|all| all.iter().any(|inet| inet.cidr.contains_addr(&to.into())))
        };
        self.net.list.iter().find(on).copied()
    }

    /// udp_output and udp6_output. EHOSTUNREACH without a network that has the address.
    pub(super) fn udp_output(&mut self, port: Port, to: IpEndpoint, payload: &[u8]) -> Result<()> {
        let ifp = self.route_to(to.addr.into()).ok_or(errno(kpi::EHOSTUNREACH))?;
        let headers = if port.0 { 48 } else { 28 };
        if payload.len() + headers > peek!(ifp.raw(), if_mtu) as usize {
            return Err(Errno::EMSGSIZE);
        }
        let mac = self.if_lladdr(ifp, "udp_output");
        let (now, ports) = (self.ticks(), self.udp_ports());
        let Some(stack) = &mut self.interface(ifp, "udp_output").stack else {
            return Err(errno(kpi::EHOSTUNREACH));
        };
        stack.listen(&ports);
        let frames = stack.send(now, mac, port.1, to, payload);
        self.net.udp.count(port.0, OPACKETS[usize::from(port.0)]);
        for frame in frames {
            // What the driver does not take is lost, as on any link.
            self.send_frame(ifp, &frame);
        }
        Ok(())
    }

    /// Whether udp_input takes what an interface received, by its checksum.
    pub(crate) fn udp_accepts(&mut self, ifp: Ifp, m: Mbuf, frame: &[u8]) -> bool {
        let kind = u32::from(u16::from_be_bytes([frame[12], frame[13]]));
        if !matches!(kind, kpi::ETHERTYPE_IP | kpi::ETHERTYPE_IPV6) {
            return true;
        }
        match udp_input(&frame[HEADER..], m.offload(), ifp.csum_flags_rx()) {
            Input::Other => true,
            Input::Good { is_v6 } => {
                self.net.udp.count(is_v6, 0);
                true
            }
            Input::Bad { is_v6, counter } => {
                self.net.udp.count(is_v6, 0);
                self.net.udp.count(is_v6, counter);
                false
            }
        }
    }

    /// The ports of the sockets, for the protocols behind an interface.
    pub(crate) fn udp_listen(&mut self, ifp: Ifp) {
        let ports = self.udp_ports();
        if let Some(stack) = &mut self.interface(ifp, "udp_input").stack {
            stack.listen(&ports);
        }
    }

    /// udp_input's end: datagrams that came in on an interface go to their sockets.
    pub(crate) fn udp_deliver(&mut self, ifp: Ifp) {
        let stack = &mut self.interface(ifp, "udp_input").stack;
        let datagrams = stack.as_mut().map(crate::stack::Stack::received);
        for (port, payload) in datagrams.into_iter().flatten() {
            match self.net.udp.ports.get_mut(&port) {
                Some(waiting) if waiting.len() < MOST => {
                    waiting.push_back(payload);
                    self.wake_all(arrival(port));
                }
                // A full socket loses it.
                Some(_) => {}
                None => self.net.udp.count(port.0, NOPORT[usize::from(port.0)]),
            }
        }
    }
}
