// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kevent(2): the taking of events. A scan asks each active knote's filter again, and a marker at
//! the end of the queue keeps it from going round for ever.

use tap_conformance::abi::Kev;
use tap_conformance::errno::{Errno, Result};

use super::{active, fields, foplock, Item};
use crate::kassert;
use crate::kern::errno::ERESTART;
use crate::kpi;
use crate::sched::{Sleep, Woken};
use crate::world::World;

/// The flags that only the kernel sets.
const EV_SYSFLAGS: u32 = kpi::EV_SYSFLAGS;

impl World {
    /// kevent(2): changes first, each failed one an EV_ERROR event; then events, for which it waits
    /// `ticks` (`None` is without end). How many events it gave.
    pub(crate) fn kevent(
        &mut self,
        fd: i32,
        changes: &[Kev],
        events: &mut [Kev],
        ticks: Option<u64>,
    ) -> Result<usize> {
        let file = self.fd_getfile(fd)?;
        let result = match self.events.files.get(&file).copied() {
            None => Err(Errno::EBADF),
            Some(queue) => match self.kqueue_register_all(queue, changes, events) {
                Ok(0) => self.kqueue_scan(queue, events, ticks),
                other => other,
            },
        };
        self.fd_putfile(fd);
        result
    }

    /// How many errors (and receipts) it gave as events.
    fn kqueue_register_all(
        &mut self,
        queue: usize,
        changes: &[Kev],
        events: &mut [Kev],
    ) -> Result<usize> {
        let mut errors = 0;
        for change in changes {
            let change = Kev { flags: change.flags & !EV_SYSFLAGS, ..*change };
            let result = self.kqueue_register(queue, &change);
            if result.is_ok() && change.flags & kpi::EV_RECEIPT == 0 {
                continue;
            }
            let Some(event) = events.get_mut(errors) else { return result.map(|()| errors) };
            let data = result.map_or_else(|Errno(number)| i64::from(number), |()| 0);
            *event = Kev { flags: kpi::EV_ERROR, data, ..change };
            errors += 1;
        }
        Ok(errors)
    }

    /// kqueue_scan.
    fn kqueue_scan(
        &mut self,
        queue: usize,
        events: &mut [Kev],
        ticks: Option<u64>,
    ) -> Result<usize> {
        if events.is_empty() {
            return Ok(0);
        }
        let deadline = ticks.map(|ticks| self.ticks() + ticks);
        loop {
            if self.kqueue_state(queue).count == 0 {
                if self.kqueue_wait(queue, deadline)? {
                    continue;
                }
                return Ok(0);
            }
            let taken = self.kqueue_round(queue, events);
            if taken != 0 {
                return Ok(taken);
            }
        }
    }

    /// Whether there may be an event now; not when the time is over.
    fn kqueue_wait(&mut self, queue: usize, deadline: Option<u64>) -> Result<bool> {
        let left = deadline.map(|deadline| deadline.saturating_sub(self.ticks()));
        if left == Some(0) {
            return Ok(false);
        }
        let ticks = left.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
        let how = Sleep { interruptible: true, ticks, ..Sleep::default() };
        self.assert_sleepable("kevent");
        match self.sleep(active(queue), how) {
            Woken::Signal(_) => Err(Errno::EINTR),
            Woken::TimedOut => Ok(false),
            Woken::Awake => {
                let state = self.kqueue_state(queue);
                if state.count == 0 && state.restart {
                    return Err(ERESTART);
                }
                Ok(true)
            }
        }
    }

    /// One round through the queue; how many events it gave.
    fn kqueue_round(&mut self, queue: usize, events: &mut [Kev]) -> usize {
        self.events.last_marker += 1;
        let marker = Item::Marker(self.events.last_marker);
        self.kqueue_state(queue).items.push_back(marker);
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        let mut taken = 0;
        while taken < events.len() {
            match self.kqueue_state(queue).items.front().copied() {
                Some(item) if item == marker => break,
                Some(Item::Knote(knote)) => {
                    self.kqueue_state(queue).items.pop_front();
                    if let Some(event) = self.kqueue_take(queue, knote) {
                        events[taken] = event;
                        taken += 1;
                    }
                }
                // Another scan's round ends here: it goes first.
                _ => {
                    self.mutex_exit(lock);
                    self.sleep(active(queue), Sleep::default());
                    self.mutex_enter(lock);
                }
            }
        }
        self.kqueue_state(queue).items.retain(|item| *item != marker);
        self.wake_all(active(queue));
        self.mutex_exit(lock);
        taken
    }

    /// A knote that was taken out of the queue: its event, if it is still there.
    fn kqueue_take(&mut self, queue: usize, knote: usize) -> Option<Kev> {
        let note = fields(knote);
        kassert!(note.kn_status & kpi::KN_WILLDETACH == 0, "a knote is scanned while it goes");
        note.kn_status = note.kn_status & !kpi::KN_QUEUED | kpi::KN_BUSY;
        if note.kn_status & kpi::KN_DISABLED != 0 {
            return self.kqueue_drop(queue, knote, 0);
        }
        let once = note.kn_kevent.flags & kpi::EV_ONESHOT != 0;
        if !once {
            self.mutex_enter(foplock(knote));
            let there = self.filter_event(knote, 0, false);
            self.mutex_exit(foplock(knote));
            if fields(knote).kn_status & kpi::KN_QUEUED != 0 {
                // It became active again meanwhile, and waits at the end of the queue.
                return self.kqueue_drop(queue, knote, 0);
            }
            if !there {
                return self.kqueue_drop(queue, knote, kpi::KN_ACTIVE);
            }
        }
        let note = fields(knote);
        let event = Kev {
            ident: note.kn_kevent.ident,
            filter: note.kn_kevent.filter,
            flags: note.kn_kevent.flags,
            fflags: note.kn_kevent.fflags,
            data: note.kn_kevent.data,
            udata: note.kn_kevent.udata as usize,
        };
        if once {
            note.kn_status |= kpi::KN_WILLDETACH;
            self.kqueue_drop(queue, knote, 0);
            self.knote_detach(knote, true);
            let lock = self.fd_table().lock;
            self.mutex_enter(lock);
        } else if note.kn_kevent.flags & kpi::EV_CLEAR != 0 {
            note.kn_kevent.data = 0;
            note.kn_kevent.fflags = 0;
            self.kqueue_drop(queue, knote, kpi::KN_ACTIVE);
        } else if note.kn_kevent.flags & kpi::EV_DISPATCH != 0 {
            note.kn_status |= kpi::KN_DISABLED;
            self.kqueue_drop(queue, knote, kpi::KN_ACTIVE);
        } else {
            note.kn_status = note.kn_status & !kpi::KN_BUSY | kpi::KN_QUEUED;
            self.kqueue_state(queue).items.push_back(Item::Knote(knote));
        }
        Some(event)
    }

    /// The knote is not in the queue any more, or once less than it was counted.
    fn kqueue_drop(&mut self, queue: usize, knote: usize, clear: u32) -> Option<Kev> {
        fields(knote).kn_status &= !(kpi::KN_BUSY | clear);
        self.kqueue_state(queue).count -= 1;
        None
    }
}
