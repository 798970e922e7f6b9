// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a case is, and how it says that a promise was broken.

use core::fmt;

use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::sys::Need;
use crate::text::Text;

/// A broken promise, in words.
#[derive(Clone, Copy)]
pub struct Failure(pub Text<112>);

/// What a step of a case returns.
pub type Fallible<T> = core::result::Result<T, Failure>;
/// What a case returns.
pub type Verdict = Fallible<()>;

impl Failure {
    /// From format arguments.
    #[must_use]
    pub fn of(args: fmt::Arguments<'_>) -> Self {
        Self(Text::of(args))
    }
}

/// Ends the case with a message unless the condition holds.
#[macro_export]
macro_rules! check {
    ($cond:expr, $($message:tt)+) => {
        if !$cond {
            return Err($crate::case::Failure::of(format_args!($($message)+)));
        }
    };
}

/// Says what was being done when a system call failed.
pub trait On<T> {
    /// The value, or a failure that names the action and the errno.
    fn on(self, what: &str) -> Fallible<T>;
    /// Succeeds if the call failed with just this errno.
    fn fails_with(self, errno: Errno, what: &str) -> Verdict;
}

impl<T> On<T> for Result<T> {
    fn on(self, what: &str) -> Fallible<T> {
        self.map_err(|e| Failure::of(format_args!("{what}: {e}")))
    }

    fn fails_with(self, errno: Errno, what: &str) -> Verdict {
        match self {
            Err(e) if e == errno => Ok(()),
            Err(e) => Err(Failure::of(format_args!("{what}: {e} instead of {errno}"))),
            Ok(_) => Err(Failure::of(format_args!("{what}: succeeded instead of {errno}"))),
        }
    }
}

/// One promise.
pub struct Case {
    /// Its name, the same in every report.
    pub name: &'static str,
    /// What it expects, after the source of that; without one the promise is this project's own.
    pub why: &'static str,
    /// The faults of docs/faults.md that it would show.
    pub guards: &'static [&'static str],
    /// The faults for which NetBSD's C driver is known to fail it; none: it must pass there too.
    pub differs: &'static [&'static str],
    /// Panics or hangs a kernel that runs the C driver.
    pub dangerous: bool,
    /// The C driver's source has the fault, but it has never been seen to fail the case.
    pub unseen: bool,
    /// What the system must have.
    pub needs: &'static [Need],
    /// The case itself.
    pub run: fn(&Ctx) -> Verdict,
}

/// A case that every driver must pass.
pub const fn case(name: &'static str, why: &'static str, run: fn(&Ctx) -> Verdict) -> Case {
    Case { name, why, guards: &[], differs: &[], dangerous: false, unseen: false, needs: &[], run }
}

impl Case {
    /// Names the faults that the case would show.
    #[must_use]
    pub const fn guards(mut self, faults: &'static [&'static str]) -> Self {
        self.guards = faults;
        self
    }

    /// Names the faults that the case shows on NetBSD's C driver.
    #[must_use]
    pub const fn differs(mut self, faults: &'static [&'static str]) -> Self {
        self.guards = faults;
        self.differs = faults;
        self
    }

    /// As [`Case::differs`], and not to be run there unasked: the kernel would not survive it.
    #[must_use]
    pub const fn dangerous(mut self, faults: &'static [&'static str]) -> Self {
        self.dangerous = true;
        self.differs(faults)
    }

    /// Says that the fault that the case names is one that NetBSD's C driver has by its source, but
    /// that the case has never shown: passing it is what is expected.
    #[must_use]
    pub const fn unseen(mut self) -> Self {
        self.unseen = true;
        self
    }

    /// What only this driver offers: NetBSD's C driver is known to fail it.
    #[must_use]
    pub const fn added(mut self) -> Self {
        self.differs = &["added"];
        self
    }

    /// Says what the system must have.
    #[must_use]
    pub const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }
}
