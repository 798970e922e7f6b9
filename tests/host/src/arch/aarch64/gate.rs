// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The instructions that measuring is made of, aarch64's.

use crate::arch::Length;

/// Bytes of one gate: twelve instructions at most, and two addresses.
pub const GATE: usize = 64;
/// Where in it the two words are.
const COUNTER: usize = 48;
/// Where in it the address of the function is.
const TARGET: usize = 56;

/// Makes a request of valgrind's with one argument; 0 without it.
pub fn request(number: usize, argument: usize) -> usize {
    let words = [number, argument, 0, 0, 0, 0];
    let mut answer: usize = 0;
    // SAFETY: rotates a register by 128 bits in all, and combines another with itself; valgrind
    // reads the words instead, and writes the answer.
    unsafe {
        std::arch::asm!(
            "ror x12, x12, #3",
            "ror x12, x12, #13",
            "ror x12, x12, #51",
            "ror x12, x12, #61",
            "orr x10, x10, x10",
            in("x4") words.as_ptr(),
            inout("x3") answer,
        );
    }
    answer
}

/// A gate: adds to the two words at `counter` and jumps to `target`. It changes nothing but x16 and
/// x17, which the ABI leaves to those between a caller and who is called.
pub fn gate(counter: u64, length: Option<Length>, target: u64) -> [u8; GATE] {
    // ldr x17, [x16, #8]; add the length; str x17, [x16, #8].
    let add = |instruction: u32| vec![0xf940_0611, instruction, 0xf900_0611];
    let length = match length {
        None => vec![],
        // add x17, x17, x1
        Some(Length::Second) => add(0x8b01_0231),
        // add x17, x17, x2
        Some(Length::Third) => add(0x8b02_0231),
        // add x17, x17, w2, uxtw
        Some(Length::ThirdInt) => add(0x8b22_4231),
    };
    // ldr x17, [x16]; add x17, x17, #1; str x17, [x16].
    let count = [0xf940_0211, 0x9100_0631, 0xf900_0211];
    let mut code = vec![load(COUNTER)];
    code.extend(count.into_iter().chain(length));
    code.push(load(TARGET - code.len() * 4));
    // br x16
    code.push(0xd61f_0200);
    let mut gate = [0; GATE];
    for (to, word) in gate.chunks_exact_mut(4).zip(code) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    gate[COUNTER..TARGET].copy_from_slice(&counter.to_le_bytes());
    gate[TARGET..].copy_from_slice(&target.to_le_bytes());
    gate
}

/// ldr x16, and how many bytes further the word is.
fn load(distance: usize) -> u32 {
    0x5800_0010 | (distance as u32 / 4) << 5
}
