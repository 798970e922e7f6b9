// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! amd64.

use core::arch::{asm, global_asm};

use tap_conformance::errno::{Errno, Result};

// The kernel enters with the stack pointer at the argument count; the ABI wants it aligned.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call tap_init_main",
    "ud2",
);

// A signal's handler returns here. The kernel leaves the context's address in r15, which the
// handler preserves; setcontext(2) takes the interrupted code up again.
global_asm!(
    ".globl tap_init_sigtramp",
    "tap_init_sigtramp:",
    "mov rdi, r15",
    "mov eax, 308",
    "syscall",
    "mov edi, 255",
    "mov eax, 1",
    "syscall",
    "ud2",
);

/// A system call; both values that it returns.
pub fn enter(number: usize, args: [usize; 6]) -> Result<(usize, usize)> {
    let first: usize;
    let second: usize;
    let failed: u8;
    // SAFETY: the kernel writes only to memory that the arguments name, which the callers borrow
    // mutably or know to be unmapped; the registers it changes are declared.
    unsafe {
        asm!(
            "syscall",
            "setc {failed}",
            failed = out(reg_byte) failed,
            inlateout("rax") number => first,
            in("rdi") args[0],
            in("rsi") args[1],
            inlateout("rdx") args[2] => second,
            inlateout("r10") args[3] => _,
            inlateout("r8") args[4] => _,
            inlateout("r9") args[5] => _,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    if failed != 0 {
        return Err(Errno(first as i32));
    }
    Ok((first, second))
}

/// struct __ucontext, as words: the general registers begin at word 7.
pub const UCONTEXT_WORDS: usize = 784 / 8;
const REGS: usize = 7;
const RDI: usize = REGS;
const RBP: usize = REGS + 12;
const RIP: usize = REGS + 21;
const RSP: usize = REGS + 24;

/// Has a context begin with a function's call on an empty stack.
pub fn begin_with(context: &mut [usize; UCONTEXT_WORDS], entry: usize, arg: usize, stack: usize) {
    context[RDI] = arg;
    context[RBP] = 0;
    context[RIP] = entry;
    // As after a call instruction: eight bytes below a multiple of sixteen.
    context[RSP] = stack - 8;
}

/// Stores a word, then ends the thread by _lwp_exit(2). The stack is not touched in between: the
/// next thread on it may run from the store on.
pub fn store_and_exit(to: *mut u32, value: u32) -> ! {
    // SAFETY: the caller has the word, in an atomic; _lwp_exit(2) does not return.
    unsafe {
        asm!(
            "mov dword ptr [{to}], {value:e}",
            "mov eax, 310",
            "syscall",
            "ud2",
            to = in(reg) to,
            value = in(reg) value,
            options(noreturn),
        );
    }
}

/// The time-stamp counter.
pub fn cycles() -> u64 {
    // SAFETY: every amd64 processor has the counter, and NetBSD lets programs read it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// What the counter counts for a loop of two instructions a turn.
pub fn cycles_of_loop(turns: u32) -> u64 {
    let begun = cycles();
    // SAFETY: a register is counted down to zero.
    unsafe {
        asm!("2:", "dec {turns:e}", "jnz 2b", turns = inout(reg) turns => _,
            options(nomem, nostack));
    }
    cycles() - begun
}

/// Named by the precompiled core library; nothing unwinds here.
#[no_mangle]
extern "C" fn rust_eh_personality() {}
