// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! aarch64.

use core::arch::{asm, global_asm};

use tap_conformance::errno::{Errno, Result};

// The kernel enters with the stack pointer aligned.
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, xzr",
    "mov x30, xzr",
    "bl tap_init_main",
    "brk #0",
);

// A signal's handler returns here. The kernel leaves the context's address in x28, which the
// handler preserves; setcontext(2) takes the interrupted code up again.
global_asm!(
    ".globl tap_init_sigtramp",
    "tap_init_sigtramp:",
    "mov x0, x28",
    "svc #308",
    "mov x0, #255",
    "svc #1",
    "brk #0",
);

/// A system call; both values that it returns. The number is not in the instruction: that of
/// syscall(2) is, 0, which takes another's from x17.
pub fn enter(number: usize, args: [usize; 6]) -> Result<(usize, usize)> {
    let first: usize;
    let second: usize;
    let failed: u32;
    // SAFETY: the kernel writes only to memory that the arguments name, which the callers borrow
    // mutably or know to be unmapped; the registers it changes are declared.
    unsafe {
        asm!(
            "svc #0",
            "cset {failed:w}, cs",
            failed = lateout(reg) failed,
            inlateout("x0") args[0] => first,
            inlateout("x1") args[1] => second,
            in("x2") args[2],
            in("x3") args[3],
            in("x4") args[4],
            in("x5") args[5],
            in("x17") number,
        );
    }
    if failed != 0 {
        return Err(Errno(first as i32));
    }
    Ok((first, second))
}

/// struct __ucontext, as words: the general registers begin at word 8.
pub const UCONTEXT_WORDS: usize = 944 / 8;
const X0: usize = 8;
const FP: usize = X0 + 29;
const LR: usize = X0 + 30;
const SP: usize = X0 + 31;
const PC: usize = X0 + 32;

/// Has a context begin with a function's call on an empty stack.
pub fn begin_with(context: &mut [usize; UCONTEXT_WORDS], entry: usize, arg: usize, stack: usize) {
    context[X0] = arg;
    context[FP] = 0;
    context[LR] = 0;
    context[SP] = stack;
    context[PC] = entry;
}

/// Stores a word, then ends the thread by _lwp_exit(2). The stack is not touched in between: the
/// next thread on it may run from the store on, which others see after all that came before.
pub fn store_and_exit(to: *mut u32, value: u32) -> ! {
    // SAFETY: the caller has the word, in an atomic; _lwp_exit(2) does not return.
    unsafe {
        asm!(
            "stlr {value:w}, [{to}]",
            "svc #310",
            "brk #0",
            to = in(reg) to,
            value = in(reg) value,
            options(noreturn),
        );
    }
}
