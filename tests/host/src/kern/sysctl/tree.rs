// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The tree: locate, create and destroy, with the lock held.
//!
//! The kernel keeps the children of a node in an array of structures that name their parent by
//! address. When a node is destroyed, those behind it move up, and only the parent pointers of
//! *their* children in use are updated. Unused slots of those arrays keep a stale pointer. A node
//! that is created in such a slot has a wrong parent: a kernel with DIAGNOSTIC panics, and others
//! write to memory that is not theirs. The host keeps track of these slots, and such a node ends the
//! process.

use tap_conformance::Errno;

use super::node::{make, place, unmake, write, Node, Raw, Value};
use crate::kassert;
use crate::kpi;
use crate::world::World;

/// Where a node is: the index of a child on each level, from the root.
pub type Path = Vec<usize>;

/// Why a node was not made.
pub enum Refused {
    /// Not as asked.
    Error(Errno),
    /// That one is there.
    Exists(Path),
}

/// How a search ended.
pub struct Found {
    /// The deepest node on the way.
    pub path: Path,
    /// How many numbers it took.
    pub taken: usize,
    /// Why it is not the one that was asked for.
    pub error: Option<Errno>,
}

/// The flags that the host knows no meaning of.
const UNKNOWN: u32 = kpi::CTLFLAG_ANYNUMBER
    | kpi::CTLFLAG_ALIAS
    | kpi::CTLFLAG_MMAP
    | kpi::CTLFLAG_OWNDATA
    | kpi::CTLFLAG_OWNDESC;

/// A name that a node may have.
fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The size that a node of a type has, from what its maker said; `None` when that is no size
/// for it, 0 when only its handler knows.
fn size_of_kind(raw: &Raw) -> Option<u64> {
    let fixed = |size: u64| (raw.size == 0 || raw.size == size).then_some(size);
    match raw.kind() {
        kpi::CTLTYPE_NODE => (raw.size == 0 && raw.data == 0).then_some(size_of::<Raw>() as u64),
        kpi::CTLTYPE_INT => fixed(4),
        kpi::CTLTYPE_QUAD => fixed(8),
        kpi::CTLTYPE_BOOL => fixed(1),
        kpi::CTLTYPE_STRING | kpi::CTLTYPE_STRUCT => Some(raw.size),
        _ => None,
    }
}

impl World {
    /// The node at a path, which is known to be there.
    pub(super) fn sysctl_node(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(self.sysctl.root_mut(), |node, at| &mut node.children[*at])
    }

    /// sysctl_locate(): follows numbers from a node. `user` may not pass private nodes.
    pub(super) fn sysctl_locate(&mut self, from: Path, mib: &[i32], user: Option<u32>) -> Found {
        let mut path = from;
        for (taken, num) in mib.iter().enumerate() {
            let node = self.sysctl_node(&path);
            let error = if node.children.is_empty() {
                if node.is_parent() {
                    Errno::ENOENT
                } else {
                    Errno(kpi::ENOTDIR as i32)
                }
            } else if node.raw.has(kpi::CTLFLAG_PRIVATE) && user.is_some_and(|euid| euid != 0) {
                Errno::EPERM
            } else if let Some(at) = node.child(*num) {
                path.push(at);
                continue;
            } else {
                Errno::ENOENT
            };
            return Found { path, taken, error: Some(error) };
        }
        Found { path, taken: mib.len(), error: None }
    }

    /// The path of a node by the address of its `struct sysctlnode`.
    pub(super) fn sysctl_at(&mut self, address: usize) -> Option<Path> {
        fn find(node: &Node, address: usize, path: &mut Path) -> bool {
            if node.address == address {
                return true;
            }
            for (at, child) in node.children.iter().enumerate() {
                path.push(at);
                if find(child, address, path) {
                    return true;
                }
                path.pop();
            }
            false
        }
        let mut path = Path::new();
        find(self.sysctl.root_mut(), address, &mut path).then_some(path)
    }

