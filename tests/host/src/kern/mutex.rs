// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! mutex(9), as sys/kern/kern_mutex.c has it, with LOCKDEBUG's checks: a mutex is initialised
//! before it is used, destroyed while nobody holds it, never taken by its holder, released by its
//! holder only, and two are always taken in the same order.

use std::collections::BTreeSet;
use std::ffi::c_int;
use std::fmt::{self, Display, Formatter};

use litemap::LiteMap;

use crate::kern::kmem::first_inside;
use crate::kpi;
use crate::loader::trace::Callers;
use crate::sched::{chan, me, Chan, Sleep, Tid};
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// One initialised mutex.
struct Mutex {
    /// A spin mutex: its IPL is above the soft interrupts'.
    spin: bool,
    owner: Option<Tid>,
    /// The mutexes that were taken while this one was held, and by whom first.
    before: LiteMap<usize, Taker>,
}

/// Who took a mutex: a thread's name, and where it was.
struct Taker(String, Callers);

/// Of those who took a mutex: from here through the driver to the kernel function that called it.
const CALLERS: usize = 16;

impl Display for Taker {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.0, self.1)
    }
}

/// All mutexes that exist, and the kernel lock.
#[derive(Default)]
pub struct Locks {
    mutexes: LiteMap<usize, Mutex>,
    /// All condition variables that exist.
    pub(super) condvars: BTreeSet<usize>,
    /// The kernel lock's holder, and how many times it has it.
    pub(super) kernel: Option<(Tid, u32)>,
    /// Whether the kernel lock may be taken with a spin mutex held. The kernel does not notice, but
    /// two who do it in both orders wait for ever.
    pub allow_spin: bool,
}

impl Locks {
    /// How many mutexes exist.
    pub fn count(&self) -> usize {
        self.mutexes.len()
    }

    /// A mutex that lies in a span of memory, which is about to be freed.
    pub fn inside(&self, start: usize, len: usize) -> Option<usize> {
        first_inside(&self.mutexes, start..start + len)
    }

    /// How `second` was once taken with `first` held, through others too: every step of the way.
    fn ordered(&self, first: usize, second: usize) -> Option<String> {
        // For each mutex that was reached, the one before it, and who took it then.
        let mut reached: LiteMap<usize, (usize, &Taker)> = LiteMap::new();
        let mut todo = vec![first];
        while let Some(outer) = todo.pop() {
            if outer == second {
                return Some(way(&reached, first, second));
            }
            let inner = self.mutexes.get(&outer).into_iter().flat_map(|mutex| &mutex.before);
            for (inner, who) in inner {
                if *inner != first && !reached.contains_key(inner) {
                    reached.insert(*inner, (outer, who));
                    todo.push(*inner);
                }
            }
        }
        None
    }
}

/// The steps from one mutex to another in words, a line for each.
fn way(reached: &LiteMap<usize, (usize, &Taker)>, first: usize, second: usize) -> String {
    let mut text = String::new();
    let mut inner = second;
    while let (true, Some((outer, who))) = (inner != first, reached.get(&inner)) {
        text.insert_str(0, &format!("\n  {inner:#x} after {outer:#x} by {who}"));
        inner = *outer;
    }
    text
}

fn channel(address: usize) -> Chan {
    chan("mutex", address)
}

impl World {
    /// mutex_init(9).
    pub fn mutex_init(&mut self, address: usize, spin: bool) {
        let fresh = Mutex { spin, owner: None, before: LiteMap::new() };
        let old = self.locks.mutexes.insert(address, fresh);
        kassert!(old.is_none(), "mutex {address:#x} is initialised twice");
    }

    /// Initialises an adaptive mutex of the kernel's own, which there has been since it booted, when
    /// it is first used.
    pub fn mutex_boot(&mut self, address: usize) {
        if !self.locks.mutexes.contains_key(&address) {
            self.mutex_init(address, false);
        }
    }

    /// mutex_destroy(9).
    pub fn mutex_destroy(&mut self, address: usize) {
        match self.locks.mutexes.remove(&address) {
            None => host_panic!("mutex_destroy: {address:#x} is no mutex"),
            Some(mutex) => {
                kassert!(mutex.owner.is_none(), "mutex_destroy: {address:#x} is held");
                kassert!(
                    !self.has_sleepers(channel(address)),
                    "mutex_destroy: somebody waits for {address:#x}"
                );
            }
        }
        for (_, mutex) in self.locks.mutexes.iter_mut() {
            mutex.before.remove(&address);
        }
    }

    fn mutex(&mut self, address: usize, call: &str) -> &mut Mutex {
        match self.locks.mutexes.get_mut(&address) {
            Some(mutex) => mutex,
            None => host_panic!("{call}: {address:#x} is no mutex, or no longer one"),
        }
    }

