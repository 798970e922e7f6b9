// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kauth(9): credentials, and who is privileged. A credential is a user and a group here.

use crate::exports;
use crate::kpi;

/// What a `kauth_cred_t` points at.
pub struct Cred {
    /// Effective user.
    pub euid: u32,
    /// Effective group.
    pub egid: u32,
}

/// A new credential, as a `kauth_cred_t`. It lives for ever: files keep it.
pub fn new_cred(euid: u32) -> usize {
    Box::into_raw(Box::new(Cred { euid, egid: euid })) as usize
}

/// What a `kauth_cred_t` stands for.
pub fn cred(raw: usize) -> &'static Cred {
    // SAFETY: every credential is made by `new_cred` and lives for ever.
    unsafe { &*(raw as *const Cred) }
}

unsafe extern "C" fn kauth_cred_geteuid(raw: kpi::kauth_cred_t) -> kpi::uid_t {
    cred(raw as usize).euid
}

unsafe extern "C" fn kauth_cred_getegid(raw: kpi::kauth_cred_t) -> kpi::gid_t {
    cred(raw as usize).egid
}

exports!(kauth_cred_geteuid, kauth_cred_getegid);
