// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Calls through `struct fileops`, a module's or the host's own. A module is called without the
//! host's lock and without the kernel lock, as the kernel calls fileops.

use std::ffi::c_void;
use std::sync::Arc;

use tap_conformance::errno::Result;

use super::{File, NativeFile};
use crate::host_panic;
use crate::kern::errno::check;
use crate::kern::uio::Request;
use crate::kpi;
use crate::world::World;

/// What a file can do.
enum Ops {
    Module(kpi::fileops),
    Native(Arc<dyn NativeFile>),
}

/// A member of a module's fileops that every file must have.
fn needed<F>(member: Option<F>, name: &str) -> F {
    member.unwrap_or_else(|| host_panic!("a file without {name}"))
}

impl World {
    fn file_ops(&mut self, file: File) -> Ops {
        if let Some(native) = self.native_of(file) {
            return Ops::Native(native);
        }
        // SAFETY: the file is alive while it is referred to.
        let ops = unsafe { (*file.raw()).f_ops };
        if ops.is_null() {
            host_panic!("a file without fileops");
        }
        // SAFETY: the module's table, which the module keeps while it has open files.
        Ops::Module(unsafe { *ops })
    }

    /// fo_read.
    pub(crate) fn fo_read(&mut self, file: File, request: &mut Request) -> Result<()> {
        match self.file_ops(file) {
            Ops::Native(native) => native.read(self, file, request),
            Ops::Module(ops) => {
                let read = needed(ops.fo_read, "fo_read");
                self.file_move(file, request, read)
            }
        }
    }

    /// fo_write.
    pub(crate) fn fo_write(&mut self, file: File, request: &mut Request) -> Result<()> {
        match self.file_ops(file) {
            Ops::Native(native) => native.write(self, file, request),
            Ops::Module(ops) => {
                let write = needed(ops.fo_write, "fo_write");
                self.file_move(file, request, write)
            }
        }
    }

    fn file_move(
        &mut self,
        file: File,
        request: &mut Request,
        call: unsafe extern "C" fn(
            *mut kpi::file,
            *mut kpi::off_t,
            *mut kpi::uio,
            kpi::kauth_cred_t,
            i32,
        ) -> i32,
    ) -> Result<()> {
        const FOF_UPDATE_OFFSET: i32 = 1;
        let raw = file.raw();
        // SAFETY: the file is alive while it is referred to.
        let offset = unsafe { &raw mut (*raw).f_offset };
        let cred = file.cred() as kpi::kauth_cred_t;
        let uio: *mut kpi::uio = request.uio();
        // SAFETY: the module's fileops, a file with a reference held and a request of ours.
        check(self.outside(|| unsafe { call(raw, offset, uio, cred, FOF_UPDATE_OFFSET) }))
    }

    /// fo_ioctl.
    pub(crate) fn fo_ioctl(&mut self, file: File, command: u64, data: &mut [u8]) -> Result<()> {
        match self.file_ops(file) {
            Ops::Native(native) => native.ioctl(self, file, command, data),
            Ops::Module(ops) => {
                let ioctl = needed(ops.fo_ioctl, "fo_ioctl");
                let data: *mut c_void = data.as_mut_ptr().cast();
                // SAFETY: the module's fileops, and a buffer of the length that the command states.
                check(self.outside(|| unsafe { ioctl(file.raw(), command, data) }))
            }
        }
    }

    /// fo_fcntl.
    pub(crate) fn fo_fcntl(&mut self, file: File, command: u32, value: &mut i32) -> Result<()> {
        match self.file_ops(file) {
            Ops::Native(native) => native.fcntl(self, file, command),
            Ops::Module(ops) => {
                let fcntl = needed(ops.fo_fcntl, "fo_fcntl");
                let value: *mut c_void = std::ptr::from_mut(value).cast();
                // SAFETY: the module's fileops; F_SETFL's argument is an int.
                check(self.outside(|| unsafe { fcntl(file.raw(), command, value) }))
            }
        }
    }

    /// fo_poll.
    pub(crate) fn fo_poll(&mut self, file: File, events: u32) -> u32 {
        match self.file_ops(file) {
            Ops::Native(native) => native.poll(self, file, events),
            Ops::Module(ops) => {
                let poll = needed(ops.fo_poll, "fo_poll");
                // SAFETY: the module's fileops, and a file with a reference held.
                self.outside(|| unsafe { poll(file.raw(), events as i32) }) as u32
            }
        }
    }

    /// fo_stat. A module gets an answer full of rubbish, as it lies on the kernel's stack.
    pub(crate) fn fo_stat(&mut self, file: File, stat: &mut kpi::stat) -> Result<()> {
        let raw: *mut kpi::stat = stat;
        match self.file_ops(file) {
            Ops::Native(native) => {
                // SAFETY: integers, for which all zeros is a value.
                unsafe { raw.write_bytes(0, 1) };
                native.stat(self, file, stat)
            }
            Ops::Module(ops) => {
                // SAFETY: integers, for which any bytes are a value.
                unsafe { raw.write_bytes(0xa5, 1) };
                let call = needed(ops.fo_stat, "fo_stat");
                // SAFETY: the module's fileops, and an answer of ours.
                check(self.outside(|| unsafe { call(file.raw(), raw) }))
            }
        }
    }

    /// fo_kqfilter.
    pub(crate) fn fo_kqfilter(&mut self, file: File, knote: *mut kpi::knote) -> Result<()> {
        match self.file_ops(file) {
            Ops::Native(native) => native.kqfilter(self, file, knote),
            Ops::Module(ops) => {
                let kqfilter = needed(ops.fo_kqfilter, "fo_kqfilter");
                // SAFETY: the module's fileops, and a knote that is being registered.
                check(self.outside(|| unsafe { kqfilter(file.raw(), knote) }))
            }
        }
    }

    /// fo_restart.
    pub(crate) fn fo_restart(&mut self, file: File) {
        match self.file_ops(file) {
            Ops::Native(native) => native.restart(self, file),
            Ops::Module(ops) => {
                let restart = needed(ops.fo_restart, "fo_restart");
                // SAFETY: the module's fileops, and a file with a reference held.
                self.outside(|| unsafe { restart(file.raw()) });
            }
        }
    }

    /// fo_close.
    pub(crate) fn fo_close(&mut self, file: File) -> Result<()> {
        match self.file_ops(file) {
            Ops::Native(native) => native.close(self, file),
            Ops::Module(ops) => {
                let close = needed(ops.fo_close, "fo_close");
                // SAFETY: the module's fileops; the last reference has gone.
                check(self.outside(|| unsafe { close(file.raw()) }))
            }
        }
    }
}
