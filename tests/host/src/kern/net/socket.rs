// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Sockets, as far as interfaces are asked through them: ioctl(2) as sys/kern/sys_socket.c passes
//! it on.

use std::sync::Arc;

use tap_conformance::abi::{AF_INET, AF_INET6, AF_LINK, SOCK_DGRAM};
use tap_conformance::errno::{Errno, Result};

use crate::kern::descrip::{File, NativeFile};
use crate::kern::errno::check;
use crate::kern::net::ifioctl::Domain;
use crate::kpi;
use crate::world::World;

/// A socket.
struct Socket(Domain);

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
    Ok(Arc::new(Socket(domain)))
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

    fn ioctl(&self, world: &mut World, _file: File, cmd: u64, data: &mut [u8]) -> Result<()> {
        match u32::try_from(cmd).unwrap_or(0) {
            kpi::FIONBIO | kpi::FIOASYNC => Ok(()),
            _ if group(cmd) == b'i' => {
                check(world.socket_ioctl(self.0, cmd, data.as_mut_ptr().cast()))
            }
            _ => Err(Errno::EOPNOTSUPP),
        }
    }
}
