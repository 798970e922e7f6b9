// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a page fault in the kernel would say: the address, and where in which module it happened.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use super::trace::{backtrace, symbolise};
use crate::arch::cpu;

/// Seconds after which a report that hangs, as on a lock that the faulting thread has, is given up.
const PATIENCE: u32 = 10;

/// Does what an instruction that a process may not execute would have done in the kernel, and
/// steps over it; whether it did.
pub type Emulate = fn(&mut libc::ucontext_t) -> bool;

static EMULATE: OnceLock<Emulate> = OnceLock::new();

/// From now on a fault of this process that `emulate` does not see to is reported like one of the
/// kernel's, and ends it.
pub fn catch(emulate: Emulate) {
    EMULATE.get_or_init(|| {
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL] {
            install(signal);
        }
        emulate
    });
}

fn install(signal: c_int) {
    // SAFETY: integers and pointers, for which all zeros is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = caught as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: a handler of the type that SA_SIGINFO wants.
    unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
}

extern "C" fn caught(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's context of a handler with SA_SIGINFO.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    if signal == libc::SIGILL && EMULATE.get().is_some_and(|emulate| emulate(context)) {
        return;
    }
    // SAFETY: the kernel's siginfo of a handler with SA_SIGINFO.
    report(signal, unsafe { &*info }, context);
}

fn report(signal: c_int, info: &libc::siginfo_t, context: &libc::ucontext_t) -> ! {
    // A fault of the report's own ends the process at once.
    // SAFETY: the action that signals have anyway.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SAFETY: a number.
    unsafe { libc::alarm(PATIENCE) };
    // SAFETY: these signals have an address.
    let address = unsafe { info.si_addr() } as usize;
    let pc = cpu::pc(context);
    let what = match signal {
        libc::SIGILL => "illegal instruction",
        _ => "page fault",
    };
    let place = |address| symbolise(address).map(|name| format!(", {name}")).unwrap_or_default();
    eprintln!("panic: {what}: address {address:#x}{}, pc {pc:#x}{}", place(address), place(pc));
    eprintln!("{}", backtrace());
    std::process::abort();
}
