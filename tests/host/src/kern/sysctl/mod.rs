// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! sysctl(9) and sysctl(2), as sys/kern/kern_sysctl.c has them.
//!
//! The tree's lock is a mutex here, where the kernel has a lock that readers share: nobody waits for
//! another reader while reading, and its order among the other locks is looked after like any.

mod base;
mod create;
mod lookup;
mod node;
mod tree;

use std::ffi::{c_uint, c_void};
use std::ops::Range;

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

pub use create::{createv, destroyv, teardown, New, EXPORTS as CREATE, VARIADIC};
pub use lookup::EXPORTS as LOOKUP;
pub use node::{Func, Value};

use crate::kern::kauth::cred;
use crate::kpi;
use crate::sched::curlwp;
use crate::world::World;
use crate::{host_panic, kassert};
use create::Entry;
use node::{make, Node, Raw};
use tree::Path;

/// The tree, and what was logged for teardown.
#[derive(Default)]
pub struct Sysctl {
    root: Option<Node>,
    /// No permanent nodes are taken any more: the kernel is up.
    final_: bool,
    logs: LiteMap<usize, Vec<Entry>>,
}

/// The address that stands for the lock.
static TREE: u8 = 0;

fn tree_lock() -> usize {
    &raw const TREE as usize
}

impl Sysctl {
    fn root_mut(&mut self) -> &mut Node {
        match &mut self.root {
            Some(root) => root,
            None => host_panic!("sysctl: the tree is used without its lock"),
        }
    }

    /// Every node that is not the kernel's for good, by its name.
    pub fn leftovers(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut note = |name: &str, node: &Node| {
            // A driver makes net.link where nobody has, and must leave it (F34).
            if !node.raw.has(kpi::CTLFLAG_PERMANENT) && name != "net.link" {
                names.push(format!("sysctl node {name}"));
            }
        };
        if let Some(root) = &self.root {
            root.each("", &mut note);
        }
        names.extend(self.logs.keys().map(|log| format!("sysctl log {log:#x}")));
        names
    }

    /// Every node that refers to memory in a span: a module's that is about to go.
    pub fn referring(&self, span: &Range<usize>) -> Vec<String> {
        let mut names = Vec::new();
        let mut note = |name: &str, node: &Node| {
            let func = node.raw.func.map_or(0, |func| func as usize);
            let value = node.is_parent() || node.raw.has(kpi::CTLFLAG_IMMEDIATE);
            let data = if value { 0 } else { node.raw.data as usize };
            if [func, data, node.raw.desc as usize].iter().any(|address| span.contains(address)) {
                names.push(format!("sysctl node {name}"));
            }
        };
        if let Some(root) = &self.root {
            root.each("", &mut note);
        }
        names
    }
}

impl World {
    /// sysctl_lock().
    pub(super) fn sysctl_lock(&mut self) {
        if self.sysctl.root.is_none() {
            self.mutex_init(tree_lock(), false);
            let flags = kpi::CTLFLAG_ROOT | kpi::CTLFLAG_READWRITE | kpi::CTLTYPE_NODE;
            // Its name has a form that no other may have.
            let raw = Raw::new(kpi::CREATE_BASE as i32, "(root)", flags);
            let Some(raw) = raw else { host_panic!("sysctl: no root") };
            let root = make(self, raw, None);
            self.sysctl.root = Some(root);
            base::build(self);
            self.sysctl.final_ = true;
        }
        self.mutex_enter(tree_lock());
    }

    /// sysctl_unlock().
    pub(super) fn sysctl_unlock(&mut self) {
        self.mutex_exit(tree_lock());
    }

    fn assert_sysctl_locked(&mut self, call: &str) {
        kassert!(self.mutex_owned(tree_lock()), "{call}: the tree is not locked");
    }
}

/// A call of the system call or of a handler: the arguments of `sysctlfn` but for the node.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The numbers that are left to interpret.
    name: &'a [i32],
    /// Where to copy the old value to; 0 for nowhere.
    old: usize,
    /// Where to copy the new value from; 0 for nowhere.
    new: usize,
    /// How long it is.
    new_len: usize,
    /// Who calls: a user's thread, or nobody for the kernel itself.
    user: Option<u32>,
}

/// sysctl(2): `old` and `new` are an address and a length each, address 0 for none. Returns the
/// length that the kernel reports.
pub fn sysctl(
    world: &mut World,
    mib: &[i32],
    old: (usize, usize),
    new: (usize, usize),
) -> Result<usize> {
    if mib.is_empty() || mib.len() > kpi::CTL_MAXNAME as usize {
        return Err(Errno::EINVAL);
    }
    let user = Some(cred(world.current_proc().cred).euid);
    let call = Call { name: mib, old: old.0, new: new.0, new_len: new.1, user };
    let mut len = old.1;
    world.sysctl_lock();
    let result = dispatch(world, call, &mut len);
    world.sysctl_unlock();
    result?;
    if old.0 != 0 && old.1 < len {
        return Err(Errno::ENOMEM);
    }
    Ok(len)
}

/// sysctl_dispatch().
fn dispatch(world: &mut World, call: Call, len: &mut usize) -> Result<()> {
    let found = world.sysctl_locate(Path::new(), call.name, call.user);
    let rest = Call { name: &call.name[found.taken..], ..call };
    let node = world.sysctl_node(&found.path);
    if let Some(func) = node.raw.func {
        let address = node.address;
        return handler(world, func, call, found.taken, len, address);
    }
    if let Some(value) = node.value.clone() {
        let raw = node.raw;
        let bytes = value(world);
        return lookup::bytes(world, &raw, &bytes, rest, len);
    }
    match found.error {
        None => {
            let address = node.address;
            let result = lookup::lookup(world, address, rest, len);
            // An immediate value was changed there.
            node::refresh(world.sysctl_node(&found.path));
            result
        }
        Some(Errno::ENOENT) if rest.name.len() == 1 && rest.name[0] < 0 => match rest.name[0] {
            kpi::CTL_QUERY => lookup::query(world, &found.path, rest, len),
            _ => Err(Errno::EOPNOTSUPP),
        },
        Some(error) => Err(error),
    }
}

/// Calls a module's handler, outside of the host's lock and with the tree's.
fn handler(
    world: &mut World,
    func: Func,
    call: Call,
    taken: usize,
    len: &mut usize,
    node: usize,
) -> Result<()> {
    let name = call.name.as_ptr();
    let rest = call.name[taken..].as_ptr();
    let count = (call.name.len() - taken) as c_uint;
    let (old, new) = (call.old as *mut c_void, call.new as *const c_void);
    let node = node as *const kpi::sysctlnode;
    let lwp = curlwp();
    let result = world.outside(|| {
        // SAFETY: the arguments that a handler expects; the node stays while the tree is locked.
        unsafe { func(rest, count, old, len, new, call.new_len, name, lwp, node) }
    });
    match result {
        0 => Ok(()),
        error => Err(Errno(error)),
    }
}
