// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Reading and writing one node, and listing the children of one.

use std::ffi::{c_int, c_uint, c_void, CStr};
use std::{ptr, slice};

use tap_conformance::errno::{Errno, Result};

use super::node::Raw;
use super::tree::Path;
use super::Call;
use crate::kern::kauth::cred;
use crate::world::{enter, World};
use crate::{exports, kpi};

/// Copies out to a user, or inside of the kernel.
fn copy_out(world: &mut World, user: bool, bytes: &[u8], to: usize) -> Result<()> {
    if user {
        return world.copyout(bytes, to);
    }
    // SAFETY: a kernel caller's buffer, of the length it said.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to as *mut u8, bytes.len()) };
    Ok(())
}

/// Copies the new value in from a user, or inside of the kernel.
fn copy_in(world: &mut World, call: Call, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    if call.user.is_some() {
        world.copyin(call.new, &mut bytes)?;
    } else {
        // SAFETY: a kernel caller's value, of the length it said.
        unsafe { ptr::copy_nonoverlapping(call.new as *const u8, bytes.as_mut_ptr(), len) };
    }
    Ok(bytes)
}

/// The checks before anything is copied.
fn permitted(raw: &Raw, call: &mut Call) -> Result<()> {
    if call.new_len == 0 {
        call.new = 0;
    }
    if raw.kind() == kpi::CTLTYPE_NODE || !call.name.is_empty() {
        return Err(Errno::EINVAL);
    }
    let unprivileged = call.user.is_some_and(|euid| euid != 0);
    let changes = call.new != 0 && !raw.has(kpi::CTLFLAG_ANYWRITE);
    if unprivileged && (raw.has(kpi::CTLFLAG_PRIVATE) || changes) {
        return Err(Errno::EPERM);
    }
    if call.new != 0 && raw.flags & kpi::CTLFLAG_READWRITE == 0 {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// Copies the old value out, as much as has room, and says how long it is.
fn old_value(world: &mut World, call: Call, bytes: &[u8], len: &mut usize) -> Result<()> {
    if call.old != 0 {
        copy_out(world, call.user.is_some(), &bytes[..bytes.len().min(*len)], call.old)?;
    }
    *len = bytes.len();
    Ok(())
}

/// A node whose value the host computes; it takes no new one.
pub(super) fn bytes(
    world: &mut World,
    raw: &Raw,
    bytes: &[u8],
    mut call: Call,
    len: &mut usize,
) -> Result<()> {
    world.assert_sysctl_locked("sysctl");
    permitted(raw, &mut call)?;
    if call.new != 0 {
        return Err(Errno::EPERM);
    }
    old_value(world, call, bytes, len)
}

/// sysctl_lookup(), of a node or of a handler's copy of one.
pub(super) fn lookup(
    world: &mut World,
    node: usize,
    mut call: Call,
    len: &mut usize,
) -> Result<()> {
    world.assert_sysctl_locked("sysctl_lookup");
    // SAFETY: a node of the tree, or a copy that a handler made of one.
    let raw = unsafe { *(node as *const Raw) };
    permitted(&raw, &mut call)?;
    let data = match raw.has(kpi::CTLFLAG_IMMEDIATE) {
        true => node + std::mem::offset_of!(Raw, data),
        false => raw.data as usize,
    } as *mut u8;
    let size = match raw.kind() {
        // SAFETY: a string that the node's maker vouches for.
        kpi::CTLTYPE_STRING => unsafe { CStr::from_ptr(data.cast()) }.count_bytes() + 1,
        _ => raw.size as usize,
    };
    // SAFETY: the node's data, of that size.
    let value = unsafe { slice::from_raw_parts(data, size) }.to_vec();
    old_value(world, call, &value, len)?;
    if call.new == 0 {
        return Ok(());
    }
    let new = new_value(world, &raw, call)?;
    // SAFETY: the node's data, whose size `new_value` keeps to.
    unsafe { ptr::copy_nonoverlapping(new.as_ptr(), data, new.len()) };
    Ok(())
}

/// Copies a new value in and checks that it is one for the node; it has the node's size.
fn new_value(world: &mut World, raw: &Raw, call: Call) -> Result<Vec<u8>> {
    let size = raw.size as usize;
    match raw.kind() {
        kpi::CTLTYPE_STRING => {
            if call.new_len > size {
                return Err(Errno::EINVAL);
            }
            let mut bytes = copy_in(world, call, call.new_len)?;
            if bytes.len() == size && bytes.last() != Some(&0) {
                return Err(Errno::EINVAL);
            }
            bytes.resize(size, 0);
            Ok(bytes)
        }
        _ if call.new_len != size => Err(Errno::EINVAL),
        kpi::CTLTYPE_BOOL => {
            let bytes = copy_in(world, call, size)?;
            (bytes[0] <= 1).then_some(bytes).ok_or(Errno::EINVAL)
        }
        _ => copy_in(world, call, size),
    }
}

/// sysctl_query(): the children of a node.
pub(super) fn query(world: &mut World, path: &Path, call: Call, len: &mut usize) -> Result<()> {
    if !world.sysctl_node(path).is_parent() {
        return Err(Errno(kpi::ENOTDIR as i32));
    }
    if call.new == 0 || call.new_len != size_of::<Raw>() {
        return Err(Errno::EINVAL);
    }
    let asked = copy_in(world, call, size_of::<Raw>())?;
    let field =
        |at: usize| u32::from_ne_bytes([asked[at], asked[at + 1], asked[at + 2], asked[at + 3]]);
    if field(0) & kpi::SYSCTL_VERS_MASK != kpi::SYSCTL_VERSION {
        return Err(Errno::EINVAL);
    }
    let ver = field(std::mem::offset_of!(Raw, ver));
    let root = world.sysctl_node(&[]).raw.ver;
    let node = world.sysctl_node(path);
    if ver != 0 && ver != node.raw.ver && ver != root {
        return Err(Errno::EINVAL);
    }
    let children: Vec<_> = node.children.iter().map(|child| *child.raw.bytes()).collect();
    let (mut to, mut left) = (call.old, *len);
    for bytes in &children {
        if to != 0 {
            if left >= bytes.len() {
                copy_out(world, call.user.is_some(), bytes, to)?;
            }
            to += bytes.len();
        }
        left -= left.min(bytes.len());
    }
    *len = children.len() * size_of::<Raw>();
    Ok(())
}

#[allow(clippy::too_many_arguments)] // The kernel's signature.
unsafe extern "C" fn sysctl_lookup(
    name: *const c_int,
    name_len: c_uint,
    old: *mut c_void,
    old_len: *mut usize,
    new: *const c_void,
    new_len: usize,
    _oname: *const c_int,
    lwp: *mut kpi::lwp,
    node: *const kpi::sysctlnode,
) -> c_int {
    let mut world = enter();
    // SAFETY: the numbers that the handler was given.
    let name = unsafe { slice::from_raw_parts(name, name_len as usize) };
    // SAFETY: the length that the handler was given.
    let len = unsafe { &mut *old_len };
    // SAFETY: NULL, or the calling thread.
    let lwp = unsafe { lwp.as_ref() };
    let user = lwp.map(|lwp| cred(lwp.l_cred as usize).euid);
    let call = Call { name, old: old as usize, new: new as usize, new_len, user };
    lookup(&mut world, node as usize, call, len).map_or_else(|error| error.0, |()| 0)
}

/// sysctl_copyout(): to the caller's user, or inside of the kernel.
unsafe extern "C" fn sysctl_copyout(
    lwp: *mut kpi::lwp,
    kernel: *const c_void,
    to: *mut c_void,
    len: usize,
) -> c_int {
    // SAFETY: the handler's own bytes.
    let bytes = unsafe { slice::from_raw_parts(kernel.cast::<u8>(), len) };
    let copied = copy_out(&mut enter(), !lwp.is_null(), bytes, to as usize);
    copied.map_or_else(|error| error.0, |()| 0)
}

exports!(sysctl_lookup, sysctl_copyout);
