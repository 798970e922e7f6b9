// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! SIGIO, counted.

use core::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, Ordering};

use tap_conformance::abi::SIGIO;
use tap_conformance::errno::Result;
use tap_conformance::sys::SigIo;

use crate::raw::{call6, nr};

static COUNT: AtomicU32 = AtomicU32::new(0);
static CODE: AtomicI32 = AtomicI32::new(0);
static BAND: AtomicI64 = AtomicI64::new(0);

const SA_RESTART: i32 = 0x2;
const SA_SIGINFO: i32 = 0x40;
/// The version of the trampoline's contract with the kernel: siginfo.
const TRAMPOLINE_VERSION: usize = 2;

/// struct sigaction.
#[repr(C)]
struct SigAction {
    handler: usize,
    mask: [u32; 4],
    flags: i32,
}

/// The beginning of siginfo_t, for SIGIO.
#[repr(C)]
struct SigInfo {
    signal: i32,
    code: i32,
    errno: i32,
    hole: i32,
    band: i64,
}

extern "C" {
    /// In `arch`.
    fn tap_init_sigtramp();
}

extern "C" fn on_sigio(_signal: i32, info: *const SigInfo, _context: usize) {
    // SAFETY: the kernel passes the address of a siginfo_t on the handler's stack.
    let info = unsafe { &*info };
    CODE.store(info.code, Ordering::Relaxed);
    BAND.store(info.band, Ordering::Relaxed);
    COUNT.fetch_add(1, Ordering::Release);
}

/// Counts from now on; `restart` has the interrupted call made again.
pub fn watch(restart: bool) -> Result<()> {
    take();
    let flags = if restart { SA_SIGINFO | SA_RESTART } else { SA_SIGINFO };
    let action = SigAction { handler: on_sigio as *const () as usize, mask: [0; 4], flags };
    let args = [
        SIGIO as usize,
        core::ptr::from_ref(&action) as usize,
        0,
        tap_init_sigtramp as *const () as usize,
        TRAMPOLINE_VERSION,
        0,
    ];
    call6(nr::SIGACTION_SIGTRAMP, args).map(drop)
}

/// What was counted.
pub fn take() -> SigIo {
    let count = COUNT.swap(0, Ordering::Acquire);
    SigIo { count, code: CODE.load(Ordering::Relaxed), band: BAND.load(Ordering::Relaxed) }
}
