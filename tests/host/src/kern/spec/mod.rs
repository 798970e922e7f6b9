// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Nodes of character devices: a file system with /dev in it, its vnodes, and the spec layer
//! between them and the device switch, as sys/miscfs/specfs/spec_vnops.c and
//! sys/kern/vfs_vnode.c have it. A driver is closed with the last open of all its vnodes; a revoke
//! waits for every call that is inside the driver, and leaves vnodes that are dead.

mod lock;
mod open;
mod revoke;
mod vnops;

use std::ffi::{CStr, CString};
use std::time::{SystemTime, UNIX_EPOCH};

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

use crate::kern::kauth;
use crate::kpi;
use crate::sched::{chan, curlwp, Chan, Sleep};
use crate::world::World;
use crate::{host_panic, kassert};

pub use revoke::EXPORTS;
pub(crate) use vnops::Opened;

/// A vnode's number, never used twice.
pub(crate) type Vnode = u64;

/// Where all nodes lie.
const FOLDER: &[u8] = b"/dev/";
/// What st_dev says of that file system.
const FSID: u64 = 0xd01;

/// specfs_iocv: a call has left a driver, or a close is over.
const SPECIO: Chan = Chan { kind: "specio", address: 0 };

/// What stat(2) says of a node.
#[derive(Clone, Copy)]
struct Attributes {
    rdev: u64,
    /// The permissions.
    mode: u32,
    uid: u32,
    gid: u32,
    number: u64,
    made: kpi::timespec,
}

/// A name in /dev.
struct Node {
    attributes: Attributes,
    /// The vnode that was made for it last, if that has not been freed.
    vnode: Option<Vnode>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Loaded,
    Reclaiming,
    Reclaimed,
}

/// A `struct vnode` and its specnode.
struct VnodeState {
    attributes: Attributes,
    state: State,
    /// v_usecount.
    uses: u32,
    /// Its node has been unlinked.
    unlinked: bool,
    /// sn_opencnt.
    opens: u32,
    /// sn_gone: revoked.
    gone: bool,
    /// A lookup by device number finds it.
    hashed: bool,
    lock: lock::Lock,
}

/// A `struct specdev`: what all vnodes of one device share.
#[derive(Default)]
struct Device {
    refs: u32,
    /// sd_opencnt.
    opens: u32,
    /// sd_iocnt: calls inside the driver.
    calls: u32,
    opened: bool,
    closing: bool,
}

/// All nodes and vnodes.
#[derive(Default)]
pub struct Specfs {
    nodes: LiteMap<CString, Node>,
    vnodes: LiteMap<Vnode, VnodeState>,
    devices: LiteMap<u64, Device>,
    last: u64,
    suspension: lock::Suspension,
}

impl Specfs {
    /// What is still open, or in a driver, one line each.
    pub fn leftovers(&self) -> Vec<String> {
        let open = |device: &&Device| device.opens != 0 || device.calls != 0 || device.closing;
        let uses = self.vnodes.values().filter(|vnode| vnode.uses != 0).count();
        let devices =
            self.devices.iter().filter(|(_, device)| open(device)).map(|(rdev, device)| {
                format!("device {rdev:#x}: {} opens, {} calls", device.opens, device.calls)
            });
        let vnodes = (uses != 0).then(|| format!("{uses} vnodes in use"));
        devices.chain(vnodes).collect()
    }
}

fn now() -> kpi::timespec {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    kpi::timespec { tv_sec: now.as_secs() as _, tv_nsec: now.subsec_nanos() as _ }
}

/// A name's place; only what lies in /dev has one.
fn key(path: &CStr) -> Result<CString> {
    let name = path.to_bytes().strip_prefix(FOLDER).ok_or(Errno::ENOENT)?;
    if name.is_empty() || name.contains(&b'/') {
        return Err(Errno::ENOENT);
    }
    Ok(path.to_owned())
}

/// The calling thread's credentials.
fn user() -> &'static kauth::Cred {
    // SAFETY: the calling thread's own lwp.
    kauth::cred(unsafe { (*curlwp()).l_cred } as usize)
}

impl World {
    fn vnode_state(&mut self, vnode: Vnode) -> &mut VnodeState {
        match self.specfs.vnodes.get_mut(&vnode) {
            Some(state) => state,
            None => host_panic!("vnode {vnode} has been freed"),
        }
    }

    /// The device that a vnode is a node of.
    fn specdev(&mut self, vnode: Vnode) -> &mut Device {
        let rdev = self.vnode_state(vnode).attributes.rdev;
        match self.specfs.devices.get_mut(&rdev) {
            Some(device) => device,
            None => host_panic!("vnode {vnode} has no device"),
        }
    }

