// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Open files and descriptors, sys/file.h and sys/filedesc.h.

use core::ffi::{c_int, c_uint};
use core::ptr::{self, NonNull};

use bitflags::bitflags;
use static_assertions::const_assert_eq;

use super::errno::{check, Errno, Result};
use super::kpi;
use super::systm::Ticks;
use crate::unit::{Unit, CLONER_MINOR};

bitflags! {
    /// The flags of an open file, F*, and of the open that makes one, which carries O_* besides.
    #[derive(Clone, Copy)]
    pub struct FileFlags: u32 {
        /// Open for reading.
        const READ = kpi::FREAD;
        /// Open for writing.
        const WRITE = kpi::FWRITE;
        /// Non-blocking mode.
        const NONBLOCK = kpi::FNONBLOCK;
        /// Asynchronous mode.
        const ASYNC = kpi::FASYNC;
        // The access mode, O_CLOEXEC and others are passed on.
        const _ = !0;
    }
}

impl FileFlags {
    /// The flags that d_open is called with.
    pub fn from_raw(raw: c_int) -> Self {
        Self::from_bits_retain(raw as u32)
    }
}

/// A descriptor that is allocated but has no open file yet. It is released when dropped.
pub struct NewFile {
    file: *mut kpi::file,
    descriptor: c_int,
}

impl NewFile {
    /// Allocates a descriptor of the running process.
    pub fn allocate() -> Result<NewFile> {
        let mut file = ptr::null_mut();
        let mut descriptor: c_int = 0;
        // SAFETY: both pointers are to this function's variables.
        check(unsafe { kpi::fd_allocfile(&mut file, &mut descriptor) })?;
        Ok(NewFile { file, descriptor })
    }

    /// Makes it the result of the open that is under way: the open's flags carry the access
    /// mode, O_NONBLOCK and O_CLOEXEC. Returns EMOVEFD, which tells open(2) so. `data` comes back
    /// in [`File::data`], until fo_close.
    ///
    /// O_ASYNC is left out, because an open does not turn asynchronous mode on. F_SETFL does, with
    /// an FIOASYNC, but only if the file does not have the flag already.
    pub fn become_open<T>(self, flags: FileFlags, data: NonNull<T>) -> Errno {
        let (file, descriptor) = (self.file, self.descriptor as c_uint);
        core::mem::forget(self);
        let flags = flags.difference(FileFlags::ASYNC).bits() as c_int;
        let data = data.as_ptr().cast();
        // SAFETY: allocated above and given away; f_data is for the driver's fileops alone.
        let error =
            unsafe { kpi::fd_clone(file, descriptor, flags, &raw const kpi::tap_rs_fileops, data) };
        check(error).err().unwrap_or(Errno::EMOVEFD)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // SAFETY: a function without preconditions.
        let process = unsafe { kpi::tap_rs_curproc() };
        // SAFETY: allocated by this process, and never made visible.
        unsafe { kpi::fd_abort(process, self.file, self.descriptor as c_uint) }
    }
}

/// An open file during a call of the kernel's, which holds a reference to it.
#[derive(Clone, Copy)]
pub struct File<'a>(&'a kpi::file);

impl<'a> File<'a> {
    /// The file of a call of the kernel.
    pub fn new(raw: &'a kpi::file) -> Self {
        File(raw)
    }

    /// The flags of the open, as F_SETFL and FIONBIO have changed them.
    pub fn flags(self) -> FileFlags {
        // SAFETY: the file is alive; the kernel writes the flags in one piece.
        FileFlags::from_raw(unsafe { ptr::read_volatile(&raw const self.0.f_flag) })
    }

    /// What [`NewFile::become_open`] left.
    pub fn data<T>(self) -> NonNull<T> {
        // SAFETY: the driver's files use this member of the union.
        let data = unsafe { self.0.f_undata.fd_data };
        // SAFETY: `become_open` stored what is not NULL.
        unsafe { NonNull::new_unchecked(data.cast()) }
    }

    /// Effective user and group of the opener.
    fn owner(self) -> (kpi::uid_t, kpi::gid_t) {
        // SAFETY: a file holds a reference to its credentials.
        let uid = unsafe { kpi::kauth_cred_geteuid(self.0.f_cred) };
        // SAFETY: as above.
        let gid = unsafe { kpi::kauth_cred_getegid(self.0.f_cred) };
        (uid, gid)
    }
}

/// Times of an interface, as fstat(2) shows them.
pub struct Times {
    /// Last read.
    pub access: Ticks,
    /// Last write.
    pub modification: Ticks,
    /// Creation.
    pub birth: Ticks,
}

/// The answer to fstat(2).
pub struct Stat<'a>(&'a mut kpi::stat);

impl<'a> Stat<'a> {
    /// Zeroes the whole answer, holes included, for it is copied to user space.
    pub fn new(raw: &'a mut kpi::stat) -> Self {
        // SAFETY: the borrow is exclusive, and all zeros is a value.
        unsafe { ptr::write_bytes(raw, 0, 1) };
        Stat(raw)
    }

    /// Describes a character device of that number.
    pub fn fill(&mut self, file: File<'_>, device: kpi::dev_t, times: &Times) {
        let (uid, gid) = file.owner();
        self.0.st_mode = kpi::S_IFCHR | 0o600;
        self.0.st_dev = device;
        self.0.st_rdev = device;
        self.0.st_nlink = 1;
        self.0.st_uid = uid;
        self.0.st_gid = gid;
        self.0.st_atim = times.access.to_timespec();
        self.0.st_mtim = times.modification.to_timespec();
        self.0.st_birthtim = times.birth.to_timespec();
        self.0.st_ctim = self.0.st_birthtim;
    }
}

/// The number of a device, makedev(3).
pub const fn make_dev(major: c_int, unit: Unit) -> kpi::dev_t {
    let major = (major as u64) << 8 & 0xf_ff00;
    let minor = unit.get() as u64;
    (major | (minor << 12 & 0xfff0_0000) | (minor & 0xff)) as kpi::dev_t
}

/// The minor number of a device, minor(3).
pub const fn minor(device: kpi::dev_t) -> u32 {
    ((device & 0xfff0_0000) >> 12 | device & 0xff) as u32
}

// A minor number of 20 bits survives the round trip, beside the largest major of 12.
const_assert_eq!(minor(make_dev(0xfff, Unit::FIRST)), 0);
const_assert_eq!(minor(make_dev(0xfff, Unit::LAST)) + 1, CLONER_MINOR);
