// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! klist(9): the knotes of one object, in the object's own memory, walked with its lock held.

use std::ffi::{c_int, c_long};

use super::{fields, foplock};
use crate::export::{Address, Export};
use crate::world::{enter, World};
use crate::{exports, kassert, kpi};

unsafe extern "C" fn nothing_to_detach(_: *mut kpi::knote) {}

unsafe extern "C" fn never(_: *mut kpi::knote, _: c_long) -> c_int {
    0
}

unsafe extern "C" fn always(knote: *mut kpi::knote, _: c_long) -> c_int {
    fields(knote as usize).kn_kevent.data = 0;
    1
}

/// What is left of a knote whose object has gone: it says nothing.
static NOTHING: kpi::filterops = kpi::filterops {
    f_flags: (kpi::FILTEROP_ISFD | kpi::FILTEROP_MPSAFE) as c_int,
    f_attach: None,
    f_detach: Some(nothing_to_detach),
    f_event: Some(never),
    f_touch: None,
};

/// `seltrue_filtops`: always ready.
static ALWAYS: kpi::filterops = kpi::filterops { f_event: Some(always), ..NOTHING };

impl World {
    /// klist_insert.
    pub(crate) fn klist_insert(&mut self, list: *mut kpi::klist, knote: *mut kpi::knote) {
        self.knote_queue(knote as usize, "klist_insert");
        // SAFETY: the list of an object that is there, with the object's lock held.
        let first = unsafe { &mut (*list).slh_first };
        fields(knote as usize).kn_selnext.sle_next = *first;
        *first = knote;
    }

    /// klist_remove: whether it was the last.
    pub(crate) fn klist_remove(&mut self, list: *mut kpi::klist, knote: *mut kpi::knote) -> bool {
        // SAFETY: the list of an object that is there, with the object's lock held.
        let mut place = unsafe { &raw mut (*list).slh_first };
        loop {
            // SAFETY: the list's own pointer, or that of a knote in it.
            let at = unsafe { *place };
            kassert!(!at.is_null(), "klist_remove: {knote:?} is not in the list");
            self.knote_queue(at as usize, "klist_remove");
            if at == knote {
                let after = fields(at as usize).kn_selnext.sle_next;
                // SAFETY: as above.
                unsafe { *place = after };
                break;
            }
            place = &raw mut fields(at as usize).kn_selnext.sle_next;
        }
        // SAFETY: the list of an object that is there, with the object's lock held.
        unsafe { (*list).slh_first.is_null() }
    }

    /// knote(9): every knote of a list whose filter says so becomes active. The object's lock is
    /// held, or whatever else keeps the list as it is.
    pub(crate) fn knote(&mut self, list: *mut kpi::klist, hint: c_long) {
        // SAFETY: the list of an object that is there.
        let mut next = unsafe { (*list).slh_first };
        while !next.is_null() {
            let knote = next as usize;
            self.knote_queue(knote, "knote");
            next = fields(knote).kn_selnext.sle_next;
            if self.filter_event(knote, hint, true) {
                self.knote_activate(knote);
            }
        }
    }

    /// klist_fini: the knotes that are left say nothing any more. Not with the object's lock held,
    /// since it takes theirs.
    pub(crate) fn klist_fini(&mut self, list: *mut kpi::klist) {
        // SAFETY: the list of an object that is there.
        let mut next = unsafe { (*list).slh_first };
        while !next.is_null() {
            let knote = next as usize;
            self.knote_queue(knote, "klist_fini");
            self.mutex_enter(foplock(knote));
            fields(knote).kn_fop = &raw const NOTHING;
            next = fields(knote).kn_selnext.sle_next;
            self.mutex_exit(foplock(knote));
        }
    }

    fn knote_change_flags(&mut self, knote: *mut kpi::knote, call: &str, clear: u32, set: u32) {
        let queue = self.knote_queue(knote as usize, call);
        self.mutex_enter(queue);
        let flags = &mut fields(knote as usize).kn_kevent.flags;
        *flags = *flags & !clear | set;
        self.mutex_exit(queue);
    }
}

unsafe extern "C" fn knote_set_eof(kn: *mut kpi::knote, flags: u32) {
    enter().knote_change_flags(kn, "knote_set_eof", 0, kpi::EV_EOF | flags);
}

unsafe extern "C" fn knote_clear_eof(kn: *mut kpi::knote) {
    enter().knote_change_flags(kn, "knote_clear_eof", kpi::EV_EOF, 0);
}

unsafe extern "C" fn klist_init(list: *mut kpi::klist) {
    // SAFETY: the caller's list.
    unsafe { (*list).slh_first = std::ptr::null_mut() };
}

unsafe extern "C" fn klist_fini(list: *mut kpi::klist) {
    enter().klist_fini(list);
}

unsafe extern "C" fn klist_insert(list: *mut kpi::klist, kn: *mut kpi::knote) {
    enter().klist_insert(list, kn);
}

unsafe extern "C" fn klist_remove(list: *mut kpi::klist, kn: *mut kpi::knote) -> bool {
    enter().klist_remove(list, kn)
}

unsafe extern "C" fn knote(list: *mut kpi::klist, hint: c_long) {
    enter().knote(list, hint);
}

unsafe extern "C" fn seltrue_kqfilter(_: kpi::dev_t, kn: *mut kpi::knote) -> c_int {
    match fields(kn as usize).kn_kevent.filter {
        kpi::EVFILT_READ | kpi::EVFILT_WRITE => {
            fields(kn as usize).kn_fop = &raw const ALWAYS;
            0
        }
        _ => kpi::EINVAL as c_int,
    }
}

exports!(
    knote_set_eof,
    knote_clear_eof,
    klist_init,
    klist_fini,
    klist_insert,
    klist_remove,
    knote,
    seltrue_kqfilter,
);

/// The kernel's tables that modules refer to.
pub const VARIABLES: &[Export] = &[Export {
    name: "seltrue_filtops",
    address: Address((&raw const ALWAYS).cast()),
    size: size_of::<kpi::filterops>(),
}];
