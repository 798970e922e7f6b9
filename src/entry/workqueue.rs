// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The handler of the work queue, which `kern::workqueue` creates.

use core::ffi::c_void;

use crate::cloner;
use crate::kern::kpi;
use crate::kern::workqueue::Work;
use crate::lockfree::arc::Arc;
use crate::softc::Softc;

declared!(tap_rs_end_work,);

/// The end of an interface whose node has been closed.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_end_work(work: *mut kpi::work, _arg: *mut c_void) {
    // SAFETY: this is the handler, and only softcs are queued.
    let owner = unsafe { Work::owner::<Softc>(work) };
    // SAFETY: the reference that the close left; the handler is called once for it.
    let softc = unsafe { Arc::from_raw(owner) };
    cloner::end(&softc);
}
