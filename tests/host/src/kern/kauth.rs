// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kauth(9): credentials, and who is privileged. A credential is a user and a group here.

use std::sync::{Mutex, PoisonError};

use crate::exports;
use crate::kpi;

/// What a `kauth_cred_t` points at.
pub struct Cred {
    /// Effective user.
    pub euid: u32,
    /// Effective group.
    pub egid: u32,
}

/// All credentials. They live for ever: files keep them.
static ALL: Mutex<Vec<&'static Cred>> = Mutex::new(Vec::new());

/// A new credential, as a `kauth_cred_t`.
pub fn new_cred(euid: u32, egid: u32) -> usize {
    let cred: &'static Cred = Box::leak(Box::new(Cred { euid, egid }));
    ALL.lock().unwrap_or_else(PoisonError::into_inner).push(cred);
    std::ptr::from_ref(cred) as usize
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
