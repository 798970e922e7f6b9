// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Open files and descriptors, as sys/kern/kern_descrip.c has them. A file is a real
//! `struct file`, for a module's fileops get it; what stands behind it is either such fileops or
//! a [`NativeFile`] of the host's: a device node, a kqueue, a socket.

mod dup;
mod exports;
mod ops;
mod table;

use std::sync::Arc;

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

use crate::kern::errno::{errno, EPASSTHROUGH};
use crate::kern::kmem::Kind;
use crate::kern::local::{Discarded, Local};
use crate::kern::uio::Request;
use crate::kpi;
use crate::sched::{curlwp, Pid};
use crate::world::World;
use crate::{host_panic, kassert};

pub use exports::EXPORTS;
pub(crate) use table::opened_for;
use table::Table;

const KIND: Kind = Kind::Object("file");

/// An open file: a `struct file`, which lives while a descriptor or a call refers to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct File(usize);

impl File {
    /// A file that the kernel was given back by a module.
    pub fn from_raw(raw: *mut kpi::file) -> File {
        File(raw as usize)
    }

    /// The `struct file`.
    pub fn raw(self) -> *mut kpi::file {
        self.0 as *mut kpi::file
    }

    /// f_flag: FREAD, FWRITE, FNONBLOCK, FASYNC.
    pub fn flags(self) -> u32 {
        // SAFETY: the file is alive while it is referred to.
        let flag = unsafe { &raw const (*self.raw()).f_flag };
        // SAFETY: as above.
        unsafe { std::ptr::read_volatile(flag) as u32 }
    }

    /// Changes f_flag in one piece: `clear` goes, `set` comes.
    pub fn change_flags(self, clear: u32, set: u32) {
        let flags = self.flags() & !clear | set;
        // SAFETY: the file is alive while it is referred to.
        let flag = unsafe { &raw mut (*self.raw()).f_flag };
        // SAFETY: as above; modules read it, and only the host writes it, under its lock.
        unsafe { std::ptr::write_volatile(flag, flags as _) };
    }

    /// Whether it is in non-blocking mode.
    pub fn is_nonblocking(self) -> bool {
        self.flags() & kpi::FNONBLOCK != 0
    }

    /// The opener's credentials, a `kauth_cred_t`.
    pub fn cred(self) -> usize {
        // SAFETY: the file is alive while it is referred to.
        unsafe { (*self.raw()).f_cred as usize }
    }
}

/// What stands behind a file of the host's own. Each method is one of `struct fileops`, called
/// with a reference to the file held; the defaults are those of kern_descrip.c's `fbadop_*` and
/// `fnullop_*`.
pub trait NativeFile: Send + Sync {
    /// fo_name.
    fn name(&self) -> &'static str;

    /// f_type, DTYPE_*.
    fn kind(&self) -> u32 {
        kpi::DTYPE_MISC
    }

    /// fo_read: moves bytes to the request.
    fn read(&self, _world: &mut World, _file: File, _request: &mut Request) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// fo_write: moves bytes from the request.
    fn write(&self, _world: &mut World, _file: File, _request: &mut Request) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// fo_ioctl: `data` has the length that the command states, and is copied in and out by
    /// ioctl(2).
    fn ioctl(&self, _world: &mut World, _file: File, _cmd: u64, _data: &mut [u8]) -> Result<()> {
        Err(EPASSTHROUGH)
    }

    /// fo_fcntl: F_SETFL before the flags change, and commands of file systems.
    fn fcntl(&self, _world: &mut World, _file: File, cmd: u32) -> Result<()> {
        if cmd == kpi::F_SETFL {
            Ok(())
        } else {
            Err(Errno::EOPNOTSUPP)
        }
    }

    /// fo_poll: the events that are there of those asked for; otherwise records the thread.
    fn poll(&self, _world: &mut World, _file: File, _events: u32) -> u32 {
        0
    }

    /// fo_stat: fills in the answer, which is zero before.
    fn stat(&self, _world: &mut World, _file: File, _stat: &mut kpi::stat) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// fo_kqfilter: sets the knote's functions and attaches it.
    fn kqfilter(&self, _world: &mut World, _file: File, _knote: *mut kpi::knote) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// bind(2) of a socket.
    fn bind(&self, _world: &mut World, _sockaddr: &[u8]) -> Result<()> {
        Err(errno(kpi::ENOTSOCK))
    }

