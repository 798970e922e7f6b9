// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The device switch, as sys/kern/subr_devsw.c has it: which driver has which major number, and
//! how many opens are inside each driver, which a detach waits for.

mod calls;

use std::ffi::{c_char, c_int, CStr};
use std::sync::Arc;

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

use crate::arch::BPF_MAJOR;
use crate::kern::descrip::NativeFile;
use crate::kern::errno::to_int;
use crate::kern::net::bpf_dev::BpfDevice;
use crate::kpi;
use crate::sched::{chan, Chan, Sleep};
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// What conf/majors gives tap(4), whether a kernel has it or not.
const TAP_MAJOR: i32 = 169;
/// The first major number that no driver has in conf/majors and the architecture's own.
const FIRST_DYNAMIC: i32 = 367;
/// MAXDEVSW: one more than the highest major number.
const MAXDEVSW: i32 = 512;

/// A device of the host's own whose opens make descriptors of their own, as /dev/bpf's do.
pub trait NativeDevice: Send + Sync {
    /// What an open with these flags (FREAD, FWRITE) gives.
    fn open(&self, world: &mut World, minor: u32, flags: u32) -> Result<Arc<dyn NativeFile>>;
}

/// A driver behind a major number.
#[derive(Clone)]
enum Driver {
    /// A `struct cdevsw`.
    Module(usize),
    Native(Arc<dyn NativeDevice>),
    /// A driver of the kernel's own that nobody opens.
    BuiltIn,
}

struct Entry {
    driver: Driver,
    /// Opens inside of it: its localcount.
    refs: u32,
    /// Detached, and waited for.
    draining: bool,
}

/// A name and its numbers: `struct devsw_conv`.
struct Conv {
    name: String,
    cmajor: i32,
}

/// Who has which number.
pub struct Devsw {
    convs: Vec<Conv>,
    entries: LiteMap<i32, Entry>,
}

impl Default for Devsw {
    fn default() -> Self {
        let conv = |name: &str, cmajor| Conv { name: name.into(), cmajor };
        let bpf = Entry { driver: Driver::Native(Arc::new(BpfDevice)), refs: 0, draining: false };
        Self {
            convs: vec![conv("tap", TAP_MAJOR), conv("bpf", BPF_MAJOR)],
            entries: LiteMap::from_iter([(BPF_MAJOR, bpf)]),
        }
    }
}

impl Devsw {
    /// kern.drivers: every name and its character major number.
    pub fn drivers(&self) -> impl Iterator<Item = (&str, i32)> {
        self.convs.iter().map(|conv| (conv.name.as_str(), conv.cmajor))
    }

    /// The modules' drivers that are still attached, one line each.
    pub fn leftovers(&self) -> Vec<String> {
        self.entries
            .iter()
            .filter(|(_, entry)| matches!(entry.driver, Driver::Module(_)))
            .map(|(major, entry)| format!("devsw, major {major}, {} opens", entry.refs))
            .collect()
    }

    /// The number under which a module's driver is attached.
    fn major_of(&self, cdev: usize) -> Option<i32> {
        let is = |entry: &Entry| matches!(entry.driver, Driver::Module(at) if at == cdev);
        self.entries.iter().find(|(_, entry)| is(entry)).map(|(major, _)| *major)
    }

    fn attached(&self, major: i32) -> Option<&Entry> {
        self.entries.get(&major).filter(|entry| !entry.draining)
    }

    /// A number for a driver that has none.
    fn free_major(&self) -> i32 {
        (FIRST_DYNAMIC..MAXDEVSW)
            .find(|major| {
                self.attached(*major).is_none()
                    && self.convs.iter().all(|conv| conv.cmajor != *major)
            })
            .unwrap_or(MAXDEVSW)
    }

    /// The number that a driver of this name gets, and whether the name is known.
    fn choose(&self, name: &str, wanted: i32) -> Result<(i32, bool)> {
        let known = self.convs.iter().find(|conv| conv.name == name);
        let major = match known {
            None if wanted < 0 => self.free_major(),
            None => wanted,
            Some(conv) => {
                if wanted >= 0 && wanted != conv.cmajor {
                    return Err(Errno::EINVAL);
                }
                conv.cmajor
            }
        };
        if major >= MAXDEVSW {
            return Err(Errno::ENOMEM);
        }
        if self.attached(major).is_some() {
            return Err(Errno::EEXIST);
        }
        Ok((major, known.is_some()))
    }

