// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kqueue(2), as sys/kern/kern_event.c has it: knotes on descriptors, the filters that a file's
//! fo_kqfilter gives them, and the queues of those that are active.
//!
//! Locks, in this order: the descriptors' (fd_lock), the knote's own (its foplock), what the
//! filter takes, the queue's (kq_lock, a spin mutex).

mod file;
mod klist;
mod register;
mod scan;

use std::collections::VecDeque;

use litemap::LiteMap;

use crate::kern::descrip::File;
use crate::kern::kmem::Kind;
use crate::kern::select::SelInfo;
use crate::kpi;
use crate::sched::{chan, Chan};
use crate::world::World;
use crate::{host_panic, kassert};

pub use klist::{EXPORTS, VARIABLES};

const KNOTE: Kind = Kind::Object("knote");
const KQUEUE: Kind = Kind::Object("kqueue");
/// A `struct knote` and, behind it, its foplock.
const KNOTE_LEN: usize = size_of::<kpi::knote>() + size_of::<kpi::kmutex_t>();

/// What is in a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    /// The address of a `struct knote`.
    Knote(usize),
    /// The end of one scan's round.
    Marker(u64),
}

/// A `struct kqueue`, by the address of its kq_lock.
struct Kqueue {
    /// kq_sel.
    pollers: SelInfo,
    items: VecDeque<Item>,
    /// KQ_COUNT.
    count: usize,
    /// Another thread closes the descriptor.
    restart: bool,
    closing: bool,
}

/// All queues and knotes.
#[derive(Default)]
pub struct Kqueues {
    queues: LiteMap<usize, Kqueue>,
    files: LiteMap<File, usize>,
    /// Each knote's queue.
    knotes: LiteMap<usize, usize>,
    last_marker: u64,
    last_filter: Option<usize>,
}

impl Kqueues {
    /// How many knotes there are.
    pub fn knotes(&self) -> usize {
        self.knotes.len()
    }

    /// The address of the filter that the last knote had in the end.
    pub fn last_filter(&self) -> Option<usize> {
        self.last_filter
    }

    /// What is left, one line each.
    pub fn leftovers(&self) -> Vec<String> {
        let knotes = self.knotes.keys().map(|knote| format!("knote {knote:#x}"));
        let queues = self.queues.keys().map(|queue| format!("kqueue {queue:#x}"));
        knotes.chain(queues).collect()
    }
}

/// kq_cv: something is active, or a scan is over.
fn active(queue: usize) -> Chan {
    chan("kqueue", queue)
}

/// A knote's fields.
fn fields<'a>(knote: usize) -> &'a mut kpi::knote {
    // SAFETY: every caller has it from a list of knotes that are not freed yet; the host's lock is
    // held, and a filter that runs meanwhile does not keep a reference.
    unsafe { &mut *(knote as *mut kpi::knote) }
}

/// Its foplock.
fn foplock(knote: usize) -> usize {
    knote + size_of::<kpi::knote>()
}

impl World {
    /// The queue that a knote belongs to.
    fn knote_queue(&self, knote: usize, call: &str) -> usize {
        match self.events.knotes.get(&knote) {
            Some(queue) => *queue,
            None => host_panic!("{call}: {knote:#x} is no knote, or no longer one"),
        }
    }

    fn kqueue_state(&mut self, queue: usize) -> &mut Kqueue {
        match self.events.queues.get_mut(&queue) {
            Some(queue) => queue,
            None => host_panic!("kqueue {queue:#x} has been closed"),
        }
    }

    fn knote_alloc(&mut self, queue: usize) -> usize {
        self.assert_sleepable("knote_alloc");
        let knote = self.allocate(KNOTE_LEN, KNOTE, true) as usize;
        self.mutex_init(foplock(knote), false);
        self.events.knotes.insert(knote, queue);
        knote
    }

    fn knote_free(&mut self, knote: usize) {
        self.mutex_destroy(foplock(knote));
        self.events.knotes.remove(&knote);
        self.free(knote as *mut _, Some(KNOTE_LEN), KNOTE);
    }

    /// Runs a filter's function, with the kernel lock unless it needs none.
    fn filter_call<R>(&mut self, knote: usize, call: impl FnOnce(&kpi::filterops) -> R) -> R {
        // SAFETY: the table of the module that attached the knote, which keeps it until f_detach.
        let ops = unsafe { *fields(knote).kn_fop };
        let locked = ops.f_flags as u32 & kpi::FILTEROP_MPSAFE == 0;
        if locked {
            self.kernel_lock(1);
        }
        let result = self.outside(|| call(&ops));
        if locked {
            self.kernel_unlock(1);
        }
        result
    }