    /// connect(2) of a socket.
    fn connect(&self, _world: &mut World, _sockaddr: &[u8]) -> Result<()> {
        Err(errno(kpi::ENOTSOCK))
    }

    /// The end of a pair of local sockets that it is.
    fn as_local(&self) -> Option<&Local> {
        None
    }

    /// fo_restart: ends the calls that sleep, for the descriptor is being closed.
    fn restart(&self, _world: &mut World, _file: File) {}

    /// fo_close, after the last reference has gone.
    fn close(&self, _world: &mut World, _file: File) -> Result<()> {
        Ok(())
    }
}

/// One open file.
struct Open {
    /// f_count.
    count: u32,
    /// What stands behind it, unless that is a module's fileops.
    native: Option<Arc<dyn NativeFile>>,
}

/// All files and all processes' descriptors.
#[derive(Default)]
pub struct Files {
    open: LiteMap<File, Open>,
    tables: LiteMap<Pid, Table>,
    pub(crate) discarded: Discarded,
}

impl Files {
    /// How many files are open.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// What is still open, one line each.
    pub fn leftovers(&self) -> Vec<String> {
        let name = |open: &Open| open.native.as_ref().map_or("a module's", |native| native.name());
        self.open
            .iter()
            .map(|(file, open)| format!("file {:#x}, {}, {} refs", file.0, name(open), open.count))
            .collect()
    }
}

impl World {
    /// A new `struct file`, owned by the calling thread's user, without references. ENFILE when
    /// there are too many.
    fn file_get(&mut self) -> Result<File> {
        if self.memory.fails() {
            return Err(errno(kpi::ENFILE));
        }
        let raw = self.allocate(size_of::<kpi::file>(), KIND, true).cast::<kpi::file>();
        // SAFETY: the calling thread's own lwp.
        let cred = unsafe { (*curlwp()).l_cred };
        // SAFETY: allocated above, zeroed, and of that size.
        unsafe { (*raw).f_cred = cred };
        let file = File::from_raw(raw);
        self.files.open.insert(file, Open { count: 0, native: None });
        Ok(file)
    }

    /// Frees a file that nobody refers to any more.
    fn file_put(&mut self, file: File) {
        match self.files.open.remove(&file) {
            None => host_panic!("{:#x} is no file", file.0),
            Some(open) => kassert!(open.count == 0, "a file is freed with {} refs", open.count),
        }
        self.free(file.raw().cast(), Some(size_of::<kpi::file>()), KIND);
    }

    fn file_state(&mut self, file: File) -> &mut Open {
        match self.files.open.get_mut(&file) {
            Some(open) => open,
            None => host_panic!("{:#x} is no file, or no longer one", file.0),
        }
    }

    /// Takes a reference to a file, for longer than a descriptor's.
    pub(crate) fn file_hold(&mut self, file: File) {
        self.file_state(file).count += 1;
    }

    /// What stands behind a file, unless that is a module's.
    pub fn native_of(&mut self, file: File) -> Option<Arc<dyn NativeFile>> {
        self.file_state(file).native.clone()
    }

    /// closef: lets go of a file; the last one closes it.
    pub(crate) fn closef(&mut self, file: File) -> Result<()> {
        let open = self.file_state(file);
        kassert!(open.count > 0, "closef: the file has no references");
        open.count -= 1;
        if open.count > 0 {
            return Ok(());
        }
        let result = self.fo_close(file);
        kassert!(result != Err(crate::kern::errno::ERESTART), "fo_close returned ERESTART");
        self.file_put(file);
        result
    }

    /// Makes a file of the host's own and a descriptor for it in the calling process. `flags`
    /// are FREAD, FWRITE, FNONBLOCK and O_CLOEXEC.
    pub fn fd_install(&mut self, native: Arc<dyn NativeFile>, flags: u32) -> Result<i32> {
        let (file, fd) = self.fd_allocfile()?;
        self.become_native(file, native, flags);
        self.fd_set_exclose(fd, flags & kpi::O_CLOEXEC != 0);
        self.fd_affix(file, fd);
        Ok(fd)
    }

    /// Gives a file that has nothing behind it yet something of the host's own.
    pub(crate) fn become_native(&mut self, file: File, native: Arc<dyn NativeFile>, flags: u32) {
        file.change_flags(!0, flags & kpi::FMASK);
        // SAFETY: a file without references: nobody else sees it yet.
        unsafe { (*file.raw()).f_type = native.kind() };
        self.file_state(file).native = Some(native);
    }
}
