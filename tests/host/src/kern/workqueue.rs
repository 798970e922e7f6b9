// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! workqueue(9), as sys/kern/subr_workqueue.c has it: each queue has a thread of its own, which
//! looks at no work again once it has called the handler with it. Destroying a queue waits for its
//! thread, and work that still waits then is a fault.

use std::collections::VecDeque;
use std::ffi::{c_char, c_int, c_void, CStr};

use litemap::LiteMap;

use crate::kpi;
use crate::sched::{chan, spawn, Chan, Sleep, KERNEL};
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// MAXCOMLEN.
const NAME_LEN: usize = 16;

type Handler = unsafe extern "C" fn(*mut kpi::work, *mut c_void);

struct Queue {
    handler: Handler,
    argument: usize,
    mpsafe: bool,
    pending: VecDeque<usize>,
    /// It is being destroyed, or its thread has found that and is gone.
    ending: bool,
    gone: bool,
}

/// All queues.
#[derive(Default)]
pub struct Workqueues {
    /// What the next workqueue_create fails with.
    pub refuse: Option<c_int>,
    queues: LiteMap<usize, Queue>,
    next: usize,
}

impl Workqueues {
    /// Queues that exist.
    pub fn leftovers(&self) -> Vec<String> {
        self.queues.keys().map(|number| format!("the work queue {number}")).collect()
    }
}

fn channel(number: usize) -> Chan {
    chan("workqueue", number)
}

impl World {
    fn queue(&mut self, number: usize, call: &str) -> &mut Queue {
        match self.workqueues.queues.get_mut(&number) {
            Some(queue) => queue,
            None => host_panic!("{call}: {number} is no work queue"),
        }
    }

    /// workqueue_enqueue(9). The queue links its work, so this writes to it.
    fn workqueue_enqueue(&mut self, number: usize, work: usize) {
        let queue = self.queue(number, "workqueue_enqueue");
        kassert!(!queue.ending, "workqueue_enqueue: {number} is being destroyed");
        kassert!(!queue.pending.contains(&work), "workqueue_enqueue: {work:#x} is queued already");
        queue.pending.push_back(work);
        // SAFETY: the caller's, which stays until the handler is called.
        unsafe { (*(work as *mut kpi::work)).wk_dummy = work as *mut c_void };
        self.wake_all(channel(number));
    }

    /// workqueue_destroy(9).
    fn workqueue_destroy(&mut self, number: usize) {
        self.assert_sleepable("workqueue_destroy");
        let queue = self.queue(number, "workqueue_destroy");
        kassert!(queue.pending.is_empty(), "workqueue_destroy: there is work in {number}");
        queue.ending = true;
        self.wake_all(channel(number));
        while !self.queue(number, "workqueue_destroy").gone {
            self.sleep(channel(number), Sleep::default());
        }
        self.workqueues.queues.remove(&number);
    }
}

/// A queue's thread.
fn serve(number: usize) {
    let mut world = enter();
    loop {
        let queue = world.queue(number, "a work queue's thread");
        let Some(work) = queue.pending.pop_front() else {
            if queue.ending {
                queue.gone = true;
                world.wake_all(channel(number));
                return;
            }
            world.sleep(channel(number), Sleep::default());
            continue;
        };
        let (handler, argument, mpsafe) = (queue.handler, queue.argument, queue.mpsafe);
        let work = work as *mut kpi::work;
        // SAFETY: queued, so it is there until the handler is called.
        let link = unsafe { (*work).wk_dummy };
        kassert!(link == work.cast(), "{work:?} was written to while it was queued");
        if !mpsafe {
            world.kernel_lock(1);
        }
        // SAFETY: created with that argument, and not destroyed while it runs.
        world.outside(|| unsafe { handler(work, argument as *mut c_void) });
        if !mpsafe {
            world.kernel_unlock(1);
        }
    }
}

unsafe extern "C" fn workqueue_create(
    queue: *mut *mut kpi::workqueue,
    name: *const c_char,
    handler: Option<Handler>,
    argument: *mut c_void,
    _priority: kpi::pri_t,
    _ipl: c_int,
    flags: c_int,
) -> c_int {
    let mut world = enter();
    world.assert_sleepable("workqueue_create");
    // SAFETY: a string of the caller's.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    kassert!(name.len() < NAME_LEN, "workqueue_create: {name} is too long");
    let Some(handler) = handler else { host_panic!("workqueue_create: no handler") };
    if let Some(error) = world.workqueues.refuse.take() {
        return error;
    }
    world.workqueues.next += 1;
    let number = world.workqueues.next;
    let mpsafe = flags as u32 & kpi::WQ_MPSAFE != 0;
    let argument = argument as usize;
    let (pending, ending, gone) = (VecDeque::new(), false, false);
    let made = Queue { handler, argument, mpsafe, pending, ending, gone };
    world.workqueues.queues.insert(number, made);
    spawn(&mut world, KERNEL, &name, move || serve(number));
    // SAFETY: the caller's variable. What is in it is a number, for nobody looks into it.
    unsafe { *queue = number as *mut kpi::workqueue };
    0
}

unsafe extern "C" fn workqueue_enqueue(
    queue: *mut kpi::workqueue,
    work: *mut kpi::work,
    cpu: *mut kpi::cpu_info,
) {
    kassert!(cpu.is_null(), "workqueue_enqueue: a CPU, for a queue without WQ_PERCPU");
    enter().workqueue_enqueue(queue as usize, work as usize);
}

unsafe extern "C" fn workqueue_destroy(queue: *mut kpi::workqueue) {
    enter().workqueue_destroy(queue as usize);
}

exports!(workqueue_create, workqueue_enqueue, workqueue_destroy);
