// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The host's one lock and all that it guards.
//!
//! A kernel function that the module calls begins with [`enter`], works on the state, and ends.
//! When it must call the module back it does so [`World::outside`] of the lock, and when it must
//! wait it [sleeps](World::sleep), which gives the lock up too.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kern;
use crate::sched::Sched;

/// All state of the host, a field for each part of the kernel that it plays.
#[derive(Default)]
pub struct State {
    /// Threads, processes, and who runs.
    pub sched: Sched,
    /// mutex(9), the kernel lock, and the order in which locks were taken.
    pub locks: kern::mutex::Locks,
    /// kmem(9) and malloc(9).
    pub memory: kern::kmem::Memory,
    /// What was printed.
    pub messages: kern::prf::Messages,
    /// cprng(9).
    pub random: kern::cprng::Random,
    /// Power handlers.
    pub power: kern::pmf::Power,
    /// sysctl(9).
    pub sysctl: kern::sysctl::Sysctl,
    /// The lock of configuration changes.
    pub config: kern::cfglock::Config,
    /// Modules.
    pub modules: kern::module::Modules,
    /// softint(9).
    pub softints: kern::softint::Softints,
    /// workqueue(9).
    pub workqueues: kern::workqueue::Workqueues,
    /// autoconf(9).
    pub autoconf: kern::autoconf::Autoconf,
    /// The device switch.
    pub devsw: kern::devsw::Devsw,
    /// Open files and descriptors.
    pub files: kern::descrip::Files,
    /// Processes: families, groups, and what they do with signals.
    pub processes: kern::process::Processes,
    /// Pollers.
    pub selects: kern::select::Selects,
    /// Kqueues and knotes.
    pub events: kern::event::Kqueues,
    /// Device nodes and their vnodes.
    pub specfs: kern::spec::Specfs,
    /// Copies from and to user memory.
    pub copies: kern::uio::Copies,
    /// mbuf(9).
    pub mbufs: kern::mbuf::Mbufs,
    /// percpu(9).
    pub percpus: kern::percpu::Percpus,
    /// Network interfaces.
    pub net: kern::net::ifnet::Net,
    /// bpf(4).
    pub bpf: kern::net::bpf::Bpf,
    /// What the protocols have not looked at yet.
    pub protocols: crate::stack::Queue,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// The right to the host's state.
pub struct World {
    /// `None` only while the lock is given up, in `outside` and `sleep`.
    guard: Option<MutexGuard<'static, Option<State>>>,
}

/// Tells ThreadSanitizer when the lock is taken and given up: it does not see into the standard
/// library, which is not instrumented.
mod seen {
    #[cfg(tsan)]
    unsafe extern "C" {
        fn __tsan_acquire(address: *const ());
        fn __tsan_release(address: *const ());
    }

    /// The calling thread has just taken the lock.
    pub fn taken() {
        #[cfg(tsan)]
        // SAFETY: the address only names the lock.
        unsafe {
            __tsan_acquire((&raw const super::STATE).cast())
        };
    }

    /// The calling thread is about to give the lock up.
    pub fn given_up() {
        #[cfg(tsan)]
        // SAFETY: as above.
        unsafe {
            __tsan_release((&raw const super::STATE).cast())
        };
    }
}

fn lock() -> MutexGuard<'static, Option<State>> {
    assert!(!INSIDE.replace(true), "the host's lock is taken twice by one thread");
    // A thread that panicked with the lock held ends the process; nobody sees half-made state.
    let mut guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    seen::taken();
    guard.get_or_insert_with(State::default);
    guard
}

/// Enters the host without giving way to anybody, for a thread that is not scheduled yet.
pub(crate) fn enter_quietly() -> World {
    World { guard: Some(lock()) }
}

/// Enters the host from a kernel call, which is where its deterministic scheduler may prefer
/// another thread.
pub fn enter() -> World {
    let mut world = World { guard: Some(lock()) };
    world.preempt();
    world
}

impl World {
    /// Runs `f`, which may call the module, without the lock.
    pub fn outside<R>(&mut self, f: impl FnOnce() -> R) -> R {
        self.give_up();
        let result = f();
        self.guard = Some(lock());
        self.preempt();
        result
    }

    fn give_up(&mut self) {
        let state = self.guard.as_mut().and_then(|guard| guard.as_mut());
        let chosen = state.and_then(|state| state.sched.chosen.take());
        seen::given_up();
        self.guard = None;
        INSIDE.set(false);
        // Not before: the thread would wake up only to wait for the lock.
        if let Some(cv) = chosen {
            cv.notify_all();
        }
    }

    /// Gives the lock up for a moment, so that the thread that is chosen learns of it.
    pub(crate) fn tell_chosen(&mut self) {
        self.give_up();
        self.guard = Some(lock());
    }

    /// Waits on a condition variable of std, for the scheduler. `None` waits without end.
    pub(crate) fn wait(&mut self, cv: &std::sync::Condvar, timeout: Option<std::time::Duration>) {
        let guard = self.guard.take().expect("the lock is held");
        INSIDE.set(false);
        seen::given_up();
        let guard = match timeout {
            None => cv.wait(guard).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                cv.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        seen::taken();
        INSIDE.set(true);
        self.guard = Some(guard);
    }
}

impl State {
    /// What every part still has that a module, an interface or a descriptor left behind.
    pub fn leftovers(&self) -> Vec<String> {
        [
            self.power.leftovers(),
            self.sysctl.leftovers(),
            self.softints.leftovers(),
            self.workqueues.leftovers(),
            self.autoconf.leftovers(),
            self.devsw.leftovers(),
            self.files.leftovers(),
            self.processes.leftovers(),
            self.selects.leftovers(),
            self.events.leftovers(),
            self.specfs.leftovers(),
            self.mbufs.leftovers(),
            self.percpus.leftovers(),
            self.net.leftovers(),
            self.bpf.leftovers(),
            self.memory.leftovers(),
        ]
        .concat()
    }
}

impl Deref for World {
    type Target = State;
    fn deref(&self) -> &State {
        self.guard.as_ref().and_then(|guard| guard.as_ref()).expect("the lock is held")
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut State {
        self.guard.as_mut().and_then(|guard| guard.as_mut()).expect("the lock is held")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Ends the process as panic(9) would end the kernel: with a message and a backtrace.
pub fn panic(message: &str) -> ! {
    eprintln!("panic: {message}");
    eprintln!("{}", crate::loader::trace::backtrace());
    std::process::abort();
}

/// [`panic`] with a formatted message.
#[macro_export]
macro_rules! host_panic {
    ($($message:tt)+) => { $crate::world::panic(&format!($($message)+)) };
}

/// [`panic`] unless a condition holds that a kernel with DIAGNOSTIC would assert.
#[macro_export]
macro_rules! kassert {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            $crate::host_panic!($($message)+);
        }
    };
}
