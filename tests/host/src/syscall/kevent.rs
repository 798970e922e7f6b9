// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kqueue(2) and kevent(2).

use tap_conformance::abi::Kev;
use tap_conformance::errno::Result;

use super::call;
use super::poll::ticks;
use crate::world::World;

/// kqueue(2): a descriptor.
pub fn kqueue(world: &mut World) -> Result<i32> {
    call(world, World::kqueue)
}

/// kevent(2): how many events it gave. `timeout_ms` -1 waits for ever.
pub fn kevent(
    world: &mut World,
    kq: i32,
    changes: &[Kev],
    events: &mut [Kev],
    timeout_ms: i32,
) -> Result<usize> {
    call(world, |world| world.kevent(kq, changes, events, ticks(timeout_ms)))
}
