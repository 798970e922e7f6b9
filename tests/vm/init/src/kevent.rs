// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kevent(2), in the form that the kernel has.

use core::mem::MaybeUninit;

use tap_conformance::abi::{Kev, Kevent100, Kevent50};
use tap_conformance::errno::Result;

use crate::kernel::revision;
use crate::raw::{call6, nr};

/// From this revision of -current on it is system call 501, with a longer structure.
const LONG: u32 = 1_099_000_700;
const MOST_EVENTS: usize = 16;

/// kevent(2). The timeout is the address of a `struct timespec`, or 0 for none.
pub fn kevent(kq: i32, changes: &[Kev], events: &mut [Kev], timeout: usize) -> Result<usize> {
    if revision() >= LONG {
        call_as::<Kevent100>(nr::KEVENT100, kq, changes, events, timeout, |k| k.head)
    } else {
        call_as::<Kevent50>(nr::KEVENT50, kq, changes, events, timeout, |k| *k)
    }
}

fn call_as<K: Copy + From<Kevent50>>(
    number: usize,
    kq: i32,
    changes: &[Kev],
    events: &mut [Kev],
    timeout: usize,
    head: fn(&K) -> Kevent50,
) -> Result<usize> {
    // Not filled beforehand: the cost of this call is measured.
    let mut given = [MaybeUninit::<K>::uninit(); MOST_EVENTS];
    let mut taken = [MaybeUninit::<K>::uninit(); MOST_EVENTS];
    for (slot, change) in given.iter_mut().zip(changes) {
        slot.write(K::from(Kevent50::from(*change)));
    }
    let room = events.len().min(MOST_EVENTS);
    let args = [
        kq as usize,
        given.as_ptr() as usize,
        changes.len().min(MOST_EVENTS),
        taken.as_mut_ptr() as usize,
        room,
        timeout,
    ];
    let n = call6(number, args)?;
    for (event, slot) in events.iter_mut().zip(&taken[..n.min(room)]) {
        // SAFETY: the kernel has written the first n events, and any bytes are one.
        let slot = unsafe { slot.assume_init_ref() };
        *event = Kev::from(head(slot));
    }
    Ok(n)
}
