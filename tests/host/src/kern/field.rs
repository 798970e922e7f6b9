// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Fields of structures that the module and the kernel share. Either may write one while the other
//! reads it, in one piece each time, so they are never borrowed.

/// Reads a field behind a pointer: `peek!(raw, if_snd.ifq_len)`.
macro_rules! peek {
    ($raw:expr, $($field:tt)+) => {{
        let raw = $raw;
        // SAFETY: the structure is in the kernel's hands, so it is there.
        let field = unsafe { &raw const (*raw).$($field)+ };
        // SAFETY: as above.
        unsafe { field.read_volatile() }
    }};
}

/// Writes a field behind a pointer: `poke!(raw, if_snd.ifq_len = 0)`.
macro_rules! poke {
    ($raw:expr, $($field:ident).+ = $value:expr) => {{
        let raw = $raw;
        // SAFETY: the structure is in the kernel's hands, so it is there.
        let field = unsafe { &raw mut (*raw).$($field).+ };
        crate::kern::field::write(field, $value)
    }};
}

/// What `poke!` ends in; `field` is one of a structure in the kernel's hands.
pub(crate) fn write<T>(field: *mut T, value: T) {
    // SAFETY: what the macro says.
    unsafe { field.write_volatile(value) }
}

/// The address of a field behind a pointer.
macro_rules! place {
    ($raw:expr, $($field:ident).+) => {{
        let raw = $raw;
        // SAFETY: the structure is in the kernel's hands, so it is there.
        unsafe { &raw mut (*raw).$($field).+ }
    }};
}

pub(crate) use {peek, place, poke};
