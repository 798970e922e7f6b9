// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel's functions as a module finds them.

use std::mem::transmute_copy;

use tap_host::kern;

/// A kernel function, by its name and the type that the caller knows it to have.
pub fn symbol<F: Copy>(name: &str) -> F {
    let export = kern::exports().find(|export| export.name == name);
    let address = export.unwrap_or_else(|| panic!("no symbol {name}")).address.0;
    assert_eq!(size_of::<F>(), size_of::<*const ()>());
    // SAFETY: an address, taken for a function of the type that its declaration has.
    unsafe { transmute_copy::<*const (), F>(&address) }
}
