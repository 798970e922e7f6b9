// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Media selection, ifmedia(9): a list that can be chosen from, without any effect.

use core::ffi::c_int;
use core::ptr;

use super::kpi;

/// The media that the driver has always offered: 1000baseT, 100baseTX and 10baseT, each also in
/// full duplex, and automatic choice, which is also the first selection.
static OFFERED: [u32; 7] = [
    kpi::IFM_ETHER | kpi::IFM_1000_T,
    kpi::IFM_ETHER | kpi::IFM_1000_T | kpi::IFM_FDX,
    kpi::IFM_ETHER | kpi::IFM_100_TX,
    kpi::IFM_ETHER | kpi::IFM_100_TX | kpi::IFM_FDX,
    kpi::IFM_ETHER | kpi::IFM_10_T,
    kpi::IFM_ETHER | kpi::IFM_10_T | kpi::IFM_FDX,
    kpi::IFM_ETHER | kpi::IFM_AUTO,
];

/// Prepares a media list.
///
/// # Safety
///
/// `media` is zeroed memory that stays where it is until [`fini`].
pub(super) unsafe fn init(media: *mut kpi::ifmedia) {
    let change = Some(kpi::tap_rs_media_change as unsafe extern "C" fn(*mut kpi::ifnet) -> c_int);
    let status = Some(
        kpi::tap_rs_media_status as unsafe extern "C" fn(*mut kpi::ifnet, *mut kpi::ifmediareq),
    );
    // SAFETY: the caller's promise.
    unsafe { kpi::ifmedia_init(media, 0, change, status) };
    for word in &OFFERED {
        // SAFETY: initialised above.
        unsafe { kpi::ifmedia_add(media, *word as c_int, 0, ptr::null_mut()) };
    }
    // SAFETY: initialised above, and automatic choice is in the list.
    unsafe { kpi::ifmedia_set(media, (kpi::IFM_ETHER | kpi::IFM_AUTO) as c_int) }
}

/// Frees a media list.
///
/// # Safety
///
/// `media` has been through [`init`], and nobody uses it any more.
pub(super) unsafe fn fini(media: *mut kpi::ifmedia) {
    // SAFETY: the caller's promise.
    unsafe { kpi::ifmedia_fini(media) }
}

/// The answer to SIOCGIFMEDIA.
pub struct Request<'a>(&'a mut kpi::ifmediareq);

impl<'a> Request<'a> {
    /// The request of a call of the kernel.
    pub fn new(raw: &'a mut kpi::ifmediareq) -> Self {
        Request(raw)
    }

    /// Says what is selected, and whether there is a link.
    pub fn set(&mut self, active: c_int, link: bool) {
        self.0.ifm_active = active;
        self.0.ifm_status = kpi::IFM_AVALID as c_int;
        if link {
            self.0.ifm_status |= kpi::IFM_ACTIVE as c_int;
        }
    }
}
