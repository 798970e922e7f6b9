// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a module's undefined symbols resolve to.

/// The address of a function or variable.
pub struct Address(pub *const ());

// SAFETY: an address of a function or of a static, which every thread may have.
unsafe impl Sync for Address {}

/// One kernel symbol.
pub struct Export {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub address: Address,
    /// How many bytes of it a module may address directly; 0 for a function, which a module may
    /// reach through a jump.
    pub size: usize,
}

/// The exports of one file. Those before the semicolon are declared in a kernel header, and are
/// held against that declaration at compile time; those behind it are inline assembly, macros'
/// insides or C's variadic functions.
#[macro_export]
macro_rules! exports {
    ($($checked:ident),* $(,)? $(; $($unchecked:ident),* $(,)?)?) => {
        $(const _: () = { let _ = [$checked, $crate::kpi::$checked]; };)*
        /// The kernel symbols that this file offers.
        pub const EXPORTS: &[$crate::export::Export] = &[
            $($crate::exports!(@one $checked),)*
            $($($crate::exports!(@one $unchecked),)*)?
        ];
    };
    (@one $name:ident) => {
        $crate::export::Export {
            name: stringify!($name),
            address: $crate::export::Address($name as *const ()),
            size: 0,
        }
    };
}