    /// mknod(2) of a character device: EEXIST, EPERM for all but the superuser.
    pub(crate) fn make_node(&mut self, path: &CStr, mode: u32, rdev: u64) -> Result<()> {
        let key = key(path)?;
        if user().euid != 0 {
            return Err(Errno::EPERM);
        }
        if mode & kpi::S_IFMT != kpi::S_IFCHR {
            return Err(Errno::EINVAL);
        }
        self.fstrans_start();
        let taken = self.specfs.nodes.contains_key(&key);
        if !taken {
            self.specfs.last += 1;
            let attributes = Attributes {
                rdev,
                mode: mode & 0o7777,
                uid: user().euid,
                gid: user().egid,
                number: self.specfs.last,
                made: now(),
            };
            self.specfs.nodes.insert(key, Node { attributes, vnode: None });
        }
        self.fstrans_done();
        if taken {
            Err(Errno::EEXIST)
        } else {
            Ok(())
        }
    }

    /// chown(2), to a user and his group of the same number. EPERM for all but the superuser.
    pub(crate) fn give_node(&mut self, path: &CStr, id: u32) -> Result<()> {
        let key = key(path)?;
        if user().euid != 0 {
            return Err(Errno::EPERM);
        }
        let node = self.specfs.nodes.get_mut(&key).ok_or(Errno::ENOENT)?;
        (node.attributes.uid, node.attributes.gid) = (id, id);
        if let Some(vnode) = node.vnode {
            let state = self.vnode_state(vnode);
            (state.attributes.uid, state.attributes.gid) = (id, id);
        }
        Ok(())
    }

    /// unlink(2): whoever has it open keeps it.
    pub(crate) fn remove_node(&mut self, path: &CStr) -> Result<()> {
        let key = key(path)?;
        self.fstrans_start();
        let node = self.specfs.nodes.remove(&key);
        self.fstrans_done();
        let Some(node) = node else { return Err(Errno::ENOENT) };
        if let Some(vnode) = node.vnode {
            let state = self.vnode_state(vnode);
            state.unlinked = true;
            state.uses += 1;
            self.vrele(vnode);
        }
        Ok(())
    }

    /// namei: the vnode of a path, with a reference. ENOENT.
    pub(crate) fn namei(&mut self, path: &CStr) -> Result<Vnode> {
        let key = key(path)?;
        self.fstrans_start();
        let found = self.vcache_get(&key);
        self.fstrans_done();
        found
    }

    /// vcache_get: a node whose vnode is dead gets a new one.
    fn vcache_get(&mut self, key: &CStr) -> Result<Vnode> {
        loop {
            let node = self.specfs.nodes.get(key).ok_or(Errno::ENOENT)?;
            let attributes = node.attributes;
            let Some(vnode) = node.vnode else { return Ok(self.vnode_new(key, attributes)) };
            match self.vnode_state(vnode).state {
                State::Loaded => {
                    self.vnode_state(vnode).uses += 1;
                    return Ok(vnode);
                }
                State::Reclaiming => self.vnode_wait_stable(vnode),
                State::Reclaimed => return Ok(self.vnode_new(key, attributes)),
            }
        }
    }

    fn vnode_new(&mut self, key: &CStr, attributes: Attributes) -> Vnode {
        self.specfs.last += 1;
        let vnode = self.specfs.last;
        let state = VnodeState {
            attributes,
            state: State::Loaded,
            uses: 1,
            unlinked: false,
            opens: 0,
            gone: false,
            hashed: true,
            lock: lock::Lock::default(),
        };
        self.specfs.vnodes.insert(vnode, state);
        self.specfs.devices.entry(attributes.rdev).or_default().refs += 1;
        if let Some(node) = self.specfs.nodes.get_mut(key) {
            node.vnode = Some(vnode);
        }
        vnode
    }

    /// VSTATE_WAIT_STABLE, for a vnode that is referred to or whose state was just looked at.
    fn vnode_wait_stable(&mut self, vnode: Vnode) {
        let stable = |world: &World| {
            world.specfs.vnodes.get(&vnode).is_none_or(|state| state.state != State::Reclaiming)
        };
        while !stable(self) {
            self.sleep(chan("vnode state", vnode as usize), Sleep::default());
        }
    }

    /// vrele: lets go of a vnode. One that is dead or has no name any more is freed with its last
    /// reference.
    pub(crate) fn vrele(&mut self, vnode: Vnode) {
        let state = self.vnode_state(vnode);
        kassert!(state.uses > 0, "vrele: vnode {vnode} has no references");
        state.uses -= 1;
        if state.uses != 0 || (state.state == State::Loaded && !state.unlinked) {
            return;
        }
        kassert!(state.state != State::Reclaiming, "vnode {vnode} is freed while it is reclaimed");
        kassert!(state.opens == 0, "vnode {vnode} is freed with {} opens", state.opens);
        let rdev = state.attributes.rdev;
        self.specfs.vnodes.remove(&vnode);
        for (_, node) in self.specfs.nodes.iter_mut() {
            if node.vnode == Some(vnode) {
                node.vnode = None;
            }
        }
        let Some(device) = self.specfs.devices.get_mut(&rdev) else { return };
        device.refs -= 1;
        if device.refs == 0 {
            kassert!(device.calls == 0, "device {rdev:#x} is forgotten with calls inside");
            kassert!(device.opens == 0, "device {rdev:#x} is forgotten while open");
            self.specfs.devices.remove(&rdev);
        }
    }
}
