// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The instructions that measuring is made of, amd64's.

use crate::arch::Length;

/// Bytes of one gate, padded.
pub const GATE: usize = 48;

/// Makes a request of valgrind's with one argument; 0 without it.
pub fn request(number: usize, argument: usize) -> usize {
    let words = [number, argument, 0, 0, 0, 0];
    let mut answer: usize = 0;
    // SAFETY: rotates a register by 128 bits in all, and exchanges another with itself; valgrind
    // reads the words instead, and writes the answer.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
        );
    }
    answer
}

/// A gate: adds to the two words at `counter` and jumps to `target`. It changes nothing but %r10,
/// %r11 and the flags, which no argument is in: %rax is the number of vector registers of a variadic
/// call.
pub fn gate(counter: u64, length: Option<Length>, target: u64) -> [u8; GATE] {
    let mut code = Vec::with_capacity(GATE);
    let load_r11 = |code: &mut Vec<u8>, value: u64| {
        code.extend_from_slice(&[0x49, 0xbb]);
        code.extend_from_slice(&value.to_le_bytes());
    };
    load_r11(&mut code, counter);
    // incq (%r11)
    code.extend_from_slice(&[0x49, 0xff, 0x03]);
    code.extend_from_slice(match length {
        None => &[],
        // addq %rsi, 8(%r11)
        Some(Length::Second) => &[0x49, 0x01, 0x73, 0x08],
        // addq %rdx, 8(%r11)
        Some(Length::Third) => &[0x49, 0x01, 0x53, 0x08],
        // movl %edx, %r10d; addq %r10, 8(%r11)
        Some(Length::ThirdInt) => &[0x41, 0x89, 0xd2, 0x4d, 0x01, 0x53, 0x08],
    });
    load_r11(&mut code, target);
    // jmp *%r11
    code.extend_from_slice(&[0x41, 0xff, 0xe3]);
    let mut padded = [0xcc; GATE];
    padded[..code.len()].copy_from_slice(&code);
    padded
}
