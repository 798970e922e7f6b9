// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces with a life: addresses, counters, and a peer that talks to the stack behind the tap.

use crate::abi::{
    self, IfAliasReq, IfDataReq, PollFd, FIONBIO, LINK_STATE_UP, O_RDWR, POLLIN, SIOCAIFADDR,
    SIOCGIFDATA, SIOCGIFINDEX, SIOCGIFMTU, SIOCSIFMTU,
};
use crate::case::{Failure, Fallible, On};
use crate::ctx::{put_name, Ctx, Name};
use crate::errno::{Errno, Result};
use crate::frames::{self, Mac};
use crate::sysctl_name;
use crate::text::Text;
use crate::user::{In, Out, Plain};

/// An open interface that is up, has an IPv4 address, and answers the peer.
#[derive(Clone, Copy)]
pub struct Live {
    /// The descriptor, non-blocking.
    pub fd: i32,
    /// The interface.
    pub name: Name,
    /// Its address.
    pub mac: Mac,
    /// The test network it is on.
    pub net: u8,
}

/// How packets are spread over the CPUs.
const SPREAD: &str = "net.ether.rps_hash";
/// The widest frame that a case reads.
pub const WIDEST: usize = 9100;

impl Ctx<'_> {
    /// The interface's counters.
    pub fn data(&self, name: &str) -> Fallible<IfDataReq> {
        let mut req = IfDataReq::zeroed();
        put_name(&mut req.name, name);
        self.sys.ioctl(self.socket, SIOCGIFDATA, Out::value(&mut req)).on("SIOCGIFDATA")?;
        Ok(req)
    }

    /// Which interface it is, whatever its name.
    pub fn index(&self, name: &str) -> Result<u32> {
        let req = self.if_ioctl(SIOCGIFINDEX, Self::ifreq(name))?;
        Ok(u32::from_ne_bytes([req.data[0], req.data[1], req.data[2], req.data[3]]))
    }

    /// `ifconfig mtu`.
    pub fn set_mtu(&self, name: &str, mtu: i32) -> Result<()> {
        let mut req = Self::ifreq(name);
        req.data[..4].copy_from_slice(&mtu.to_ne_bytes());
        self.if_ioctl(SIOCSIFMTU, req).map(drop)
    }

    /// The MTU.
    pub fn mtu(&self, name: &str) -> Result<i32> {
        let req = self.if_ioctl(SIOCGIFMTU, Self::ifreq(name))?;
        Ok(i32::from_ne_bytes([req.data[0], req.data[1], req.data[2], req.data[3]]))
    }

    /// `ifconfig inet 10.5.net.1/24`.
    pub fn inet(&self, name: &str, net: u8) -> Result<()> {
        let mut req = IfAliasReq::zeroed();
        put_name(&mut req.name, name);
        sockaddr_in(&mut req.addr, frames::our_ip(net));
        sockaddr_in(&mut req.mask, [255, 255, 255, 0]);
        self.sys.ioctl(self.socket, SIOCAIFADDR, Out::value(&mut req)).map(drop)
    }

    /// A socket that is bound to a port of any address ([`crate::Need::Udp`]).
    pub fn bound(&self, domain: i32, kind: i32, port: u16) -> Fallible<i32> {
        let socket = self.keep(self.sys.socket(domain, kind, 0).on("socket")?);
        if domain == abi::AF_INET6 {
            let address = sockaddr_in6([0; 16], port);
            self.sys.bind(socket, In::bytes(&address)).on("bind")?;
        } else {
            let mut address = [0; 16];
            sockaddr_in(&mut address, [0; 4]);
            address[2..4].copy_from_slice(&port.to_be_bytes());
            self.sys.bind(socket, In::bytes(&address)).on("bind")?;
        }
        Ok(socket)
    }

    /// A UDP socket that sends to a port of the peer's ([`crate::Need::Udp`]).
    pub fn udp_to_peer(&self, net: u8, port: u16) -> Fallible<i32> {
        let socket = self.keep(self.sys.socket(abi::AF_INET, abi::SOCK_DGRAM, 0).on("socket")?);
        let mut address = [0; 16];
        sockaddr_in(&mut address, frames::peer_ip(net));
        address[2..4].copy_from_slice(&port.to_be_bytes());
        self.sys.connect(socket, In::bytes(&address)).on("connect")?;
        Ok(socket)
    }

    /// Has one CPU handle all IPv4 packets until the case ends. A kernel with NET_MPSAFE puts a
    /// packet on the queue of the CPU that received it, so packets pass each other when the program
    /// that writes them moves to another CPU: with every driver.
    pub fn keep_order(&self) -> Fallible<()> {
        if self.spread.get().is_some() {
            return Ok(());
        }
        let Ok(now) = sysctl_name::read_text(self.sys, SPREAD) else {
            // No such choice, and no such queues.
            return Ok(());
        };
        self.spread.set(Some(now));
        self.sys.sysctl_set(SPREAD, In::bytes(b"zero")).on(SPREAD)
    }

    /// Takes that back.
    pub fn spread_again(&self) -> Fallible<()> {
        self.spread.take().map_or(Ok(()), |how| {
            self.sys.sysctl_set(SPREAD, In::bytes(how.as_str().as_bytes())).on(SPREAD)
        })
    }

    /// FIONBIO.
    pub fn set_nonblocking(&self, fd: i32, on: bool) -> Result<()> {
        let mut value = i32::from(on);
        self.sys.ioctl(fd, FIONBIO, Out::value(&mut value)).map(drop)
    }

    /// Creates, opens by node, ups, addresses and greets tap`unit` on network `net`.
    pub fn live(&self, unit: u32, net: u8) -> Fallible<Live> {
        let name: Name = Text::of(format_args!("tap{unit}"));
        self.create(name.as_str()).on("create")?;
        let fd = self.open_unit(unit, O_RDWR)?;
        self.enliven(fd, name, net)
    }

    /// The same for an interface of the cloning node.
    pub fn live_clone(&self, net: u8) -> Fallible<Live> {
        let (fd, name) = self.open_clone(O_RDWR)?;
        self.enliven(fd, name, net)
    }

    /// Ups, addresses and greets an interface whose device is open.
    pub fn enliven(&self, fd: i32, name: Name, net: u8) -> Fallible<Live> {
        self.set_nonblocking(fd, true).on("FIONBIO")?;
        // The stack announces an address when the link comes up, which it learns late.
        let linked = || self.data(name.as_str()).is_ok_and(|d| d.link_state == LINK_STATE_UP);
        if !self.wait_for(linked) {
            return Err(Failure::of(format_args!("{name} is open, but its link is not up")));
        }
        self.inet(name.as_str(), net).on("SIOCAIFADDR")?;
        self.set_up(name.as_str(), true).on("ifconfig up")?;
        let mut live = Live { fd, name, mac: [0; 6], net };
        live.mac = self.greet(&live)?;
        Ok(live)
    }

    /// The peer asks for the interface's address until it is told; frames before that are lost.
    /// Every frame that the stack had queued so far is gone afterwards.
    pub fn greet(&self, live: &Live) -> Fallible<Mac> {
        let mut frame = [0; 2048];
        for _ in 0..40 {
            self.send(live.fd, &frames::arp_request(live.net)).on("write of an ARP request")?;
            while self.readable(live.fd, 250) {
                let n = self.sys.read(live.fd, Out::bytes(&mut frame)).on("read")?;
                if let Some(mac) = frames::arp_reply(&frame[..n], live.net) {
                    return Ok(mac);
                }
            }
        }
        Err(Failure::of(format_args!("no answer to ARP on {}", live.name)))
    }

    /// Writes a frame.
    pub fn send(&self, fd: i32, frame: &[u8]) -> Result<usize> {
        self.sys.write(fd, In::bytes(frame))
    }

    /// poll(2) for POLLIN.
    pub fn readable(&self, fd: i32, timeout_ms: i32) -> bool {
        self.poll_one(fd, POLLIN, timeout_ms) & POLLIN != 0
    }

    /// poll(2) on one descriptor: revents.
    pub fn poll_one(&self, fd: i32, events: i16, timeout_ms: i32) -> i16 {
        let mut fds = [PollFd { fd, events, revents: 0 }];
        match self.sys.poll(&mut fds, timeout_ms) {
            Ok(n) if n > 0 => fds[0].revents,
            _ => 0,
        }
    }

    /// Makes the stack send one frame: an ARP reply, which is not read.
    pub fn provoke(&self, live: &Live) -> Fallible<()> {
        self.send(live.fd, &frames::arp_request(live.net)).on("write of an ARP request")?;
        check_readable(self.readable(live.fd, 4000))
    }

    /// Reads until nothing waits; how many frames and bytes. The descriptor must not block.
    pub fn drain(&self, fd: i32) -> Fallible<(u64, u64)> {
        let mut frame = [0; WIDEST];
        let (mut frames, mut bytes) = (0, 0);
        loop {
            match self.sys.read(fd, Out::bytes(&mut frame)) {
                Ok(n) => {
                    frames += 1;
                    bytes += n as u64;
                }
                Err(Errno::EAGAIN) => return Ok((frames, bytes)),
                Err(e) => return Err(e).on("read while draining"),
            }
        }
    }

    /// Waits until the counters stand still: input is counted by a soft interrupt.
    pub fn settled_data(&self, name: &str) -> Fallible<IfDataReq> {
        let mut before = self.data(name)?;
        for _ in 0..40 {
            self.settle();
            let now = self.data(name)?;
            if now.as_bytes() == before.as_bytes() {
                return Ok(now);
            }
            before = now;
        }
        Err(Failure::of(format_args!("the counters of {name} never stand still")))
    }
}

fn check_readable(readable: bool) -> Fallible<()> {
    if readable {
        return Ok(());
    }
    Err(Failure::of(format_args!("no frame came although the stack was asked for one")))
}

/// Writes a struct sockaddr_in6, its port beside the address.
#[must_use]
pub fn sockaddr_in6(ip: [u8; 16], port: u16) -> [u8; 28] {
    let mut field = [0; 28];
    field[0] = 28;
    field[1] = abi::AF_INET6 as u8;
    field[2..4].copy_from_slice(&port.to_be_bytes());
    field[8..24].copy_from_slice(&ip);
    field
}

/// Writes a struct sockaddr_in.
pub fn sockaddr_in(field: &mut [u8; 16], ip: [u8; 4]) {
    field.fill(0);
    field[0] = 16;
    field[1] = abi::AF_INET as u8;
    field[4..8].copy_from_slice(&ip);
}
