// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Media selection, ifmedia(9). The selection has no effect.

use core::ffi::c_int;
use core::ptr;

use bitflags::bitflags;

use super::kpi;

bitflags! {
    /// A medium, IFM_*: the type of network, one subtype of it, and options.
    #[derive(Clone, Copy)]
    pub struct Medium: u32 {
        /// Ethernet; all others here are of this type.
        const ETHER = kpi::IFM_ETHER;
        /// 1000baseT.
        const T1000 = kpi::IFM_ETHER | kpi::IFM_1000_T;
        /// 100baseTX.
        const TX100 = kpi::IFM_ETHER | kpi::IFM_100_TX;
        /// 10baseT.
        const T10 = kpi::IFM_ETHER | kpi::IFM_10_T;
        /// Automatic choice.
        const AUTO = kpi::IFM_ETHER | kpi::IFM_AUTO;
        /// Full duplex, an option.
        const FDX = kpi::IFM_FDX;
        // The stack may select others.
        const _ = !0;
    }

    /// What is known of the link, IFM_*.
    #[derive(Clone, Copy)]
    struct MediaStatus: u32 {
        /// The other bit is valid.
        const AVALID = kpi::IFM_AVALID;
        /// There is a link.
        const ACTIVE = kpi::IFM_ACTIVE;
    }
}

impl Medium {
    fn to_raw(self) -> c_int {
        self.bits() as c_int
    }
}

/// Prepares a media list that offers some media, among them automatic choice, which is selected.
///
/// # Safety
///
/// `media` is zeroed memory that stays where it is until [`fini`].
pub(super) unsafe fn init(media: *mut kpi::ifmedia, offered: &[Medium]) {
    let change = Some(kpi::tap_rs_media_change as unsafe extern "C" fn(*mut kpi::ifnet) -> c_int);
    let status = Some(
        kpi::tap_rs_media_status as unsafe extern "C" fn(*mut kpi::ifnet, *mut kpi::ifmediareq),
    );
    // SAFETY: the caller's promise.
    unsafe { kpi::ifmedia_init(media, 0, change, status) };
    for medium in offered {
        // SAFETY: initialised above.
        unsafe { kpi::ifmedia_add(media, medium.to_raw(), 0, ptr::null_mut()) };
    }
    // SAFETY: initialised above, and the caller offers it.
    unsafe { kpi::ifmedia_set(media, Medium::AUTO.to_raw()) }
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
    pub fn set(&mut self, active: Medium, link: bool) {
        let mut status = MediaStatus::AVALID;
        status.set(MediaStatus::ACTIVE, link);
        self.0.ifm_active = active.to_raw();
        self.0.ifm_status = status.bits() as c_int;
    }
}
