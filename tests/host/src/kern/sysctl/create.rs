// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Making and removing nodes from inside of the kernel: sysctl_createv(), sysctl_destroyv(), and the
//! log of what was made, which sysctl_teardown() undoes.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::slice;

use tap_conformance::errno::{Errno, Result};

use super::node::{write, Func, Raw, Value};
use super::tree::{Path, Refused};
use crate::export::{Address, Export};
use crate::kern::kmem::Kind;
use crate::kern::prf;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert, kpi};

/// One node that a log remembers.
pub(super) struct Entry {
    mib: Vec<i32>,
    /// The version that a leaf must still have; 0 for a node with children.
    ver: u32,
}

/// A node to be made.
#[derive(Clone, Default)]
pub struct New<'a> {
    /// CTLFLAG_*.
    pub flags: u32,
    /// CTLTYPE_*.
    pub kind: u32,
    /// Its name.
    pub name: &'a str,
    /// Its handler.
    pub func: Option<Func>,
    /// Its value, of a CTLFLAG_IMMEDIATE.
    pub immediate: u64,
    /// Where its value is.
    pub data: usize,
    /// How long that is, where the type does not say it.
    pub size: usize,
    /// Computes its value, for nodes of the host's own.
    pub value: Option<Value>,
    /// Where its description is.
    pub desc: usize,
}

const LOG: Kind = Kind::Object("sysctllog");

/// A place that names a log.
type Log = *mut *mut kpi::sysctllog;

/// sysctl_createv(): makes a node under `root` (an address that an earlier call returned), or under
/// the tree's. The last number may be CTL_CREATE for a free one. A node that is there already
/// under that name and with that handler is as good. Returns the node's address, which holds
/// until the next change among its siblings.
pub fn createv(
    world: &mut World,
    log: Log,
    root: Option<usize>,
    new: &New,
    mib: &[i32],
) -> Result<usize> {
    let Some((num, parents)) = mib.split_last() else { return Err(Errno::EINVAL) };
    let mut flags = new.flags | new.kind;
    if !log.is_null() {
        flags &= !kpi::CTLFLAG_PERMANENT;
    }
    let mut raw = Raw::new(*num, new.name, flags).ok_or(Errno(kpi::ENAMETOOLONG as i32))?;
    raw.func = new.func;
    raw.size = new.size as u64;
    raw.desc = new.desc as u64;
    raw.data = if raw.has(kpi::CTLFLAG_IMMEDIATE) { new.immediate } else { new.data as u64 };
    world.sysctl_lock();
    let result = make_at(world, log, root, parents, raw, new.value.clone());
    world.sysctl_unlock();
    if let Err(error) = result {
        let text = format!("sysctl_createv: sysctl_create({}) returned {}\n", new.name, error.0);
        prf::log(world, &text);
    }
    result
}

/// The part of [`createv`] under the lock.
fn make_at(
    world: &mut World,
    log: Log,
    root: Option<usize>,
    parents: &[i32],
    raw: Raw,
    value: Option<Value>,
) -> Result<usize> {
    let root = match root {
        None => Path::new(),
        Some(address) => world.sysctl_at(address).unwrap_or_else(|| {
            host_panic!("sysctl_createv: {address:#x} is no node any more: its siblings changed")
        }),
    };
    let found = world.sysctl_locate(root, parents, None);
    if let Some(error) = found.error {
        return Err(error);
    }
    let path = match world.sysctl_create(&found.path, raw, value) {
        Ok(path) => path,
        Err(Refused::Error(error)) => return Err(error),
        Err(Refused::Exists(path)) => {
            let had = &world.sysctl_node(&path).raw;
            let number = raw.num == had.num || raw.num == kpi::CTL_CREATE;
            let func = |raw: &Raw| raw.func.map(|func| func as usize);
            if had.name() != raw.name() || func(had) != func(&raw) || !number {
                return Err(Errno::EEXIST);
            }
            path
        }
    };
    if !log.is_null() {
        log_add(world, log, &path);
    }
    let node = world.sysctl_node(&path);
    if node.raw.desc == 0 {
        node.raw.desc = raw.desc;
        write(node);
    }
    Ok(node.address)
}

/// sysctl_log_add().
fn log_add(world: &mut World, log: Log, path: &[usize]) {
    let mut mib = Vec::new();
    for len in 1..=path.len() {
        mib.push(world.sysctl_node(&path[..len]).raw.num);
    }
    let node = world.sysctl_node(path);
    if node.raw.has(kpi::CTLFLAG_PERMANENT) {
        return;
    }
    let ver = if node.is_parent() { 0 } else { node.raw.ver };
    // SAFETY: the caller's variable; whoever makes nodes with one log does so one at a time.
    let cell = unsafe { &mut *log };
    if cell.is_null() {
        *cell = world.allocate(size_of::<usize>(), LOG, true).cast();
    }
    world.sysctl.logs.entry(*cell as usize).or_default().push(Entry { mib, ver });
}

