// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the handlers of the sysctl tree ask, which `shim/helpers/sysctl.c` creates.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use crate::cloner::TABLE;
use crate::kern::errno::to_int;
use crate::kern::kpi;
use crate::kern::sysctl::text_buffer;
use crate::softc::Softc;
use crate::sysctl;

declared!(tap_rs_sysctl_get, tap_rs_sysctl_set, tap_rs_sysctl_opener,);

/// The sysctl leaf's softc.
///
/// # Safety
///
/// `cookie` is the leaf's data, in a call of its handler, and the result used no longer: detach
/// destroys the leaf, which waits for the handler, before it lets go of the softc.
unsafe fn softc_of_leaf<'a>(cookie: *mut c_void) -> &'a Softc {
    // SAFETY: the caller's promise.
    unsafe { &*cookie.cast() }
}

/// The address as text.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_sysctl_get(cookie: *mut c_void, text: *mut c_char) {
    // SAFETY: this is the leaf's handler.
    let softc = unsafe { softc_of_leaf(cookie) };
    // SAFETY: the handler's own buffer, of that size.
    sysctl::get(softc, unsafe { text_buffer(text) });
}

/// A new address.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_sysctl_set(cookie: *mut c_void, text: *mut c_char) -> c_int {
    // SAFETY: this is the leaf's handler.
    let softc = unsafe { softc_of_leaf(cookie) };
    // SAFETY: the handler's own buffer, of that size.
    to_int(sysctl::set(softc, unsafe { text_buffer(text) }))
}

/// Finds the next open interface, beginning with `unit`, whose opener the calling process may see.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_sysctl_opener(
    unit: *mut c_int,
    pid: *mut kpi::pid_t,
) -> *const c_char {
    // SAFETY: the handler's own variable.
    let unit = unsafe { &mut *unit };
    // SAFETY: as above.
    let pid = unsafe { &mut *pid };
    // SAFETY: this is a handler of the sysctl tree, whose lock detach takes after it has emptied
    // the table's slot and before it drops the softc.
    let found = unsafe {
        TABLE.find(*unit as u32, |softc| match softc.opener.visible() {
            Some(opener) => {
                *pid = opener;
                true
            }
            None => false,
        })
    };
    let Some(softc) = found else { return ptr::null() };
    *unit = softc.unit.as_int() + 1;
    softc.interface.name().as_ptr()
}
