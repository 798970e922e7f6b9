// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Changes of what a kqueue watches. Only filters on descriptors are there.

use std::ffi::c_int;

use tap_conformance::abi::Kev;
use tap_conformance::errno::{Errno, Result};

use super::{fields, foplock};
use crate::kassert;
use crate::kern::descrip::File;
use crate::kpi;
use crate::world::World;

/// EVFILT_EMPTY, which not every header names.
const EVFILT_EMPTY: u32 = 9;

/// What a knote has until its file's fo_kqfilter gives it something better: nothing to call, and
/// the kernel lock, since fo_kqfilter may need it.
static FILE: kpi::filterops = kpi::filterops {
    f_flags: kpi::FILTEROP_ISFD as c_int,
    f_attach: None,
    f_detach: None,
    f_event: None,
    f_touch: None,
};

impl World {
    /// kqueue_register. EINVAL for a filter that is not there, EBADF, ENOENT, or what the file's
    /// fo_kqfilter says.
    pub(super) fn kqueue_register(&mut self, queue: usize, change: &Kev) -> Result<()> {
        let watched = [kpi::EVFILT_READ, kpi::EVFILT_WRITE, kpi::EVFILT_VNODE, EVFILT_EMPTY];
        if !watched.contains(&change.filter) {
            return Err(Errno::EINVAL);
        }
        let fd = i32::try_from(change.ident).map_err(|_| Errno::EBADF)?;
        let file = self.fd_getfile(fd)?;
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        let knotes = self.fd_slot(fd).knotes.clone();
        let same = |knote: &usize| {
            fields(*knote).kn_kevent.filter == change.filter && self.events.knotes[knote] == queue
        };
        let found = knotes.into_iter().find(same);
        let flags = change.flags;
        let closing = self.fd_is_closing(fd);
        kassert!(
            !self.kqueue_state(queue).closing,
            "an event is registered while the kqueue is closed"
        );
        let (result, used) = match found {
            _ if closing => (Err(Errno::EBADF), false),
            None if flags & kpi::EV_ADD == 0 => (Err(Errno::ENOENT), false),
            None => return self.knote_add(queue, file, fd, change),
            Some(knote) if flags & kpi::EV_DELETE != 0 => {
                fields(knote).kn_status |= kpi::KN_WILLDETACH;
                self.knote_detach(knote, true);
                (Ok(()), true)
            }
            Some(knote) => {
                self.mutex_enter(foplock(knote));
                let knote_fields = fields(knote);
                knote_fields.kn_kevent.udata = change.udata as *mut _;
                knote_fields.kn_sfflags = change.fflags;
                knote_fields.kn_sdata = change.data as usize;
                self.knote_look(knote, flags);
                (Ok(()), false)
            }
        };
        if !used {
            self.mutex_exit(lock);
        }
        self.fd_putfile(fd);
        result
    }

    /// A new knote, with the descriptors' lock held, which it gives up. It keeps the reference to
    /// the descriptor.
    fn knote_add(&mut self, queue: usize, file: File, fd: i32, change: &Kev) -> Result<()> {
        let lock = self.fd_table().lock;
        let knote = self.knote_alloc(queue);
        let new = fields(knote);
        new.kn_kq = queue as *mut kpi::kqueue;
        new.kn_obj = file.raw().cast();
        new.kn_fop = &raw const FILE;
        new.kn_sfflags = change.fflags;
        new.kn_sdata = change.data as usize;
        new.kn_kevent.ident = change.ident;
        new.kn_kevent.filter = change.filter;
        new.kn_kevent.flags = change.flags;
        new.kn_kevent.udata = change.udata as *mut _;
        self.fd_slot(fd).knotes.insert(0, knote);
        self.mutex_enter(foplock(knote));
        self.kernel_lock(1);
        let attached = self.fo_kqfilter(file, knote as *mut kpi::knote);
        self.kernel_unlock(1);
        if let Err(error) = attached {
            self.mutex_exit(foplock(knote));
            fields(knote).kn_status |= kpi::KN_WILLDETACH;
            self.knote_detach(knote, false);
            return Err(error);
        }
        kassert!(
            !std::ptr::eq(fields(knote).kn_fop, &raw const FILE),
            "fo_kqfilter has attached a knote without giving it functions"
        );
        self.knote_look(knote, change.flags);
        self.mutex_exit(lock);
        Ok(())
    }

    /// Asks the filter, and enables or disables; gives the foplock up.
    fn knote_look(&mut self, knote: usize, flags: u32) {
        if self.filter_event(knote, 0, false) {
            self.knote_activate(knote);
        }
        self.mutex_exit(foplock(knote));
        if flags & kpi::EV_DISABLE != 0 {
            fields(knote).kn_status |= kpi::KN_DISABLED;
        }
        if flags & kpi::EV_ENABLE != 0 {
            self.knote_enable(knote);
        }
    }
}
