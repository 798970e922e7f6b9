// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! poll(2) and select(2), as sys/kern/sys_select.c has them: one poller is recorded in an object
//! by name, more than one as a collision, which makes every poller look again.

use std::collections::BTreeSet;
use std::ffi::{c_int, c_long};

use litemap::LiteMap;
use tap_conformance::errno::{Errno, Result};

use crate::kern::kmem::Kind;
use crate::kpi;
use crate::sched::{chan, curlwp, me, Chan, Sleep, Tid, Woken};
use crate::world::{enter, World};
use crate::{exports, kassert};

const KIND: Kind = Kind::Object("selinfo");

/// l_selflag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flag {
    /// Something has happened, or the poller will not wait.
    Reset,
    Scanning,
    Blocking,
}

/// A thread in poll(2) or select(2).
struct Poller {
    lwp: usize,
    flag: Flag,
    /// l_selwait: the records that name it.
    records: Vec<usize>,
}

/// All pollers, and all records that they may be in.
#[derive(Default)]
pub struct Selects {
    pollers: LiteMap<Tid, Poller>,
    /// The addresses of every `struct selinfo` that is initialised.
    records: BTreeSet<usize>,
    /// sc_ncoll: collisions so far.
    collisions: u64,
}

impl Selects {
    /// How many records are initialised.
    pub fn count(&self) -> usize {
        self.records.len()
    }

    /// What is left, one line each.
    pub fn leftovers(&self) -> Vec<String> {
        self.records.iter().map(|at| format!("selinfo {at:#x}")).collect()
    }
}

fn asleep(tid: Tid) -> Chan {
    chan("select", tid as usize)
}

/// The fields of a record.
fn fields<'a>(record: *mut kpi::selinfo) -> &'a mut kpi::selinfo {
    // SAFETY: every caller has seen it among the records that are initialised, so its owner has
    // not freed it; the host's lock is held, and what owns it does not touch the fields itself.
    unsafe { &mut *record }
}

impl World {
    fn check_record(&self, record: *mut kpi::selinfo, call: &str) {
        kassert!(
            self.selects.records.contains(&(record as usize)),
            "{call}: {record:?} is no selinfo, or no longer one"
        );
    }

    /// selinit(9).
    pub(crate) fn selinit(&mut self, record: *mut kpi::selinfo) {
        let fresh = self.selects.records.insert(record as usize);
        kassert!(fresh, "selinit: {record:?} is initialised twice");
        // SAFETY: integers and pointers, for which all zeros is a value; the caller's memory.
        unsafe { record.write_bytes(0, 1) };
    }

    /// seldestroy(9): nobody polls or notifies any more.
    pub(crate) fn seldestroy(&mut self, record: *mut kpi::selinfo) {
        self.check_record(record, "seldestroy");
        self.klist_fini(&raw mut fields(record).sel_klist);
        let lwp = fields(record).sel_lwp as usize;
        let mut pollers = self.selects.pollers.iter_mut();
        if let Some((_, poller)) = pollers.find(|(_, other)| other.lwp == lwp) {
            poller.records.retain(|other| *other != record as usize);
        }
        fields(record).sel_lwp = std::ptr::null_mut();
        self.selects.records.remove(&(record as usize));
    }

    /// selrecord(9), with the object's lock held.
    pub(crate) fn selrecord(&mut self, record: *mut kpi::selinfo) {
        self.check_record(record, "selrecord");
        let lwp = curlwp();
        let Some(poller) = self.selects.pollers.get_mut(&me()) else { return };
        if poller.flag == Flag::Reset {
            return;
        }
        let record_fields = fields(record);
        if record_fields.sel_lwp.is_null() {
            record_fields.sel_lwp = lwp;
            poller.records.push(record as usize);
        } else if record_fields.sel_lwp != lwp {
            record_fields.sel_collision = 1;
        }
    }

    /// selnotify(9), with the object's lock held.
    pub(crate) fn selnotify(&mut self, record: *mut kpi::selinfo, hint: c_long) {
        self.check_record(record, "selnotify");
        self.knote(&raw mut fields(record).sel_klist, hint);
        self.check_record(record, "selnotify, after its knotes");
        let lwp = fields(record).sel_lwp as usize;
        if lwp != 0 {
            let named = self.selects.pollers.iter_mut().find(|(_, poller)| poller.lwp == lwp);
            if let Some((tid, poller)) = named {
                let (tid, was) = (*tid, poller.flag);
                poller.flag = Flag::Reset;
                if was == Flag::Blocking {
                    self.wake_all(asleep(tid));
                }
            }
        }
        if std::mem::take(&mut fields(record).sel_collision) != 0 {
            self.selects.collisions += 1;
            let all: Vec<Tid> = self.selects.pollers.keys().copied().collect();
            for tid in all {
                self.wake_all(asleep(tid));
            }
        }
    }

    /// The running scan has found something: nothing is recorded from now on.
    pub(crate) fn poller_found(&mut self) {
        if let Some(poller) = self.selects.pollers.get_mut(&me()) {
            poller.flag = Flag::Reset;
        }
    }

