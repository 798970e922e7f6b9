// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Unit numbers: the N of tapN.
//!
//! A unit is also the minor number of the interface's device node, so it must be below the minor
//! number of the cloning device. The kernel stores a unit in the 24 bits of `cf_unit`. A larger one
//! would create another interface than the one requested, so it is refused here first.
#![forbid(unsafe_code)]

/// The minor number of the cloning device, `/dev/tap`.
pub const CLONER_MINOR: u32 = 0xf_ffff;

/// The number of a tap interface, 0 to 0xffffe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit(u32);

impl Unit {
    /// The first unit.
    pub const FIRST: Unit = Unit(0);
    /// The last one.
    pub const LAST: Unit = Unit(CLONER_MINOR - 1);

    /// The unit of that number, if there can be one.
    pub fn new(number: u32) -> Option<Unit> {
        if number < CLONER_MINOR {
            Some(Unit(number))
        } else {
            None
        }
    }

    /// The unit named by an int of the kernel's.
    pub fn from_int(number: i32) -> Option<Unit> {
        if number >= 0 {
            Unit::new(number as u32)
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number as the kernel's int; it fits, for it is below 2^20.
    pub const fn as_int(self) -> i32 {
        self.0 as i32
    }

    /// The next unit, if there is one.
    pub fn next(self) -> Option<Unit> {
        Unit::new(self.0.wrapping_add(1))
    }
}
