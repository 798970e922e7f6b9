// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! modctl(2).

use core::ffi::CStr;
use core::sync::atomic::{AtomicI32, Ordering};

use tap_conformance::abi::ModStat;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::text::until_nul;
use tap_conformance::user::Plain;

use crate::kernel::IoVec;
use crate::raw::{call, nr};

const MODCTL_LOAD: usize = 0;
const MODCTL_UNLOAD: usize = 1;
const MODCTL_STAT: usize = 4;
/// Loads whatever version of the kernel it was built for.
const MODCTL_LOAD_FORCE: i32 = 1;
/// Loads without asking for properties from a file beside the module.
const MODCTL_NO_PROP: i32 = 2;

/// Flags of what is loaded.
static FLAGS: AtomicI32 = AtomicI32::new(MODCTL_NO_PROP);

#[repr(C)]
struct ModLoad {
    path: usize,
    flags: i32,
    properties: usize,
    length: usize,
}

/// From now on modules for other versions are loaded too.
pub fn load_by_force() {
    FLAGS.fetch_or(MODCTL_LOAD_FORCE, Ordering::Relaxed);
}

/// Loads a module, by the address of its path.
pub fn load(path: usize) -> Result<()> {
    let flags = FLAGS.load(Ordering::Relaxed);
    let load = ModLoad { path, flags, properties: 0, length: 0 };
    call(nr::MODCTL, MODCTL_LOAD, core::ptr::from_ref(&load) as usize, 0).map(drop)
}

/// Unloads a module, by the address of its name.
pub fn unload(name: usize) -> Result<()> {
    call(nr::MODCTL, MODCTL_UNLOAD, name, 0).map(drop)
}

/// What the kernel says of a module.
pub fn stat(name: &CStr) -> Result<ModStat> {
    // A count, the entries, and the names of what they require.
    let mut buffer = [0_u8; 32 * 1024];
    let list = IoVec { base: buffer.as_mut_ptr() as usize, len: buffer.len() };
    call(nr::MODCTL, MODCTL_STAT, core::ptr::from_ref(&list) as usize, 0)?;
    let (head, entries) = buffer.split_at(size_of::<i32>());
    let mut count: i32 = 0;
    count.as_bytes_mut().copy_from_slice(head);
    for entry in entries.chunks_exact(size_of::<ModStat>()).take(count as usize) {
        let mut stat = ModStat::zeroed();
        stat.as_bytes_mut().copy_from_slice(entry);
        if until_nul(&stat.name) == name.to_bytes() {
            return Ok(stat);
        }
    }
    Err(Errno::ENOENT)
}
