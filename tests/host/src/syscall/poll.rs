// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! poll(2) and select(2).

use tap_conformance::abi::PollFd;
use tap_conformance::errno::Result;

use super::call;
use crate::kpi;
use crate::sched::HZ;
use crate::world::World;

/// tstohz: how many ticks pass until that time has certainly passed. `None` waits without end.
pub(super) fn ticks(timeout_ms: i32) -> Option<u64> {
    match u64::try_from(timeout_ms) {
        Err(_) => None,
        Ok(0) => Some(0),
        Ok(ms) => Some((ms * u64::from(HZ)).div_ceil(1000) + 1),
    }
}

/// poll(2): how many descriptors have something to say. `timeout_ms` -1 waits for ever.
pub fn poll(world: &mut World, fds: &mut [PollFd], timeout_ms: i32) -> Result<usize> {
    call(world, |world| world.poll_with(ticks(timeout_ms), |world| scan(world, fds)))
}

fn scan(world: &mut World, fds: &mut [PollFd]) -> Result<usize> {
    let mut found = 0;
    for entry in fds.iter_mut() {
        let events = u32::from(entry.events as u16) | kpi::POLLERR | kpi::POLLHUP;
        let revents = match world.fd_getfile(entry.fd) {
            _ if entry.fd < 0 => 0,
            Err(_) => kpi::POLLNVAL,
            Ok(file) => {
                let revents = world.fo_poll(file, events);
                world.fd_putfile(entry.fd);
                revents
            }
        };
        entry.revents = revents as i16;
        if revents != 0 {
            world.poller_found();
            found += 1;
        }
    }
    Ok(found)
}

/// select(2) for reading on one descriptor: whether it became readable in time.
pub fn select_read(world: &mut World, fd: i32, timeout_ms: i32) -> Result<bool> {
    const EVENTS: u32 = kpi::POLLRDNORM | kpi::POLLHUP | kpi::POLLERR;
    call(world, |world| {
        let found = world.poll_with(ticks(timeout_ms), |world| {
            let file = world.fd_getfile(fd)?;
            let revents = world.fo_poll(file, EVENTS);
            world.fd_putfile(fd);
            if revents != 0 {
                world.poller_found();
            }
            Ok(usize::from(revents != 0))
        });
        found.map(|found| found != 0)
    })
}
