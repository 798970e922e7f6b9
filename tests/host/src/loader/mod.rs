// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Loads a module's object file as sys/kern/subr_kobj.c and the kobj_machdep.c of the architecture
//! do, in the same two steps: [`Staged::load`] lays the sections out and applies the relocations
//! against local symbols, after which the module's information can be read; [`Staged::affix`]
//! resolves the imports, applies the rest, and gives the text its protection.
//!
//! What the kernel refuses is refused, with its errno. So is what it would load wrongly without
//! a word: a module must not come to rely on that.
//!
//! Nothing here knows the host's state; `kern::module` does what sys/kern/kern_module.c does.

pub mod arena;
mod elf;
pub mod fault;
mod image;
mod info;
pub mod machine;
mod place;
mod reloc;
pub mod symbols;
pub mod trace;

pub use image::{Image, Staged};
pub use info::Info;
pub(crate) use place::PAGE;

use tap_conformance::Errno;

/// errno(2), ENOEXEC: no module, or not one for this kernel.
pub(crate) const ENOEXEC: Errno = Errno::ENOEXEC;

/// Why an object was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What modload(8) gets.
    pub errno: Errno,
    /// What the console gets.
    pub message: String,
}

impl Refusal {
    /// A refusal with ENOEXEC, the usual one.
    pub(crate) fn new(message: impl Into<String>) -> Refusal {
        Refusal { errno: ENOEXEC, message: message.into() }
    }

    /// A refusal because the file ends before what it promises: what vn_rdwr answers.
    pub(crate) fn short(what: &str) -> Refusal {
        Refusal { errno: Errno::EINVAL, message: format!("{what}: beyond the end of the file") }
    }
}

/// What the loader's functions return.
pub type Loaded<T> = std::result::Result<T, Refusal>;
