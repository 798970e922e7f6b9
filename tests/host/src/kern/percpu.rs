// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! percpu(9), as sys/kern/subr_percpu.c has it. There are as many CPUs as threads that hold a
//! reference at once: a thread that takes one is on a CPU of its own until it gives it back, so
//! that a count which is not atomic is exact, as it is in the kernel.

use std::ffi::c_void;

use litemap::LiteMap;

use crate::kern::kmem::Kind;
use crate::kpi;
use crate::sched::{chan, me, Sleep, Tid};
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

const HANDLE: Kind = Kind::Object("percpu");
const STORAGE: Kind = Kind::Object("percpu storage");

/// One allocation: its size, and its storage on each CPU that has used it.
struct Area {
    size: usize,
    cpus: Vec<usize>,
}

/// All per-CPU storage, and who is on which CPU.
#[derive(Default)]
pub struct Percpus {
    areas: LiteMap<usize, Area>,
    /// The CPU of each thread that holds references, and how many.
    holders: LiteMap<Tid, (usize, u32)>,
}

impl Percpus {
    /// Allocations that nobody has freed.
    pub fn leftovers(&self) -> Vec<String> {
        self.areas.values().map(|area| format!("percpu storage of {} bytes", area.size)).collect()
    }
}

impl World {
    /// percpu_alloc(9).
    pub fn percpu_alloc(&mut self, size: usize) -> *mut kpi::percpu_t {
        self.assert_sleepable("percpu_alloc");
        let handle = self.allocate(size_of::<usize>(), HANDLE, true);
        self.percpus.areas.insert(handle as usize, Area { size, cpus: Vec::new() });
        handle.cast()
    }

    /// percpu_free(9). Nobody holds a reference.
    pub fn percpu_free(&mut self, handle: *mut kpi::percpu_t) {
        self.assert_sleepable("percpu_free");
        let Some(area) = self.percpus.areas.remove(&(handle as usize)) else {
            host_panic!("percpu_free: {handle:?} is not allocated, or freed twice");
        };
        for storage in area.cpus {
            self.free(storage as *mut c_void, Some(area.size), STORAGE);
        }
        self.free(handle.cast(), None, HANDLE);
    }

    /// percpu_getref(9): the thread stays on its CPU until [`Self::percpu_putref`].
    pub fn percpu_getref(&mut self, handle: *mut kpi::percpu_t) -> *mut c_void {
        let holders = &mut self.percpus.holders;
        let free = (0..).find(|cpu| holders.values().all(|(taken, _)| taken != cpu));
        let (cpu, count) = holders.entry(me()).or_insert((free.unwrap_or(0), 0));
        *count += 1;
        let cpu = *cpu;
        self.current().bound += 1;
        self.percpu_storage(handle, cpu) as *mut c_void
    }

    fn percpu_storage(&mut self, handle: *mut kpi::percpu_t, cpu: usize) -> usize {
        loop {
            let Some(area) = self.percpus.areas.get(&(handle as usize)) else {
                host_panic!("percpu_getref: {handle:?} is not allocated, or no longer");
            };
            if let Some(storage) = area.cpus.get(cpu) {
                return *storage;
            }
            let storage = self.allocate(area.size, STORAGE, true) as usize;
            if let Some(area) = self.percpus.areas.get_mut(&(handle as usize)) {
                area.cpus.push(storage);
            }
        }
    }

    /// percpu_putref(9).
    pub fn percpu_putref(&mut self, handle: *mut kpi::percpu_t) {
        let alive = self.percpus.areas.contains_key(&(handle as usize));
        kassert!(alive, "percpu_putref: {handle:?} was freed while a reference was held");
        let tid = me();
        let Some((cpu, count)) = self.percpus.holders.get_mut(&tid) else {
            host_panic!("percpu_putref: thread {tid} holds no reference");
        };
        let cpu = *cpu;
        *count -= 1;
        if *count == 0 {
            self.percpus.holders.remove(&tid);
            self.wake_all(chan("percpu", cpu));
        }
        self.current().bound -= 1;
    }

    /// The storage of each CPU in turn, while nobody is on that CPU, as
    /// percpu_foreach_xcall(9) visits it.
    pub fn percpu_foreach(
        &mut self,
        handle: *mut kpi::percpu_t,
        mut visit: impl FnMut(*mut c_void),
    ) {
        self.assert_sleepable("percpu_foreach");
        let mut cpu = 0;
        loop {
            let Some(area) = self.percpus.areas.get(&(handle as usize)) else {
                host_panic!("percpu_foreach: {handle:?} is not allocated, or no longer");
            };
            let Some(storage) = area.cpus.get(cpu).copied() else { return };
            if self.percpus.holders.values().any(|(taken, _)| *taken == cpu) {
                self.sleep(chan("percpu", cpu), Sleep::default());
                continue;
            }
            visit(storage as *mut c_void);
            cpu += 1;
        }
    }
}

unsafe extern "C" fn percpu_getref(handle: *mut kpi::percpu_t) -> *mut c_void {
    enter().percpu_getref(handle)
}

unsafe extern "C" fn percpu_putref(handle: *mut kpi::percpu_t) {
    enter().percpu_putref(handle);
}

exports!(percpu_getref, percpu_putref);
