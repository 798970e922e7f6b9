// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Signals to the owner of a descriptor, fsetown(9).

use core::ffi::c_int;
use core::ptr;

use super::errno::{check, Result};
use super::ioctl::Command;
use super::kpi;
use super::select::PollEvents;

/// What SIGIO says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Data can be read.
    Data,
    /// There is nobody at the other end any more.
    HangUp,
}

/// Sends SIGIO to a process or, negative, a process group.
pub fn send_sigio(owner: i32, news: News) {
    let (code, band) = match news {
        News::Data => (kpi::POLL_IN, PollEvents::IN.union(PollEvents::RDNORM)),
        News::HangUp => (kpi::POLL_HUP, PollEvents::empty()),
    };
    // SAFETY: thread or soft interrupt context without spin mutexes; no descriptor to name.
    unsafe {
        kpi::fownsignal(owner, kpi::SIGIO as c_int, code as c_int, band.to_raw(), ptr::null_mut())
    }
}

/// Checks a new owner as FIOSETOWN or TIOCSPGRP means it, and returns it.
pub fn check_owner(command: Command, value: c_int) -> Result<i32> {
    let mut owner: kpi::pid_t = 0;
    // SAFETY: both pointers are to an int, as these commands want.
    check(unsafe { kpi::fsetown(&mut owner, command.raw(), ptr::from_ref(&value).cast()) })?;
    Ok(owner)
}

/// The owner as FIOGETOWN or TIOCGPGRP shows it.
pub fn show_owner(command: Command, owner: i32) -> Result<c_int> {
    let mut value: c_int = 0;
    // SAFETY: the pointer is to an int, as these commands want.
    check(unsafe { kpi::fgetown(owner, command.raw(), ptr::from_mut(&mut value).cast()) })?;
    Ok(value)
}
