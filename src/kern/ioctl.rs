// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Arguments of ioctl(2).
//!
//! sys_ioctl copies an argument in and out through a buffer of the length that the command's own
//! bits state. Here a command's length is checked against the type before the buffer is used as
//! one, so a command that merely looks like another cannot reach beyond its buffer.

use core::ffi::{c_char, c_int, c_ulong, c_void};
use core::marker::PhantomData;

use super::errno::{Errno, Result};
use super::kpi;
use crate::ether::Addr;

/// The bits of a command that state its argument's length in bytes, IOCPARM_LEN.
const LENGTH_SHIFT: u32 = 16;
const LENGTH_MASK: u32 = 0x1fff;

/// A command and its argument.
pub struct Request<'a> {
    command: u32,
    data: *mut c_void,
    buffer: PhantomData<&'a mut c_void>,
}

impl<'a> Request<'a> {
    /// The request of a call of the kernel.
    ///
    /// # Safety
    ///
    /// For as long as the request lives, `data` is NULL or the caller's alone, has the length that
    /// `command` states, and is aligned as malloc(9) aligns.
    pub unsafe fn new(command: c_ulong, data: *mut c_void) -> Self {
        // A larger number is no command, and 0 is none either.
        let command = u32::try_from(command).unwrap_or(0);
        Request { command, data, buffer: PhantomData }
    }

    /// The command.
    pub fn command(&self) -> u32 {
        self.command
    }

    fn argument<T>(self) -> Result<&'a mut T> {
        let len = (self.command >> LENGTH_SHIFT) & LENGTH_MASK;
        if (len as usize) < size_of::<T>() {
            return Err(Errno::ENOTTY);
        }
        // SAFETY: long enough, as just checked; aligned, exclusive or NULL by `new`'s contract.
        unsafe { self.data.cast::<T>().as_mut() }.ok_or(Errno::ENOTTY)
    }

    /// An argument that is an int; ENOTTY if the command has none.
    pub fn int(self) -> Result<&'a mut c_int> {
        self.argument()
    }

    /// An argument that is a `struct ifreq`; ENOTTY if the command has none.
    pub fn ifreq(self) -> Result<Ifreq<'a>> {
        self.argument().map(Ifreq)
    }

    /// An argument that is a `struct ifaliasreq`, whose address is a link-level one with its six
    /// bytes where `struct sockaddr` has its data. The length field is not looked at and no
    /// offset is taken from the user.
    pub fn link_address(self) -> Option<Addr> {
        let request = self.argument::<kpi::ifaliasreq>().ok()?;
        let address = &request.ifra_addr;
        if u32::from(address.sa_family) != kpi::AF_LINK {
            return None;
        }
        let [a, b, c, d, e, f, ..] = address.sa_data.map(|byte| byte as u8);
        Some(Addr([a, b, c, d, e, f]))
    }
}

/// A `struct ifreq`.
pub struct Ifreq<'a>(&'a mut kpi::ifreq);

impl Ifreq<'_> {
    /// Sets the name, the whole field.
    pub fn set_name(&mut self, name: [c_char; kpi::IFNAMSIZ as usize]) {
        self.0.ifr_name = name;
    }

    /// Sets the flags.
    pub fn set_flags(&mut self, flags: u16) {
        self.0.ifr_ifru.ifru_flags = flags as _;
    }

    /// Sets the address to a link-level one, in the form that SIOCSIFPHYADDR takes.
    pub fn set_link_address(&mut self, address: Addr) {
        let mut raw = kpi::sockaddr {
            sa_len: size_of::<kpi::sockaddr>() as _,
            sa_family: kpi::AF_LINK as _,
            sa_data: [0; 14],
        };
        for (to, from) in raw.sa_data.iter_mut().zip(address.0) {
            *to = from as _;
        }
        self.0.ifr_ifru.ifru_addr = raw;
    }
}