    /// sysctl_create(), from inside of the kernel.
    pub(super) fn sysctl_create(
        &mut self,
        parent: &[usize],
        mut raw: Raw,
        value: Option<Value>,
    ) -> Result<Path, Refused> {
        let error = |errno| Err(Refused::Error(errno));
        kassert!(raw.flags & UNKNOWN == 0, "sysctl {}: flags {:#x}", raw.name(), raw.flags);
        let permanent = self.sysctl.final_ && raw.has(kpi::CTLFLAG_PERMANENT);
        let node = self.sysctl_node(parent);
        if !node.is_parent() {
            return error(Errno(kpi::ENOTDIR as i32));
        }
        if (raw.num < 0 && raw.num != kpi::CTL_CREATE) || !is_name(raw.name()) {
            return error(Errno::EINVAL);
        }
        let same = |child: &Node| child.raw.num == raw.num || child.raw.name() == raw.name();
        if let Some(at) = node.children.iter().position(same) {
            return Err(Refused::Exists([parent, &[at]].concat()));
        }
        if permanent {
            return error(Errno::EPERM);
        }
        let Some(size) = size_of_kind(&raw) else { return error(Errno::EINVAL) };
        let known = value.is_some() || raw.func.is_some();
        let has_data = raw.data != 0 || raw.has(kpi::CTLFLAG_IMMEDIATE);
        if raw.kind() != kpi::CTLTYPE_NODE && !known && (size == 0 || !has_data) {
            return error(Errno::EINVAL);
        }
        raw.size = size;
        if raw.num == kpi::CTL_CREATE {
            raw.num = self.sysctl_number(parent);
        }
        Ok(self.sysctl_insert(parent, raw, value))
    }

    /// A number that no child has.
    fn sysctl_number(&mut self, parent: &[usize]) -> i32 {
        self.sysctl.root_mut().raw.num += 1;
        let mut num = self.sysctl.root_mut().raw.num;
        while self.sysctl_node(parent).child(num).is_some() {
            num += 1;
        }
        num
    }

    /// Makes room for a node and puts it there.
    fn sysctl_insert(&mut self, parent: &[usize], raw: Raw, value: Option<Value>) -> Path {
        let mut new = make(self, raw, value);
        let node = self.sysctl_node(parent);
        let mut children = std::mem::take(&mut node.children);
        let len = children.len();
        let at = children.iter().filter(|child| child.raw.num < raw.num).count();
        let mut moved = at;
        if node.stale.is_empty() {
            node.stale = vec![false; kpi::SYSCTL_DEFSIZE as usize];
        } else if len == node.stale.len() {
            node.stale = vec![false; 2 * len];
            moved = 0;
        }
        let stale = std::mem::replace(&mut node.stale[len], false);
        let name = node.raw.name().to_string();
        kassert!(
            at < len || !stale,
            "sysctl parent mis-match: {} under {name}, after a sibling of {name} was destroyed",
            raw.name(),
        );
        for child in &mut children[moved..] {
            place(self, child);
            // All of its children's places are written anew.
            child.stale.fill(false);
        }
        new.raw.ver = self.sysctl.root_mut().raw.ver + 1;
        let ver = new.raw.ver;
        write(&new);
        children.insert(at, new);
        self.sysctl_node(parent).children = children;
        self.sysctl_changed(parent, ver);
        [parent, &[at]].concat()
    }

    /// Writes the tree's new version to a node and all above it.
    fn sysctl_changed(&mut self, path: &[usize], ver: u32) {
        for len in 0..=path.len() {
            let node = self.sysctl_node(&path[..len]);
            node.raw.ver = ver;
            write(node);
        }
    }

    /// sysctl_destroy(), from inside of the kernel; `ver` is the version that it must have, or 0.
    pub(super) fn sysctl_destroy(
        &mut self,
        parent: &[usize],
        num: i32,
        ver: u32,
    ) -> Result<(), Errno> {
        let node = self.sysctl_node(parent);
        let same = |child: &Node| child.raw.num == num && (ver == 0 || child.raw.ver == ver);
        let at = node.children.iter().position(same).ok_or(Errno::ENOENT)?;
        let child = &node.children[at];
        if child.raw.has(kpi::CTLFLAG_PERMANENT) {
            return Err(Errno::EPERM);
        }
        if !child.children.is_empty() {
            return Err(Errno(kpi::ENOTEMPTY as i32));
        }
        let mut children = std::mem::take(&mut node.children);
        let gone = children.remove(at);
        for child in &mut children[at..] {
            place(self, child);
            let used = child.children.len();
            child.stale.iter_mut().skip(used).for_each(|stale| *stale = true);
        }
        let left = children.len();
        let node = self.sysctl_node(parent);
        node.children = children;
        if left == 0 {
            node.stale.clear();
        } else {
            node.stale[left] = false;
        }
        unmake(self, &gone);
        let ver = self.sysctl.root_mut().raw.ver + 1;
        self.sysctl_changed(parent, ver);
        Ok(())
    }
}
