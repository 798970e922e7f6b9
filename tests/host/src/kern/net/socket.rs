// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Sockets of datagrams. Interfaces are asked through them, with ioctl(2) as sys/kern/sys_socket.c
//! passes it on, and those of IPv4 and IPv6 speak UDP.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smoltcp::wire::IpEndpoint;
use tap_conformance::abi::{AF_INET, AF_INET6, AF_LINK, SOCK_DGRAM};
use tap_conformance::errno::{Errno, Result};

use crate::kern::descrip::{File, NativeFile};
use crate::kern::errno::{check, errno};
use crate::kern::net::ifioctl::Domain;
use crate::kern::net::udp_socket::Port;
use crate::kern::uio::Request;
use crate::kpi;
use crate::world::World;

/// A socket.
struct Socket {
    domain: Domain,
    ends: Mutex<Ends>,
}

/// The port that it has, and who is at the other end.
#[derive(Clone, Copy, Default)]
struct Ends {
    port: Option<Port>,
    peer: Option<IpEndpoint>,
}

/// A struct sockaddr_in or sockaddr_in6. EAFNOSUPPORT for one of another family, or a short one.
fn endpoint(domain: Domain, sockaddr: &[u8]) -> Result<IpEndpoint> {
    let no = Errno::EAFNOSUPPORT;
    let family = sockaddr.get(1).map(|family| i32::from(*family)).ok_or(no)?;
    let address: IpAddr = match (domain, family) {
        (Domain::Inet, AF_INET) => {
            let octets: [u8; 4] = sockaddr.get(4..8).and_then(|s| s.try_into().ok()).ok_or(no)?;
            octets.into()
        }
        (Domain::Inet6, AF_INET6) => {
            let octets: [u8; 16] = sockaddr.get(8..24).and_then(|s| s.try_into().ok()).ok_or(no)?;
            octets.into()
        }
        _ => return Err(no),
    };
    Ok(IpEndpoint::new(address.into(), u16::from_be_bytes([sockaddr[2], sockaddr[3]])))
}

impl Socket {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The port, which may have to be found first.
    fn port(&self, world: &mut World, wanted: u16) -> Result<Port> {
        let is_v6 = match self.domain {
            Domain::Inet => false,
            Domain::Inet6 => true,
            Domain::Link => return Err(Errno::EOPNOTSUPP),
        };
        let port = self.ends().port;
        if let Some(port) = port {
            return Ok(port);
        }
        let port = (is_v6, world.udp_bind(is_v6, wanted)?);
        self.ends().port = Some(port);
        Ok(port)
    }
}

/// socket(2): what stands behind the descriptor. EAFNOSUPPORT and EPROTONOSUPPORT for what the
/// host does not have.
pub fn socket(domain: i32, kind: i32) -> Result<Arc<dyn NativeFile>> {
    let domain = match domain {
        AF_INET => Domain::Inet,
        AF_INET6 => Domain::Inet6,
        AF_LINK => Domain::Link,
        _ => return Err(Errno::EAFNOSUPPORT),
    };
    if kind & 0xf != SOCK_DGRAM {
        return Err(Errno::EPROTONOSUPPORT);
    }
    Ok(Arc::new(Socket { domain, ends: Mutex::default() }))
}

/// IOCGROUP: the letter of a command.
fn group(command: u64) -> u8 {
    (command >> 8) as u8
}

impl NativeFile for Socket {
    fn name(&self) -> &'static str {
        "socket"
    }

    fn kind(&self) -> u32 {
        kpi::DTYPE_SOCKET
    }

    fn bind(&self, world: &mut World, sockaddr: &[u8]) -> Result<()> {
        let local = endpoint(self.domain, sockaddr)?;
        if self.ends().port.is_some() {
            return Err(Errno::EINVAL);
        }
        self.port(world, local.port).map(drop)
    }

    fn connect(&self, world: &mut World, sockaddr: &[u8]) -> Result<()> {
        let peer = endpoint(self.domain, sockaddr)?;
        self.port(world, 0)?;
        self.ends().peer = Some(peer);
        Ok(())
    }

    fn read(&self, world: &mut World, file: File, request: &mut Request) -> Result<()> {
        let port = self.port(world, 0)?;
        let datagram = world.udp_receive(port, file.is_nonblocking())?;
        request.give(world, &datagram)
    }

    fn write(&self, world: &mut World, _file: File, request: &mut Request) -> Result<()> {
        let peer = self.ends().peer.ok_or(errno(kpi::EDESTADDRREQ))?;
        let port = self.port(world, 0)?;
        let mut payload = vec![0; request.resid()];
        request.take(world, &mut payload)?;
        world.udp_output(port, peer, &payload)
    }

    fn close(&self, world: &mut World, _file: File) -> Result<()> {
        if let Some(port) = self.ends().port.take() {
            world.udp_unbind(port);
        }
        Ok(())
    }

    fn ioctl(&self, world: &mut World, _file: File, cmd: u64, data: &mut [u8]) -> Result<()> {
        match u32::try_from(cmd).unwrap_or(0) {
            kpi::FIONBIO | kpi::FIOASYNC => Ok(()),
            _ if group(cmd) == b'i' => {
                check(world.socket_ioctl(self.domain, cmd, data.as_mut_ptr().cast()))
            }
            _ => Err(Errno::EOPNOTSUPP),
        }
    }
}