    fn attach(&mut self, name: &str, driver: Driver, wanted: i32) -> Result<i32> {
        let (major, known) = self.choose(name, wanted)?;
        let entry = Entry { driver, refs: 0, draining: false };
        let old = self.entries.insert(major, entry);
        kassert!(old.is_none(), "devsw_attach: the last driver of major {major} is still inside");
        if !known {
            self.convs.push(Conv { name: name.into(), cmajor: major });
        }
        Ok(major)
    }
}

fn drained(major: i32) -> Chan {
    chan("devsw", major as usize)
}

impl World {
    /// Attaches a device of the host's own.
    pub fn devsw_attach_native(&mut self, name: &str, major: i32, device: Arc<dyn NativeDevice>) {
        let result = self.devsw.attach(name, Driver::Native(device), major);
        kassert!(result == Ok(major), "{name} does not get major {major}: {result:?}");
    }

    /// Puts a driver of the kernel's own in the place of a name that conf/majors knows, as a
    /// kernel with it built in has one.
    pub fn devsw_attach_built_in(&mut self, name: &str) -> Result<i32> {
        self.devsw.attach(name, Driver::BuiltIn, -1)
    }

    /// devsw_attach(9) of a driver without a block device; `wanted` is -1 for whatever number its
    /// name has.
    pub(crate) fn devsw_attach_module(
        &mut self,
        name: &str,
        cdev: *const kpi::cdevsw,
        wanted: i32,
    ) -> Result<i32> {
        self.assert_sleepable("devsw_attach");
        self.devsw.attach(name, Driver::Module(cdev as usize), wanted)
    }

    /// devsw_detach(9): no new open gets in, and those that are inside are waited for.
    pub(crate) fn devsw_detach_module(&mut self, cdev: *const kpi::cdevsw) {
        let cdev = cdev as usize;
        self.assert_sleepable("devsw_detach");
        let Some(major) = self.devsw.major_of(cdev) else {
            host_panic!("devsw_detach: {cdev:#x} is not attached")
        };
        // SAFETY: it is attached, so the module that it is in is there.
        let cfdriver = unsafe { (*(cdev as *const kpi::cdevsw)).d_cfdriver };
        kassert!(
            cfdriver.is_null() || self.autoconf.units(cfdriver as usize) == 0,
            "devsw_detach: the driver still has units"
        );
        let entry = self.devsw_entry(major);
        kassert!(!entry.draining, "devsw_detach: major {major} is detached twice");
        entry.draining = true;
        while self.devsw_entry(major).refs != 0 {
            self.sleep(drained(major), Sleep::default());
        }
        self.devsw.entries.remove(&major);
    }

    fn devsw_entry(&mut self, major: i32) -> &mut Entry {
        match self.devsw.entries.get_mut(&major) {
            Some(entry) => entry,
            None => host_panic!("no driver has major {major}"),
        }
    }
}

/// Only character devices: nobody here has a block device.
unsafe extern "C" fn devsw_attach(
    devname: *const c_char,
    bdev: *const kpi::bdevsw,
    _bmajor: *mut kpi::__devmajor_t,
    cdev: *const kpi::cdevsw,
    cmajor: *mut kpi::__devmajor_t,
) -> c_int {
    if devname.is_null() || cdev.is_null() {
        return kpi::EINVAL as c_int;
    }
    kassert!(bdev.is_null(), "devsw_attach: a block device");
    // SAFETY: a string of the module's.
    let name = unsafe { CStr::from_ptr(devname) }.to_string_lossy();
    // SAFETY: the caller's variable.
    let major = unsafe { &mut *cmajor };
    let result = enter().devsw_attach_module(&name, cdev, *major);
    to_int(result.map(|chosen| *major = chosen))
}

unsafe extern "C" fn devsw_detach(bdev: *const kpi::bdevsw, cdev: *const kpi::cdevsw) {
    kassert!(bdev.is_null(), "devsw_detach: a block device");
    if !cdev.is_null() {
        enter().devsw_detach_module(cdev);
    }
}

/// NODEVMAJOR where it is not attached.
unsafe extern "C" fn cdevsw_lookup_major(cdev: *const kpi::cdevsw) -> kpi::__devmajor_t {
    enter().devsw.major_of(cdev as usize).unwrap_or(-1)
}

unsafe extern "C" fn nommap(_: kpi::dev_t, _: kpi::off_t, _: c_int) -> kpi::paddr_t {
    !0
}

/// `nodiscard` and its like, under whatever type.
unsafe extern "C" fn devenodev() -> c_int {
    kpi::ENODEV as c_int
}

/// `notty`'s and `nostop`'s.
unsafe extern "C" fn ttyvenodev() {}

exports!(devsw_attach, devsw_detach, cdevsw_lookup_major, nommap; devenodev, ttyvenodev);
