// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What ends the process: a driver's mistakes that a kernel with DIAGNOSTIC and LOCKDEBUG panics
//! on, or that it would not notice at all. Each is made in a process of its own.

use std::sync::Arc;

use tap_conformance::errno::{Errno, Result};

use super::process;
use crate::emulator;
use crate::kern::descrip::{File, NativeFile};
use crate::kern::errno::ERESTART;
use crate::kern::kmem::Kind;
use crate::kern::select::SelInfo;
use crate::kpi;
use crate::loader::trace::Callers;
use crate::syscall::{close, ioctl};
use crate::world::{enter, World};

/// The environment's variable that says which mistake a process is to make.
const WHICH: &str = "TAP_HOST_MISTAKE";

/// A file that does more than it is asked for.
struct Careless;

impl NativeFile for Careless {
    fn name(&self) -> &'static str {
        "careless"
    }

    fn ioctl(&self, _: &mut World, _: File, _cmd: u64, data: &mut [u8]) -> Result<()> {
        let behind = data.as_mut_ptr_range().end.wrapping_add(8);
        // SAFETY: a lie that the test is about; there is a guard behind the argument.
        unsafe { behind.write(1) };
        Ok(())
    }

    fn close(&self, _: &mut World, _: File) -> Result<()> {
        Err(ERESTART)
    }
}

fn record() -> *mut kpi::selinfo {
    // SAFETY: integers and pointers, for which all zeros is a value.
    Box::into_raw(Box::new(unsafe { std::mem::zeroed() }))
}

fn careless() -> i32 {
    enter().fd_install(Arc::new(Careless), kpi::FREAD).unwrap()
}

/// A mistake and what the host says of it.
type Mistake = (fn(), &'static str);

const MISTAKES: &[Mistake] = &[
    (|| enter().selrecord(record()), "selrecord: "),
    (
        || {
            let record = record();
            enter().selinit(record);
            enter().selinit(record);
        },
        "is initialised twice",
    ),
    (
        || {
            let mut world = enter();
            let record = SelInfo::new(&mut world);
            record.destroy(&mut world);
            record.notify(&mut world, 0);
        },
        "selnotify: ",
    ),
    (
        || {
            let mut world = enter();
            let record = SelInfo::new(&mut world);
            let knote = std::ptr::without_provenance_mut(64);
            record.attach(&mut world, knote);
        },
        "klist_insert: 0x40 is no knote",
    ),
    (|| enter().device_release(64), "0x40 is no device"),
    (|| enter().devsw_detach_module(std::ptr::without_provenance(64)), "is not attached"),
    (
        || {
            let mut world = enter();
            let (file, fd) = world.fd_allocfile().unwrap();
            world.become_native(file, Arc::new(Careless), kpi::FREAD);
            world.fd_affix(file, fd);
            world.fd_abort(Some(file), fd);
        },
        "is visible",
    ),
    (
        || {
            let fd = careless();
            let mut value = 0_u32;
            let address = std::ptr::from_mut(&mut value) as usize;
            ioctl(&mut enter(), fd, u64::from(kpi::FIONREAD), address).unwrap_or(0);
        },
        "wrote beyond its argument",
    ),
    (
        || {
            let fd = careless();
            close(&mut enter(), fd).unwrap_or(());
        },
        "fo_close returned ERESTART",
    ),
    (
        || {
            let mut world = enter();
            let lock = world.allocate(8, Kind::Kmem, true) as usize;
            world.mutex_init(lock, true);
            world.mutex_enter(lock);
            assert_eq!(world.copyin(8, &mut [0]), Err(Errno::EFAULT));
        },
        "with a spin mutex held",
    ),
    (
        || {
            let mut world = enter();
            let [a, b] = [(); 2].map(|()| world.allocate(8, Kind::Kmem, true) as usize);
            for lock in [a, b] {
                world.mutex_init(lock, false);
            }
            for (outer, inner) in [(a, b), (b, a)] {
                world.mutex_enter(outer);
                world.mutex_enter(inner);
                world.mutex_exit(inner);
                world.mutex_exit(outer);
            }
        },
        "is taken after ",
    ),
];

/// Makes the mistake that it is asked for.
#[test]
#[ignore = "started by mistakes_end_the_process, in a process of its own"]
fn makes_a_mistake() {
    let which = std::env::var(WHICH).unwrap();
    let (mistake, _) = MISTAKES[which.parse::<usize>().unwrap()];
    let _place = process(1701);
    mistake();
}

#[test]
fn mistakes_end_the_process() {
    for (which, (_, message)) in MISTAKES.iter().enumerate() {
        let mut command = emulator::this_program().unwrap();
        command.args(["--ignored", "--exact", "tests::panics::makes_a_mistake", "--nocapture"]);
        let output = command.env(WHICH, which.to_string()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let panic = said.lines().find(|line| line.starts_with("panic: ")).unwrap_or("nothing");
        assert!(panic.contains(message), "{panic}, not {message}");
        assert!(!output.status.success(), "{message}: and it went on");
    }
}

#[test]
fn callers_are_named_and_no_more_than_asked_for() {
    let [two, many] = [2, 16].map(|most| Callers::innermost(most).to_string());
    assert!(many.contains("callers_are_named_and_no_more_than_asked_for"), "{many}");
    let numbered = |text: &str| text.lines().filter(|line| line.contains(": ")).count();
    assert!(numbered(&two) < numbered(&many), "{two}, {many}");
}