    /// filter_event: whether the event is there. `submitting` is a call from the object itself,
    /// with whatever lock it has; others hold the foplock.
    fn filter_event(&mut self, knote: usize, hint: i64, submitting: bool) -> bool {
        kassert!(submitting || self.mutex_owned(foplock(knote)), "f_event without the foplock");
        let raw = knote as *mut kpi::knote;
        self.filter_call(knote, |ops| match ops.f_event {
            // SAFETY: the filter's function, and a knote that is not freed meanwhile.
            Some(event) => unsafe { event(raw, hint) != 0 },
            None => host_panic!("a filter without f_event"),
        })
    }

    /// filter_detach.
    fn filter_detach(&mut self, knote: usize) {
        kassert!(self.mutex_owned(foplock(knote)), "f_detach without the foplock");
        let raw = knote as *mut kpi::knote;
        self.filter_call(knote, |ops| match ops.f_detach {
            // SAFETY: the filter's function, called once for a knote that it has attached.
            Some(detach) => unsafe { detach(raw) },
            None => host_panic!("a filter without f_detach"),
        });
    }

    /// Whether a knote is of a descriptor, by the flags of its filter. The kernel reads them after
    /// f_detach too, when nothing keeps the filter's module from being unloaded.
    fn is_of_descriptor(&self, knote: usize) -> bool {
        // SAFETY: a table of a module or of the host. If the module is gone, the process ends here.
        let flags = unsafe { (*fields(knote).kn_fop).f_flags };
        flags as u32 & kpi::FILTEROP_ISFD != 0
    }

    /// knote_activate: puts it into its queue, unless it is there or disabled.
    fn knote_activate(&mut self, knote: usize) {
        let queue = self.knote_queue(knote, "knote_activate");
        self.mutex_enter(queue);
        if fields(knote).kn_status & kpi::KN_WILLDETACH == 0 {
            fields(knote).kn_status |= kpi::KN_ACTIVE;
            self.knote_enqueue(queue, knote);
        }
        self.mutex_exit(queue);
    }

    /// knote_enqueue: the knote is enabled again.
    fn knote_enable(&mut self, knote: usize) {
        let queue = self.knote_queue(knote, "knote_enqueue");
        self.mutex_enter(queue);
        if fields(knote).kn_status & kpi::KN_WILLDETACH == 0 {
            fields(knote).kn_status &= !kpi::KN_DISABLED;
            if fields(knote).kn_status & kpi::KN_ACTIVE != 0 {
                self.knote_enqueue(queue, knote);
            }
        }
        self.mutex_exit(queue);
    }

    fn knote_enqueue(&mut self, queue: usize, knote: usize) {
        if fields(knote).kn_status & (kpi::KN_QUEUED | kpi::KN_DISABLED) != 0 {
            return;
        }
        fields(knote).kn_status |= kpi::KN_QUEUED;
        let state = self.kqueue_state(queue);
        state.items.push_back(Item::Knote(knote));
        state.count += 1;
        let pollers = state.pollers;
        self.wake_all(active(queue));
        pollers.notify(self, i64::from(kpi::NOTE_SUBMIT));
    }

    /// knote_detach, with the descriptors' lock held, which it gives up: the knote leaves its
    /// object (unless it never got there), its descriptor and its queue, and is freed.
    fn knote_detach(&mut self, knote: usize, attached: bool) {
        let lock = self.fd_table().lock;
        let queue = self.knote_queue(knote, "knote_detach");
        kassert!(self.mutex_owned(lock), "knote_detach without the descriptors' lock");
        kassert!(
            fields(knote).kn_status & kpi::KN_WILLDETACH != 0,
            "knote_detach of a knote that nobody has claimed"
        );
        if attached {
            self.mutex_enter(foplock(knote));
            self.filter_detach(knote);
            self.mutex_exit(foplock(knote));
        }
        let fd = fields(knote).kn_kevent.ident as i32;
        kassert!(self.is_of_descriptor(knote), "knote_detach of a knote without a descriptor");
        self.fd_slot(fd).knotes.retain(|other| *other != knote);
        self.mutex_enter(queue);
        kassert!(fields(knote).kn_status & kpi::KN_BUSY == 0, "a knote goes while it is scanned");
        if fields(knote).kn_status & kpi::KN_QUEUED != 0 {
            let state = self.kqueue_state(queue);
            state.count -= 1;
            state.items.retain(|item| *item != Item::Knote(knote));
        }
        self.mutex_exit(queue);
        self.mutex_exit(lock);
        if self.is_of_descriptor(knote) {
            self.fd_putfile(fd);
        }
        self.events.last_filter = Some(fields(knote).kn_fop as usize);
        self.knote_free(knote);
    }

    /// knote_fdclose: detaches every knote of a descriptor that is being closed.
    pub(crate) fn knote_fdclose(&mut self, fd: i32) {
        let lock = self.fd_table().lock;
        self.mutex_enter(lock);
        while let Some(knote) = self.fd_slot(fd).knotes.first().copied() {
            fields(knote).kn_status |= kpi::KN_WILLDETACH;
            self.knote_detach(knote, true);
            self.mutex_enter(lock);
        }
        self.mutex_exit(lock);
    }
}
