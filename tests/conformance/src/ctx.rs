// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a case works with: descriptors and interfaces that are taken back when it ends.

use core::cell::Cell;
use core::ffi::CStr;

use crate::abi::{
    self, makedev, IfReq, CLONER_MINOR, SIOCGIFFLAGS, SIOCIFCREATE, SIOCIFDESTROY, SIOCSIFFLAGS,
    S_IFCHR, TAPGIFNAME,
};
use crate::case::{Failure, Fallible, On};
use crate::errno::{Errno, Result};
use crate::sys::System;
use crate::text::{until_nul, Text};
use crate::user::{Out, Plain};

/// An interface's name.
pub type Name = Text<16>;

/// The driver under test.
#[derive(Clone, Copy)]
pub struct Module<'a> {
    /// The module's file.
    pub path: &'a CStr,
    /// The module's name.
    pub name: &'a CStr,
}

const MAX_OPEN: usize = 64;
/// Interfaces looked for when a case ends.
const SWEPT_UNITS: u32 = 48;
/// Units that cases use outside the swept range.
const FAR_UNITS: [u32; 4] = [9993, 9994, 0xf_fffd, abi::LAST_UNIT];

/// A case's world.
pub struct Ctx<'a> {
    /// The system calls.
    pub sys: System,
    /// The driver's module.
    pub module: Module<'a>,
    /// The driver's major number; it may change when the module is loaded anew.
    major: Cell<u32>,
    /// A socket for interface ioctls.
    pub socket: i32,
    /// Units below this one are not the case's, and stay when it ends.
    pub floor: Cell<u32>,
    open: [Cell<i32>; MAX_OPEN],
    /// What [`Ctx::keep_order`] changed, as it was.
    pub(crate) spread: Cell<Option<Text<32>>>,
}

/// The major number that the driver took: beside a disabled built-in tap it goes by another name.
pub fn find_major(sys: System) -> Result<u32> {
    sys.major("tap_rs").or_else(|_| sys.major("tap"))
}

impl<'a> Ctx<'a> {
    /// With the module loaded.
    pub fn new(sys: System, module: Module<'a>) -> Result<Self> {
        // The socket last: nothing is left open where this fails.
        let major = Cell::new(find_major(sys)?);
        let socket = sys.socket(abi::AF_INET, abi::SOCK_DGRAM, 0)?;
        let open = [const { Cell::new(-1) }; MAX_OPEN];
        let spread = Cell::new(None);
        Ok(Self { sys, module, major, socket, floor: Cell::new(0), open, spread })
    }

    /// Loads the module, and looks where its nodes are now.
    pub fn load(&self) -> Result<()> {
        self.sys.modload(self.module.path)?;
        self.major.set(find_major(self.sys)?);
        Ok(())
    }

    /// Unloads the module.
    pub fn unload(&self) -> Result<()> {
        self.sys.modunload(self.module.name)
    }

    /// The driver's character major.
    pub fn major(&self) -> u32 {
        self.major.get()
    }

    /// Remembers a descriptor, to close it when the case ends.
    pub fn keep(&self, fd: i32) -> i32 {
        if let Some(slot) = self.open.iter().find(|slot| slot.get() < 0) {
            slot.set(fd);
        }
        fd
    }

    /// close(2).
    pub fn close(&self, fd: i32) -> Result<()> {
        self.forget(fd);
        self.sys.close(fd)
    }

    /// Another thread closes this descriptor.
    pub fn forget(&self, fd: i32) {
        if let Some(slot) = self.open.iter().find(|slot| slot.get() == fd) {
            slot.set(-1);
        }
    }

