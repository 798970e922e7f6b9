// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The description of an interface, as sys/net/if.c keeps it.

use std::ffi::c_int;

use crate::kern::field::{peek, poke};
use crate::kern::kmem::Kind;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::world::World;

/// What an interface's description is allocated as.
pub(super) const DESCRIPTION: Kind = Kind::Object("interface description");
const SIZE: usize = kpi::IFDESCRSIZE as usize;
/// Where struct ifreq has ifr_buf; ifr_buflen lies before it.
const BUFFER: usize = DATA + size_of::<usize>();

impl World {
    /// SIOCSIFDESCR.
    pub(super) fn set_description(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        let raw = ifp.raw();
        let (buffer, len) = (arg.get::<usize>(BUFFER), arg.get::<u32>(DATA) as usize);
        if len > SIZE {
            return kpi::ENAMETOOLONG as c_int;
        }
        let mut text = std::ptr::null_mut();
        if buffer != 0 && len != 0 {
            let mut bytes = [0; SIZE];
            if let Err(error) = self.copyin(buffer, &mut bytes[..SIZE - 1]) {
                return error.0;
            }
            text = self.allocate(SIZE, DESCRIPTION, true);
            // SAFETY: just allocated, with that length.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), text.cast(), SIZE) };
        }
        let old = peek!(raw, if_description);
        if !old.is_null() {
            self.free(old.cast(), None, DESCRIPTION);
        }
        poke!(raw, if_description = text.cast());
        0
    }

    /// SIOCGIFDESCR: ENOMSG when there is none.
    pub(super) fn get_description(&mut self, ifp: Ifp, arg: Arg) -> c_int {
        let text = peek!(ifp.raw(), if_description);
        if text.is_null() {
            return kpi::ENOMSG as c_int;
        }
        let (buffer, len) = (arg.get::<usize>(BUFFER), arg.get::<u32>(DATA) as usize);
        if len < SIZE {
            return kpi::EINVAL as c_int;
        }
        // SAFETY: a description has that length, and IFNET_LOCK is held against its change.
        let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), SIZE) };
        self.copyout(bytes, buffer).map_or_else(|error| error.0, |()| 0)
    }
}
