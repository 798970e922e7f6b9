// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A character device that records the calls that it receives. A read sleeps until there is a message; the last minor
//! clones.

mod calls;

use std::collections::VecDeque;
use std::ffi::CString;
use std::sync::Mutex;

use litemap::LiteMap;
use tap_conformance::abi::{makedev, S_IFCHR};
use tap_conformance::errno::Errno;

use crate::kern::descrip::{File, NativeFile};
use crate::kern::select::SelInfo;
use crate::kpi;
use crate::sched::{chan, Chan};
use crate::syscall;
use crate::world::{enter, World};

pub use calls::table;

/// The minor number whose open makes a descriptor of its own.
pub const CLONER: u32 = 255;

/// What a device knows. Looked at and changed with the host's lock held.
#[derive(Default)]
pub struct Device {
    /// What was called, in order.
    pub diary: Vec<&'static str>,
    /// What reads get.
    pub messages: VecDeque<Vec<u8>>,
    /// Reads end.
    pub cancelled: bool,
    /// Opens wait, but the first so many.
    pub hold_open: bool,
    /// What the next ioctl says.
    pub refuse: Option<Errno>,
    /// f_flag as the last read saw it.
    pub flags: u32,
    waiters: Option<SelInfo>,
}

static DEVICES: Mutex<LiteMap<u32, Device>> = Mutex::new(LiteMap::new());

/// Looks at a device.
pub fn with<R>(unit: u32, f: impl FnOnce(&mut Device) -> R) -> R {
    let mut devices = DEVICES.lock().unwrap();
    f(devices.entry(unit).or_default())
}

/// A device's diary, which begins anew.
pub fn diary(unit: u32) -> Vec<&'static str> {
    let _world = enter();
    with(unit, |device| std::mem::take(&mut device.diary))
}

/// Where a device's sleepers are.
fn asleep(unit: u32) -> Chan {
    chan("driver", unit as usize)
}

/// Changes a device and wakes who sleeps there.
pub fn change(unit: u32, f: impl FnOnce(&mut Device)) {
    let mut world = enter();
    with(unit, f);
    world.wake_all(asleep(unit));
}

/// Gives a device a message, and tells pollers and knotes.
pub fn send(unit: u32, message: &[u8]) {
    change(unit, |device| device.messages.push_back(message.to_vec()));
    if let Some(waiters) = with(unit, |device| device.waiters) {
        waiters.notify(&mut enter(), 0);
    }
}

/// The record of a device's waiters.
pub fn waiters(world: &mut World, unit: u32) -> SelInfo {
    match with(unit, |device| device.waiters) {
        Some(waiters) => waiters,
        None => {
            let waiters = SelInfo::new(world);
            with(unit, |device| device.waiters = Some(waiters));
            waiters
        }
    }
}

/// The device forgets its waiters, as one that goes does.
pub fn forget_waiters(unit: u32) {
    let waiters = with(unit, |device| device.waiters.take());
    if let Some(waiters) = waiters {
        waiters.destroy(&mut enter());
    }
}

/// The driver is attached while this lives; at the end nothing of it is open.
pub struct Attached {
    /// Its major number.
    pub major: u32,
}

/// Attaches the driver.
pub fn attach() -> Attached {
    let major = enter().devsw_attach_module("diary", table(), -1).unwrap();
    Attached { major: major as u32 }
}

impl Attached {
    /// A node for a minor number, made anew.
    pub fn node(&self, unit: u32) -> CString {
        let path = CString::new(format!("/dev/diary{unit}")).unwrap();
        // Most often there is none yet.
        syscall::unlink(&mut enter(), &path).unwrap_or(());
        let dev = makedev(self.major, unit);
        syscall::mknod(&mut enter(), &path, S_IFCHR | 0o600, dev).unwrap();
        path
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let units: Vec<u32> = DEVICES.lock().unwrap().keys().copied().collect();
        for unit in units {
            forget_waiters(unit);
        }
        DEVICES.lock().unwrap().clear();
        let mut world = enter();
        world.devsw_detach_module(table());
        assert_eq!(world.specfs.leftovers(), Vec::<String>::new());
        assert_eq!(world.files.leftovers(), Vec::<String>::new());
        assert_eq!(world.events.leftovers(), Vec::<String>::new());
    }
}

/// A file of the host's own that says no to FIONBIO.
pub struct Stubborn;

impl NativeFile for Stubborn {
    fn name(&self) -> &'static str {
        "stubborn"
    }

    fn ioctl(
        &self,
        _world: &mut World,
        _file: File,
        cmd: u64,
        data: &mut [u8],
    ) -> tap_conformance::errno::Result<()> {
        match u32::try_from(cmd) {
            Ok(kpi::FIOASYNC) => Err(Errno::EINVAL),
            Ok(kpi::FIONREAD) => {
                data.copy_from_slice(&7_i32.to_ne_bytes());
                Ok(())
            }
            Ok(kpi::FIONBIO) => Ok(()),
            _ => Err(crate::kern::errno::EPASSTHROUGH),
        }
    }
}
