// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel lock, as sys/kern/kern_lock.c has it: it may be taken by its holder again, is given
//! up by whoever sleeps, and is spun for, so never with a spin mutex held.

use std::ffi::c_int;

use crate::sched::{chan, me, Chan, Sleep};
use crate::world::{enter, World};
use crate::{exports, kassert};

const CHANNEL: Chan = Chan { kind: "kernel lock", address: 0 };

impl World {
    /// KERNEL_LOCK. Whoever holds it has it at once, but a driver that takes it with a spin mutex
    /// held relies on all who call it to hold it already: only [`Locks::allow_spin`] forgives that.
    ///
    /// [`Locks::allow_spin`]: crate::kern::mutex::Locks::allow_spin
    pub fn kernel_lock(&mut self, times: u32) {
        let allowed = self.locks.allow_spin;
        let thread = self.current();
        kassert!(
            allowed || thread.spin == 0,
            "{} takes the kernel lock with a spin mutex held",
            thread.name
        );
        self.take_kernel_lock(times);
    }

    fn take_kernel_lock(&mut self, times: u32) {
        let tid = me();
        loop {
            match &mut self.locks.kernel {
                None => self.locks.kernel = Some((tid, times)),
                Some((owner, count)) if *owner == tid => *count += times,
                Some(_) => {
                    self.sleep(CHANNEL, Sleep { spins: true, ..Sleep::default() });
                    continue;
                }
            }
            self.current().klocks += times;
            return;
        }
    }

    /// KERNEL_UNLOCK_ONE.
    pub fn kernel_unlock(&mut self, times: u32) {
        let tid = me();
        match &mut self.locks.kernel {
            Some((owner, count)) if *owner == tid && *count >= times => {
                *count -= times;
                if *count == 0 {
                    self.locks.kernel = None;
                    self.wake_one(CHANNEL);
                }
            }
            other => {
                let other = *other;
                crate::host_panic!("the kernel lock is released by {tid}, held: {other:?}")
            }
        }
        self.current().klocks -= times;
    }

    /// KERNEL_LOCKED_P.
    pub fn kernel_locked(&mut self) -> bool {
        self.current().klocks != 0
    }
}

/// Gives up the kernel lock, however often it is held; how often.
pub(crate) fn release_all(world: &mut World) -> u32 {
    let times = world.current().klocks;
    if times != 0 {
        world.kernel_unlock(times);
    }
    times
}

/// The reverse of [`release_all`].
pub(crate) fn acquire_again(world: &mut World, times: u32) {
    if times != 0 {
        world.take_kernel_lock(times);
    }
}

unsafe extern "C" fn _kernel_lock(times: c_int) {
    enter().kernel_lock(times as u32);
}

/// The count is how many to release: 0 means all, -1 exactly the one there is.
unsafe extern "C" fn _kernel_unlock(times: c_int, released: *mut c_int) {
    let mut world = enter();
    let held = world.current().klocks;
    let times = match times {
        0 => held,
        -1 => {
            kassert!(held == 1, "KERNEL_UNLOCK_LAST with the lock held {held} times");
            1
        }
        times => times as u32,
    };
    if times != 0 {
        world.kernel_unlock(times);
    }
    if !released.is_null() {
        // SAFETY: not NULL, so the caller's variable.
        unsafe { *released = held as c_int };
    }
}

unsafe extern "C" fn kpreempt_disable() {
    enter().current().bound += 1;
}

unsafe extern "C" fn kpreempt_enable() {
    let mut world = enter();
    let thread = world.current();
    kassert!(thread.bound != 0, "kpreempt_enable: preemption is not disabled");
    thread.bound -= 1;
}

/// A channel for those who wait on nothing but the time.
pub fn nobody(address: usize) -> Chan {
    chan("pause", address)
}

exports!(_kernel_lock, _kernel_unlock, kpreempt_disable, kpreempt_enable);
