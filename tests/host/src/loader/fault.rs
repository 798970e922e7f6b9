// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a page fault in the kernel would say: the address, and where in which module it happened.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Once;

use super::trace::{backtrace, symbolise};

/// Seconds after which a report that hangs, as on a lock that the faulting thread has, is given up.
const PATIENCE: u32 = 10;

/// From now on a fault of this process is reported like one of the kernel's, and ends it.
pub fn catch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL] {
            install(signal);
        }
    });
}

fn install(signal: c_int) {
    // SAFETY: integers and pointers, for which all zeros is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = report as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
    // SAFETY: a handler of the type that SA_SIGINFO wants.
    unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
}

extern "C" fn report(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: a number.
    unsafe { libc::alarm(PATIENCE) };
    // SAFETY: the kernel's siginfo of a handler with SA_SIGINFO.
    let info = unsafe { &*info };
    // SAFETY: these signals have an address.
    let address = unsafe { info.si_addr() } as usize;
    // SAFETY: the kernel's context of a handler with SA_SIGINFO.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    let pc = context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
    let what = match signal {
        libc::SIGILL => "illegal instruction",
        _ => "page fault",
    };
    let place = |address| symbolise(address).map(|name| format!(", {name}")).unwrap_or_default();
    eprintln!("panic: {what}: address {address:#x}{}, pc {pc:#x}{}", place(address), place(pc));
    eprintln!("{}", backtrace());
    std::process::abort();
}