/// sysctl_teardown(): removes what a log remembers, the latest first, but for what has children of
/// others by now.
pub fn teardown(world: &mut World, log: &mut *mut kpi::sysctllog) {
    if log.is_null() {
        return;
    }
    let cell = std::mem::replace(log, std::ptr::null_mut());
    world.sysctl_lock();
    let Some(entries) = world.sysctl.logs.remove(&(cell as usize)) else {
        host_panic!("sysctl_teardown: {cell:?} is no log, or no longer one");
    };
    for Entry { mib, ver } in entries.iter().rev() {
        let Some((num, parents)) = mib.split_last() else { continue };
        let found = world.sysctl_locate(Path::new(), parents, None);
        if found.error.is_none() && world.sysctl_destroy(&found.path, *num, *ver).is_ok() {
            note_link(world, mib);
        }
    }
    world.sysctl_unlock();
    world.free(cell.cast(), None, LOG);
}

/// net.link is the stack's; a driver that takes it away leaves the kernel's tree inconsistent.
fn note_link(world: &mut World, mib: &[i32]) {
    if mib == [kpi::CTL_NET as i32, kpi::AF_LINK as i32] {
        prf::log(
            world,
            "sysctl: net.link was torn down; the next interface may panic the kernel\n",
        );
    }
}

/// sysctl_destroyv(): removes a node; one that is not there, or has children, is no error.
pub fn destroyv(world: &mut World, root: Option<usize>, mib: &[i32]) -> Result<()> {
    let Some((num, parents)) = mib.split_last() else { return Err(Errno::EINVAL) };
    world.sysctl_lock();
    let root = root.map_or(Some(Path::new()), |address| world.sysctl_at(address));
    let Some(root) = root else { host_panic!("sysctl_destroyv: the root is no node") };
    let found = world.sysctl_locate(root, parents, None);
    let result = match found.error {
        Some(error) => Err(error),
        None => world.sysctl_destroy(&found.path, *num, 0),
    };
    world.sysctl_unlock();
    let located = found.error.is_none();
    match result {
        Err(Errno::ENOENT) if !located => Ok(()),
        Err(Errno(error)) if error == kpi::ENOTEMPTY as i32 => Ok(()),
        other => other,
    }
}

/// sysctl_createv() from a module; `c/variadic.c` has collected the numbers.
#[allow(clippy::too_many_arguments)] // The kernel's signature.
#[unsafe(no_mangle)]
unsafe extern "C" fn host_sysctl_createv(
    log: Log,
    cflags: c_int,
    root: *const *const kpi::sysctlnode,
    node: *mut *const kpi::sysctlnode,
    flags: c_int,
    kind: c_int,
    name: *const c_char,
    desc: *const c_char,
    func: Option<Func>,
    immediate: u64,
    data: *mut c_void,
    size: usize,
    mib: *const c_int,
    count: c_int,
) -> c_int {
    let mut world = enter();
    kassert!(cflags == 0, "sysctl_createv: cflags {cflags:#x}");
    world.assert_sleepable("sysctl_createv");
    // SAFETY: the numbers that C collected.
    let mib = unsafe { slice::from_raw_parts(mib, count as usize) };
    // SAFETY: a string of the caller's.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    // SAFETY: NULL, or the caller's variable.
    let root = unsafe { root.as_ref() }.map(|root| *root as usize);
    let new = New {
        flags: flags as u32 & kpi::SYSCTL_FLAGMASK,
        kind: kind as u32,
        name: &name,
        func,
        immediate,
        data: data as usize,
        size,
        value: None,
        desc: desc as usize,
    };
    let result = createv(&mut world, log, root, &new, mib);
    if !node.is_null() {
        let address = *result.as_ref().unwrap_or(&0) as *const kpi::sysctlnode;
        // SAFETY: not NULL, so the caller's variable.
        unsafe { *node = address };
    }
    result.map_or_else(|error| error.0, |_| 0)
}

/// sysctl_destroyv() from a module.
#[unsafe(no_mangle)]
unsafe extern "C" fn host_sysctl_destroyv(
    root: *mut kpi::sysctlnode,
    mib: *const c_int,
    count: c_int,
) -> c_int {
    let mut world = enter();
    world.assert_sleepable("sysctl_destroyv");
    // SAFETY: the numbers that C collected.
    let mib = unsafe { slice::from_raw_parts(mib, count as usize) };
    let root = (!root.is_null()).then_some(root as usize);
    destroyv(&mut world, root, mib).map_or_else(|error| error.0, |()| 0)
}

unsafe extern "C" fn sysctl_teardown(log: Log) {
    let mut world = enter();
    world.assert_sleepable("sysctl_teardown");
    // SAFETY: NULL, or the caller's variable.
    if let Some(log) = unsafe { log.as_mut() } {
        teardown(&mut world, log);
    }
}

exports!(sysctl_teardown);

unsafe extern "C" {
    fn kernel_sysctl_createv();
    fn kernel_sysctl_destroyv();
}

/// The variadic ones, which `c/variadic.c` defines.
pub const VARIADIC: &[Export] = &[
    Export {
        name: "sysctl_createv",
        address: Address(kernel_sysctl_createv as *const ()),
        size: 0,
    },
    Export {
        name: "sysctl_destroyv",
        address: Address(kernel_sysctl_destroyv as *const ()),
        size: 0,
    },
];
