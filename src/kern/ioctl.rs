// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Arguments of ioctl(2).
//!
//! sys_ioctl copies an argument in and out through a buffer. Bits of the command state the length
//! of the buffer. This module compares that length with the size of a type before it uses the
//! buffer as that type. A command that only looks like another one therefore cannot reach beyond
//! its buffer.

use core::ffi::{c_char, c_int, c_ulong, c_void};
use core::marker::PhantomData;
use core::ptr;

use super::batch::Batch;
use super::errno::{Errno, Result};
use super::ifnet::InterfaceFlags;
use super::kpi;
use crate::ether::{Addr, ADDR_LEN};

/// What an ioctl(2) asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command(c_ulong);

macro_rules! commands {
    ($($name:ident),* $(,)?) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub const $name: Command = Command(kpi::$name as c_ulong);
        )*
    };
}

impl Command {
    commands!(
        FIONREAD,
        FIONBIO,
        FIOASYNC,
        FIOSETOWN,
        FIOGETOWN,
        TIOCSPGRP,
        TIOCGPGRP,
        TAPGIFNAME,
        TAPSTRANSIENT,
        TAPGTRANSIENT,
        SIOCGIFFLAGS,
        SIOCGIFADDR,
        SIOCSIFPHYADDR,
        SIOCSIFMTU,
        SIOCSIFCAP,
        TAPSVNETHDR,
        TAPGVNETHDR,
        TAPSOFFLOAD,
        TAPGOFFLOAD,
        TAPSEND,
        TAPRECV,
    );

    /// TAPGIFNAME of programs that were built when `struct ifreq` had 32 bytes. The kernel's own
    /// translation of such commands sees those on sockets alone.
    pub const OTAPGIFNAME: Command = Command(0x4020_6500);

    /// The number, for the kernel's own functions.
    pub(super) fn raw(self) -> c_ulong {
        self.0
    }
}

/// The bits of a command that state its argument's length in bytes, IOCPARM_LEN.
const LENGTH_SHIFT: u32 = 16;
const LENGTH_MASK: c_ulong = 0x1fff;
/// How long `struct sockaddr_dl` was when tap(4) came to be: programs may still state that.
const SOCKADDR_DL_2008: usize = 20;

/// A command and its argument.
pub struct Request<'a> {
    command: c_ulong,
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
        Request { command, data, buffer: PhantomData }
    }

    /// The command.
    pub fn command(&self) -> Command {
        Command(self.command)
    }

    fn argument<T>(self) -> Result<&'a mut T> {
        let len = (self.command >> LENGTH_SHIFT) & LENGTH_MASK;
        if len < size_of::<T>() as c_ulong {
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

    /// An argument that is a `struct tap_batch`; ENOTTY if the command has none.
    pub fn batch(self) -> Result<Batch<'a>> {
        self.argument().map(Batch::new)
    }

    /// An argument that begins with an interface's name, as `struct ifreq` does and did when it was
    /// smaller; ENOTTY if it has no room for one.
    pub fn name(self) -> Result<&'a mut [c_char; kpi::IFNAMSIZ as usize]> {
        self.argument()
    }

    /// An argument that begins with an Ethernet address; ENOTTY if it has no room for one.
    pub fn octets(self) -> Result<&'a mut [u8; ADDR_LEN]> {
        self.argument()
    }

    /// An argument that is a `struct ifaliasreq` with a link-level address.
    ///
    /// The length of the address says which of two forms it has. A complete `struct sockaddr_dl`
    /// must have no name, no selector and a six-byte address. In a shorter one, the six bytes are
    /// where `struct sockaddr` has its data. No offset is taken from the user.
    pub fn link_address(self) -> Option<Addr> {
        let request = self.argument::<kpi::ifaliasreq>().ok()?;
        let address = &request.ifra_addr;
        if u32::from(address.sa_family) != kpi::AF_LINK {
            return None;
        }
        let data = address.sa_data.map(|byte| byte as u8);
        let len = usize::from(address.sa_len);
        // Behind the length and the family, a `struct sockaddr_dl` has the interface's index and
        // type, and the lengths of name, address and selector.
        match data {
            [address @ .., _, _, _, _, _, _, _, _] if len <= size_of::<kpi::sockaddr>() => {
                Some(Addr(address))
            }
            [_, _, _, 0, 6, 0, address @ .., _, _]
                if len == size_of::<kpi::sockaddr_dl>() || len == SOCKADDR_DL_2008 =>
            {
                Some(Addr(address))
            }
            _ => None,
        }
    }
}

/// A `struct ifreq`.
pub struct Ifreq<'a>(&'a mut kpi::ifreq);

impl Ifreq<'_> {
    /// The MTU in it.
    pub fn mtu(&self) -> c_int {
        // SAFETY: any bytes are an int.
        unsafe { self.0.ifr_ifru.ifru_mtu }
    }

    /// For the kernel to read.
    pub(super) fn as_mut_ptr(&mut self) -> *mut c_void {
        ptr::from_mut(self.0).cast()
    }

    /// Sets the flags.
    pub fn set_flags(&mut self, flags: InterfaceFlags) {
        self.0.ifr_ifru.ifru_flags = flags.bits() as _;
    }
}