    /// The path of a unit's node, which is made anew.
    pub fn node(&self, minor: u32) -> Fallible<Text<32>> {
        let path = if minor == CLONER_MINOR {
            Text::of(format_args!("/dev/tap"))
        } else {
            Text::of(format_args!("/dev/tap{minor}"))
        };
        match self.sys.unlink(path.as_cstr()) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(e) => return Err(e).on("unlink of an old node"),
        }
        self.sys
            .mknod(path.as_cstr(), S_IFCHR | 0o600, makedev(self.major(), minor))
            .on("mknod")?;
        Ok(path)
    }

    /// open(2) of a path.
    pub fn open(&self, path: &CStr, flags: i32) -> Result<i32> {
        self.sys.open(path, flags).map(|fd| self.keep(fd))
    }

    /// Opens a unit's node.
    pub fn open_unit(&self, unit: u32, flags: i32) -> Fallible<i32> {
        let path = self.node(unit)?;
        self.open(path.as_cstr(), flags).on(path.as_str())
    }

    /// Opens the cloning node: the descriptor and its interface's name.
    pub fn open_clone(&self, flags: i32) -> Fallible<(i32, Name)> {
        let path = self.node(CLONER_MINOR)?;
        let fd = self.open(path.as_cstr(), flags).on("open of the cloning node")?;
        Ok((fd, self.ifname(fd).on("TAPGIFNAME")?))
    }

    /// TAPGIFNAME.
    pub fn ifname(&self, fd: i32) -> Result<Name> {
        let mut req = IfReq::garbage();
        self.sys.ioctl(fd, TAPGIFNAME, Out::value(&mut req))?;
        let name = core::str::from_utf8(until_nul(&req.name)).unwrap_or("?");
        Ok(Text::of(format_args!("{name}")))
    }

    /// An ifreq with a name, for the commands that need no more.
    pub fn ifreq(name: &str) -> IfReq {
        let mut req = IfReq::zeroed();
        put_name(&mut req.name, name);
        req
    }

    /// An ioctl of an interface by name; the ifreq as it came back.
    pub fn if_ioctl(&self, cmd: u64, mut req: IfReq) -> Result<IfReq> {
        self.sys.ioctl(self.socket, cmd, Out::value(&mut req))?;
        Ok(req)
    }

    /// The same in a thread of its own, which has the number of a socket.
    pub fn thread_ioctl(s: System, socket: usize, name: &str, cmd: u64) -> Result<()> {
        let mut req = Ctx::ifreq(name);
        s.ioctl(socket as i32, cmd, Out::value(&mut req)).map(drop)
    }

    /// `ifconfig create`.
    pub fn create(&self, name: &str) -> Result<()> {
        self.if_ioctl(SIOCIFCREATE, Self::ifreq(name)).map(drop)
    }

    /// `ifconfig destroy`.
    pub fn destroy(&self, name: &str) -> Result<()> {
        self.if_ioctl(SIOCIFDESTROY, Self::ifreq(name)).map(drop)
    }

    /// if_flags; ENXIO when there is no such interface.
    pub fn flags(&self, name: &str) -> Result<i16> {
        let req = self.if_ioctl(SIOCGIFFLAGS, Self::ifreq(name))?;
        Ok(i16::from_ne_bytes([req.data[0], req.data[1]]))
    }

    /// Whether there is such an interface.
    pub fn exists(&self, name: &str) -> bool {
        self.flags(name).is_ok()
    }

    /// `ifconfig up` or `down`.
    pub fn set_up(&self, name: &str, up: bool) -> Result<()> {
        let old = self.flags(name)?;
        let new = if up { old | abi::IFF_UP } else { old & !abi::IFF_UP };
        let mut req = Self::ifreq(name);
        req.data[..2].copy_from_slice(&new.to_ne_bytes());
        self.if_ioctl(SIOCSIFFLAGS, req).map(drop)
    }

    /// A bridge, vlan or the like beside the tap: taken away with [`Ctx::destroy`].
    pub fn fresh(&self, name: &str) -> Fallible<()> {
        if self.exists(name) {
            self.destroy(name).on("destroying a left-over interface")?;
        }
        self.create(name).on(name)
    }

    /// Closes and destroys what the case left; says whether the driver let it.
    pub fn clean(&self) -> Fallible<()> {
        let mut problem = self.spread_again();
        self.wake_everybody();
        for slot in &self.open {
            let fd = slot.replace(-1);
            if fd >= 0 {
                // EBADF only says that the case closed it past its context.
                self.sys.close(fd).unwrap_or(());
            }
        }
        for name in ["vlan77", "lagg77", "carp77", "bridge76", "bridge77", "vether77"] {
            if self.exists(name) {
                problem = problem.and(self.destroy(name).on(name));
            }
        }
        for unit in self.swept_units() {
            let name: Name = Text::of(format_args!("tap{unit}"));
            if self.exists(name.as_str()) {
                problem = problem.and(self.destroy(name.as_str()).on("destroy at the case's end"));
            }
        }
        problem
    }

    fn swept_units(&self) -> impl Iterator<Item = u32> {
        let floor = self.floor.get();
        (floor..floor + SWEPT_UNITS).chain(FAR_UNITS)
    }

    /// Downs what the case left up: a close would wait for ever for a read that sleeps on a node.
    fn wake_everybody(&self) {
        for unit in self.swept_units() {
            let name: Name = Text::of(format_args!("tap{unit}"));
            if self.flags(name.as_str()).is_ok_and(|flags| flags & abi::IFF_UP != 0) {
                self.set_up(name.as_str(), false).unwrap_or(());
            }
        }
    }

    /// Lets others run until it is likely that they sleep in the kernel. Nothing may depend on it
    /// but how hard a case tests.
    pub fn settle(&self) {
        self.sys.sleep_ms(60);
    }

    /// Waits for a thread, at most as long as a hang guard allows.
    pub fn join(&self, thread: usize, what: &str) -> Fallible<i64> {
        self.join_within(thread, what, HANG_MS)
    }

    /// The same for a thread with much to do.
    pub fn join_long(&self, thread: usize, what: &str) -> Fallible<i64> {
        self.join_within(thread, what, 15 * HANG_MS)
    }

    fn join_within(&self, thread: usize, what: &str, ms: u64) -> Fallible<i64> {
        let end = self.sys.now_ms() + ms;
        loop {
            if let Some(value) = self.sys.joined(thread) {
                return Ok(value);
            }
            if self.sys.now_ms() > end {
                return Err(Failure::of(format_args!("{what}: hangs")));
            }
            self.sys.sleep_ms(5);
        }
    }

    /// Tries until the condition holds, at most as long as a hang guard allows.
    pub fn wait_for(&self, mut condition: impl FnMut() -> bool) -> bool {
        let end = self.sys.now_ms() + HANG_MS;
        while !condition() {
            if self.sys.now_ms() > end {
                return false;
            }
            self.sys.sleep_ms(5);
        }
        true
    }
}

/// What counts as hung; software emulation of two busy processors is slow.
pub const HANG_MS: u64 = 8000;

/// Writes a name and its terminator.
pub fn put_name(field: &mut [u8; 16], name: &str) {
    let n = name.len().min(15);
    field[..n].copy_from_slice(&name.as_bytes()[..n]);
    field[n] = 0;
}
