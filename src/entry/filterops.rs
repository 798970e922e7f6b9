// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Knotes: `tap_rs_rfilterops` and `tap_rs_wfilterops` of `shim/register.c`.

use core::ffi::{c_int, c_long, c_uint};

use super::exit_word;
use crate::event;
use crate::kern::knote::{Filter, Knote};
use crate::kern::kpi;
use crate::lockfree::arc::Arc;
use crate::softc::Softc;

declared!(tap_rs_kq_rdetach, tap_rs_kq_revent, tap_rs_kq_wdetach, tap_rs_kq_wevent,);

/// f_detach of either filter, all but its last instruction.
///
/// # Safety
///
/// Called once, from within f_detach of a knote that `attach_knote` has attached.
unsafe fn kq_detach(knote: *mut kpi::knote, filter: Filter) -> *mut c_uint {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    // SAFETY: the reference that `attach_knote` left; f_detach is called once.
    let softc = unsafe { Arc::from_raw(knote.hook::<Softc>()) };
    event::detach_knote(&softc, knote, filter);
    // The reference is dropped here, but the softc is not freed before the word is decremented.
    exit_word(softc.begin_knote_exit())
}

/// f_event of either filter.
///
/// # Safety
///
/// Called from within f_event of a knote that `attach_knote` has attached.
unsafe fn kq_event(knote: *mut kpi::knote, filter: Filter) -> c_int {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    let hook = knote.hook::<Softc>();
    // SAFETY: the knote holds a reference until f_detach.
    let softc = unsafe { hook.as_ref() };
    c_int::from(event::knote_event(softc, knote, filter))
}

/// f_detach of EVFILT_READ.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_rdetach(knote: *mut kpi::knote) -> *mut c_uint {
    // SAFETY: this is f_detach.
    unsafe { kq_detach(knote, Filter::Read) }
}

/// f_event of EVFILT_READ.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_revent(knote: *mut kpi::knote, _hint: c_long) -> c_int {
    // SAFETY: this is f_event.
    unsafe { kq_event(knote, Filter::Read) }
}

/// f_detach of EVFILT_WRITE.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_wdetach(knote: *mut kpi::knote) -> *mut c_uint {
    // SAFETY: this is f_detach.
    unsafe { kq_detach(knote, Filter::Write) }
}

/// f_event of EVFILT_WRITE.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_wevent(knote: *mut kpi::knote, _hint: c_long) -> c_int {
    // SAFETY: this is f_event.
    unsafe { kq_event(knote, Filter::Write) }
}
