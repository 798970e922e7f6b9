// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The console and its message buffer, as sys/kern/subr_prf.c has them. The formatting itself is
//! in `c/variadic.c`, because only C can define a variadic function.

use std::ffi::{c_char, c_int, c_void, CStr};

use crate::export::{Address, Export};
use crate::host_panic;
use crate::world::{enter, World};

/// How many bytes the message buffer keeps.
const SIZE: usize = 1 << 18;
/// `c/variadic.c`'s kinds: aprint_debug's and aprint_naive's texts are not for this boot.
const DEBUG: c_int = 3;

/// The message buffer, dmesg(8)'s.
#[derive(Default)]
pub struct Messages {
    text: String,
    /// Whether messages appear on standard error too.
    pub echo: bool,
}

impl Messages {
    /// All that was printed, the oldest lines dropped when it was too much.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Forgets what was printed.
    pub fn clear(&mut self) {
        self.text.clear();
    }
}

/// printf(9).
pub fn log(world: &mut World, text: &str) {
    if world.messages.echo {
        eprint!("{text}");
    }
    let buffer = &mut world.messages.text;
    buffer.push_str(text);
    if buffer.len() > SIZE {
        let half = buffer[SIZE / 2..].find('\n').map_or(buffer.len(), |at| SIZE / 2 + at + 1);
        buffer.drain(..half);
    }
}

fn text_of<'a>(text: *const c_char) -> std::borrow::Cow<'a, str> {
    // SAFETY: a string that C has just made, and that outlives the call.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

#[unsafe(no_mangle)]
extern "C" fn host_log(kind: c_int, text: *const c_char) {
    if kind < DEBUG {
        log(&mut enter(), &text_of(text));
    }
}

#[unsafe(no_mangle)]
extern "C" fn host_log_device(kind: c_int, dev: *mut c_void, text: *const c_char) {
    let mut world = enter();
    let name = world.device_name(dev as usize);
    if kind < DEBUG {
        log(&mut world, &format!("{name}: {}", text_of(text)));
    }
}

#[unsafe(no_mangle)]
extern "C" fn host_panic(text: *const c_char) -> ! {
    host_panic!("{}", text_of(text))
}

/// Declares C's functions and exports each under its name in the kernel.
macro_rules! variadic {
    ($($function:ident = $name:literal),* $(,)?) => {
        unsafe extern "C" {
            $(fn $function();)*
        }
        /// The kernel symbols that this file offers.
        pub const EXPORTS: &[Export] = &[
            $(Export { name: $name, address: Address($function as *const ()), size: 0 },)*
        ];
    };
}

variadic!(
    kernel_printf = "printf",
    kernel_printf_nolog = "printf_nolog",
    kernel_aprint_normal = "aprint_normal",
    kernel_aprint_error = "aprint_error",
    kernel_aprint_verbose = "aprint_verbose",
    kernel_aprint_debug = "aprint_debug",
    kernel_aprint_naive = "aprint_naive",
    kernel_device_printf = "device_printf",
    kernel_aprint_normal_dev = "aprint_normal_dev",
    kernel_aprint_error_dev = "aprint_error_dev",
    kernel_aprint_verbose_dev = "aprint_verbose_dev",
    kernel_aprint_debug_dev = "aprint_debug_dev",
    kernel_aprint_naive_dev = "aprint_naive_dev",
    kernel_log = "log",
    kernel_snprintf = "snprintf",
    kernel_assert = "kern_assert",
    kernel_panic = "panic",
);
