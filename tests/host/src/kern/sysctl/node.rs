// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! One node of the tree: the `struct sysctlnode` that handlers see, and what the host keeps with it.

use std::ffi::{c_int, c_uint, c_void};
use std::mem::offset_of;
use std::sync::Arc;

use crate::kern::kmem::Kind;
use crate::kpi;
use crate::world::World;

/// A handler, `sysctlfn`.
pub type Func = unsafe extern "C" fn(
    *const c_int,
    c_uint,
    *mut c_void,
    *mut usize,
    *const c_void,
    usize,
    *const c_int,
    *mut kpi::lwp,
    *const kpi::sysctlnode,
) -> c_int;

/// What the host computes when a node is read: its bytes.
pub type Value = Arc<dyn Fn(&mut World) -> Vec<u8> + Send + Sync>;

/// `struct sysctlnode`, without its unions: on a machine with 64 bits each is one word.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Raw {
    /// sysctl_flags: version, flags and type.
    pub flags: u32,
    /// sysctl_num.
    pub num: i32,
    /// sysctl_name.
    pub name: [u8; kpi::SYSCTL_NAMELEN as usize],
    /// sysctl_ver.
    pub ver: u32,
    reserved: u32,
    /// sysctl_data, or the data itself of a CTLFLAG_IMMEDIATE.
    pub data: u64,
    offset: u64,
    /// sysctl_size.
    pub size: u64,
    /// sysctl_func.
    pub func: Option<Func>,
    /// sysctl_parent: always NULL here, since it means nothing once the lock is given up.
    parent: u64,
    /// sysctl_desc.
    pub desc: u64,
}

const _: () = assert!(size_of::<Raw>() == size_of::<kpi::sysctlnode>());
const _: () = assert!(offset_of!(Raw, data) == offset_of!(kpi::sysctlnode, sysctl_un));
const _: () = assert!(offset_of!(Raw, size) == offset_of!(kpi::sysctlnode, _sysctl_size));
const _: () = assert!(offset_of!(Raw, func) == offset_of!(kpi::sysctlnode, _sysctl_func));
const _: () = assert!(offset_of!(Raw, desc) == offset_of!(kpi::sysctlnode, _sysctl_desc));

impl Raw {
    /// A node without data, of a type and with flags.
    pub fn new(num: i32, name: &str, flags: u32) -> Option<Raw> {
        let mut raw = Raw {
            flags: flags | kpi::SYSCTL_VERSION,
            num,
            name: [0; kpi::SYSCTL_NAMELEN as usize],
            ver: 0,
            reserved: 0,
            data: 0,
            offset: 0,
            size: 0,
            func: None,
            parent: 0,
            desc: 0,
        };
        // The NUL wants room too.
        raw.name[..kpi::SYSCTL_NAMELEN as usize - 1].get_mut(..name.len())?;
        raw.name[..name.len()].copy_from_slice(name.as_bytes());
        Some(raw)
    }

    /// CTLTYPE_*.
    pub fn kind(&self) -> u32 {
        self.flags & kpi::SYSCTL_TYPEMASK
    }

    /// Whether it has a CTLFLAG_*.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag == flag
    }

    /// Its name.
    pub fn name(&self) -> &str {
        let len = self.name.iter().position(|byte| *byte == 0).unwrap_or(self.name.len());
        std::str::from_utf8(&self.name[..len]).unwrap_or("?")
    }

    /// The bytes that a query copies out.
    pub fn bytes(&self) -> &[u8; size_of::<Raw>()] {
        // SAFETY: without holes, every field a plain number or address.
        unsafe { &*(&raw const *self).cast() }
    }
}

/// A node of the tree.
pub struct Node {
    /// Where its `struct sysctlnode` is: an element of an array of the kernel's, which moves when the
    /// siblings change; so whoever keeps the address is caught.
    pub address: usize,
    /// Its contents.
    pub raw: Raw,
    /// Computes what a read gives.
    pub value: Option<Value>,
    /// Its children, in the order of their numbers.
    pub children: Vec<Node>,
    /// The places of the kernel's array of children: for those that are not in use, whether the
    /// parent written there is an old one.
    pub stale: Vec<bool>,
}

const KIND: Kind = Kind::Object("sysctlnode");

impl Node {
    /// Whether it has children, not data.
    pub fn is_parent(&self) -> bool {
        self.raw.kind() == kpi::CTLTYPE_NODE
    }

    /// The child of a number.
    pub fn child(&self, num: i32) -> Option<usize> {
        self.children.iter().position(|child| child.raw.num == num)
    }

    /// Calls `f` with each node in and under it and its full name.
    pub fn each(&self, prefix: &str, f: &mut impl FnMut(&str, &Node)) {
        for child in &self.children {
            let name = match prefix {
                "" => child.raw.name().to_string(),
                _ => format!("{prefix}.{}", child.raw.name()),
            };
            f(&name, child);
            child.each(&name, f);
        }
    }
}

/// A node of its own, with its `struct sysctlnode`.
pub fn make(world: &mut World, raw: Raw, value: Option<Value>) -> Node {
    let mut node = Node { address: 0, raw, value, children: Vec::new(), stale: Vec::new() };
    place(world, &mut node);
    node
}

/// Gives a node a new place in memory, as one gets that moves in its array.
pub fn place(world: &mut World, node: &mut Node) {
    let start = world.allocate(size_of::<Raw>(), KIND, true);
    // SAFETY: just allocated, with room for one.
    unsafe { start.cast::<Raw>().write(node.raw) };
    let old = std::mem::replace(&mut node.address, start as usize);
    if old != 0 {
        world.free(old as *mut c_void, Some(size_of::<Raw>()), KIND);
    }
}

/// Writes a node's contents through to its `struct sysctlnode`.
pub fn write(node: &Node) {
    // SAFETY: allocated by `place`, and freed only with the node.
    unsafe { (node.address as *mut Raw).write(node.raw) };
}

/// Takes over what was written to a node's `struct sysctlnode`.
pub fn refresh(node: &mut Node) {
    // SAFETY: allocated by `place`, and freed only with the node.
    node.raw = unsafe { *(node.address as *const Raw) };
}

/// Frees what `make` made.
pub fn unmake(world: &mut World, node: &Node) {
    world.free(node.address as *mut c_void, Some(size_of::<Raw>()), KIND);
}