    /// mutex_enter(9).
    pub fn mutex_enter(&mut self, address: usize) {
        let tid = me();
        let spin = self.mutex(address, "mutex_enter").spin;
        let thread = self.current();
        kassert!(
            spin || thread.spin == 0,
            "mutex_enter: {} takes the adaptive {address:#x} with a spin mutex held",
            thread.name
        );
        let held = thread.held.clone();
        for outer in held {
            kassert!(outer != address, "mutex_enter: {address:#x} is held by its taker");
            if !self.locks.mutexes[&outer].before.contains_key(&address) {
                if let Some(way) = self.locks.ordered(address, outer) {
                    host_panic!("mutex_enter: {address:#x} is taken after {outer:#x}, but:{way}");
                }
                let who = self.current().name.clone();
                let who = Taker(who, Callers::innermost(CALLERS));
                self.mutex(outer, "mutex_enter").before.insert(address, who);
            }
        }
        while self.mutex(address, "mutex_enter").owner.is_some() {
            self.sleep(channel(address), Sleep { spins: spin, ..Sleep::default() });
        }
        self.take(address, tid, spin);
    }

    /// mutex_tryenter(9).
    pub fn mutex_tryenter(&mut self, address: usize) -> bool {
        let spin = self.mutex(address, "mutex_tryenter").spin;
        if self.mutex(address, "mutex_tryenter").owner.is_some() {
            return false;
        }
        self.take(address, me(), spin);
        true
    }

    fn take(&mut self, address: usize, tid: Tid, spin: bool) {
        self.mutex(address, "mutex_enter").owner = Some(tid);
        let thread = self.current();
        thread.held.push(address);
        thread.spin += u32::from(spin);
    }

    /// mutex_exit(9).
    pub fn mutex_exit(&mut self, address: usize) {
        let tid = me();
        let mutex = self.mutex(address, "mutex_exit");
        let spin = mutex.spin;
        kassert!(mutex.owner == Some(tid), "mutex_exit: {address:#x} is not held by its releaser");
        mutex.owner = None;
        let thread = self.current();
        thread.held.retain(|held| *held != address);
        thread.spin -= u32::from(spin);
        self.wake_one(channel(address));
    }

    /// mutex_owned(9).
    pub fn mutex_owned(&mut self, address: usize) -> bool {
        self.mutex(address, "mutex_owned").owner == Some(me())
    }

    /// Whether a mutex is a spin mutex.
    pub fn mutex_spins(&mut self, address: usize) -> bool {
        self.mutex(address, "condvar").spin
    }
}

/// mutex_init(9): adaptive up to the soft interrupts' levels, spin above.
unsafe extern "C" fn mutex_init(mutex: *mut kpi::kmutex_t, kind: kpi::kmutex_type_t, ipl: c_int) {
    kassert!(
        kind == kpi::kmutex_type_t_MUTEX_DEFAULT,
        "mutex_init: {kind} is no type for new code"
    );
    enter().mutex_init(mutex as usize, ipl as u32 > kpi::IPL_SOFTSERIAL);
}

unsafe extern "C" fn mutex_destroy(mutex: *mut kpi::kmutex_t) {
    enter().mutex_destroy(mutex as usize);
}

unsafe extern "C" fn mutex_enter(mutex: *mut kpi::kmutex_t) {
    enter().mutex_enter(mutex as usize);
}

unsafe extern "C" fn mutex_spin_enter(mutex: *mut kpi::kmutex_t) {
    let mut world = enter();
    kassert!(world.mutex_spins(mutex as usize), "mutex_spin_enter: not a spin mutex");
    world.mutex_enter(mutex as usize);
}

unsafe extern "C" fn mutex_exit(mutex: *mut kpi::kmutex_t) {
    enter().mutex_exit(mutex as usize);
}

unsafe extern "C" fn mutex_spin_exit(mutex: *mut kpi::kmutex_t) {
    enter().mutex_exit(mutex as usize);
}

unsafe extern "C" fn mutex_tryenter(mutex: *mut kpi::kmutex_t) -> c_int {
    c_int::from(enter().mutex_tryenter(mutex as usize))
}

unsafe extern "C" fn mutex_owned(mutex: *const kpi::kmutex_t) -> c_int {
    c_int::from(enter().mutex_owned(mutex as usize))
}

exports!(
    mutex_init,
    mutex_destroy,
    mutex_enter,
    mutex_exit,
    mutex_spin_enter,
    mutex_spin_exit,
    mutex_tryenter,
    mutex_owned,
);
