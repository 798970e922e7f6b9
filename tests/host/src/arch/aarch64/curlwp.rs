// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! curlwp, as code compiled with machine/cpu.h obtains it: from a register of the kernel's. A process
//! that reads this register is sent SIGILL. The handler does the read, so that the module's text
//! need not be changed.

use crate::exports;
use crate::sched::curlwp;

/// `mrs x0, tpidr_el1`; the lowest five bits are which register it goes to.
const READ: u32 = 0xd538_d080;
/// Those bits.
const REGISTER: u32 = 0x1f;

/// Reads the register, if that is what the interrupted thread wanted.
pub fn emulate(context: &mut libc::ucontext_t) -> bool {
    let machine = &mut context.uc_mcontext;
    // SAFETY: the processor has just read the instruction there.
    let word = unsafe { (machine.pc as *const u32).read() };
    if word & !REGISTER != READ {
        return false;
    }
    // The last is no register: what is read is thrown away.
    if let Some(to) = machine.regs.get_mut((word & REGISTER) as usize) {
        *to = curlwp() as u64;
    }
    machine.pc += 4;
    true
}

exports!();
