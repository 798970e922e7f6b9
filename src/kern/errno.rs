// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Error numbers, errno(2).

use core::ffi::c_int;
use core::num::NonZeroI32;

use super::kpi;

/// An error number of the kernel.
///
/// # Invariants
///
/// Never zero: success is `Ok`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(NonZeroI32);

/// What a call of the driver returns.
pub type Result<T = ()> = core::result::Result<T, Errno>;

macro_rules! errnos {
    ($($name:ident),* $(,)?) => {
        $(
            #[doc = concat!("`", stringify!($name), "` of errno(2) or sys/errno.h.")]
            pub const $name: Errno = Errno::constant(kpi::$name as c_int);
        )*
    };
}

impl Errno {
    errnos!(
        EBADF,
        EBUSY,
        EEXIST,
        EHOSTDOWN,
        EINTR,
        EINVAL,
        EIO,
        EMOVEFD,
        EMSGSIZE,
        ENETDOWN,
        ENETRESET,
        ENOBUFS,
        ENOMEM,
        ENOTTY,
        ENXIO,
        ERESTART,
        EWOULDBLOCK,
    );

    const fn constant(raw: c_int) -> Errno {
        match NonZeroI32::new(raw) {
            Some(raw) => Errno(raw),
            // A header that defines an error as 0 fails to compile the constants above.
            None => panic!("an errno is never zero"),
        }
    }

    /// The number.
    pub const fn raw(self) -> c_int {
        self.0.get()
    }
}

/// A C function's int, 0 for success, as a result.
pub fn check(error: c_int) -> Result {
    match NonZeroI32::new(error) {
        None => Ok(()),
        Some(raw) => Err(Errno(raw)),
    }
}

/// A result as a C function's int.
pub fn to_int(result: Result) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => error.raw(),
    }
}