    /// selclear: the poller is named nowhere any more.
    fn selclear(&mut self) {
        let Some(poller) = self.selects.pollers.remove(&me()) else { return };
        for record in poller.records {
            let record = record as *mut kpi::selinfo;
            self.check_record(record, "selclear: its owner freed it without seldestroy");
            fields(record).sel_lwp = std::ptr::null_mut();
        }
    }

    /// sel_do_scan: scans until something is found, the time is over (`ticks`; `None` waits
    /// without end) or a signal comes (EINTR). `scan` counts what it finds.
    pub(crate) fn poll_with(
        &mut self,
        ticks: Option<u64>,
        mut scan: impl FnMut(&mut World) -> Result<usize>,
    ) -> Result<usize> {
        let deadline = ticks.map(|ticks| self.ticks() + ticks);
        loop {
            let flag = if ticks == Some(0) { Flag::Reset } else { Flag::Scanning };
            let poller = Poller { lwp: curlwp() as usize, flag, records: Vec::new() };
            self.selects.pollers.insert(me(), poller);
            let collisions = self.selects.collisions;
            let found = scan(self);
            let ended = match found {
                Ok(0) => self.poll_wait(deadline, collisions),
                found => Some(found),
            };
            self.selclear();
            if let Some(result) = ended {
                return result;
            }
        }
    }

    /// Waits until there is a reason to look again (`None`), or an end.
    fn poll_wait(&mut self, deadline: Option<u64>, collisions: u64) -> Option<Result<usize>> {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_sub(self.ticks()));
            if left == Some(0) {
                return Some(Ok(0));
            }
            let collided = self.selects.collisions != collisions;
            let poller = self.selects.pollers.get_mut(&me())?;
            if poller.flag == Flag::Reset || collided {
                return None;
            }
            poller.flag = Flag::Blocking;
            let ticks = left.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
            let how = Sleep { interruptible: true, ticks, ..Sleep::default() };
            match self.sleep(asleep(me()), how) {
                Woken::Awake => {}
                Woken::TimedOut => return Some(Ok(0)),
                Woken::Signal(_) => return Some(Err(Errno::EINTR)),
            }
        }
    }
}

/// A record of the host's own, for what stands behind a [`NativeFile`].
///
/// [`NativeFile`]: crate::kern::descrip::NativeFile
#[derive(Clone, Copy)]
pub struct SelInfo(usize);

impl SelInfo {
    /// selinit(9).
    pub fn new(world: &mut World) -> SelInfo {
        let record = world.allocate(size_of::<kpi::selinfo>(), KIND, true);
        world.selinit(record.cast());
        SelInfo(record as usize)
    }

    fn raw(self) -> *mut kpi::selinfo {
        self.0 as *mut kpi::selinfo
    }

    /// selrecord(9).
    pub fn record(self, world: &mut World) {
        world.selrecord(self.raw());
    }

    /// selnotify(9).
    pub fn notify(self, world: &mut World, hint: c_long) {
        world.selnotify(self.raw(), hint);
    }

    /// selrecord_knote(9).
    pub fn attach(self, world: &mut World, knote: *mut kpi::knote) {
        world.klist_insert(&raw mut fields(self.raw()).sel_klist, knote);
    }

    /// selremove_knote(9).
    pub fn detach(self, world: &mut World, knote: *mut kpi::knote) {
        world.klist_remove(&raw mut fields(self.raw()).sel_klist, knote);
    }

    /// seldestroy(9), without which the record is left over.
    pub fn destroy(self, world: &mut World) {
        world.seldestroy(self.raw());
        world.free(self.0 as *mut _, Some(size_of::<kpi::selinfo>()), KIND);
    }
}

unsafe extern "C" fn selinit(sip: *mut kpi::selinfo) {
    enter().selinit(sip);
}

unsafe extern "C" fn seldestroy(sip: *mut kpi::selinfo) {
    enter().seldestroy(sip);
}

unsafe extern "C" fn selrecord(selector: *mut kpi::lwp, sip: *mut kpi::selinfo) {
    kassert!(selector == curlwp(), "selrecord: another thread");
    enter().selrecord(sip);
}

unsafe extern "C" fn selnotify(sip: *mut kpi::selinfo, _events: c_int, knhint: c_long) {
    enter().selnotify(sip, knhint);
}

unsafe extern "C" fn selrecord_knote(sip: *mut kpi::selinfo, kn: *mut kpi::knote) {
    let mut world = enter();
    world.check_record(sip, "selrecord_knote");
    world.klist_insert(&raw mut fields(sip).sel_klist, kn);
}

unsafe extern "C" fn selremove_knote(sip: *mut kpi::selinfo, kn: *mut kpi::knote) -> bool {
    let mut world = enter();
    world.check_record(sip, "selremove_knote");
    world.klist_remove(&raw mut fields(sip).sel_klist, kn)
}

exports!(selinit, seldestroy, selrecord, selnotify, selrecord_knote, selremove_knote);
