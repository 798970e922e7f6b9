// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Processes and signals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use tap_conformance::abi::{O_RDWR, SIGCONT, SIGIO, SIGKILL, SIGSTOP};
use tap_conformance::errno::Errno;

use super::driver::{attach, diary, send, with};
use super::{process, settle, until};
use crate::kern::errno::errno;
use crate::kpi;
use crate::sched::{Pending, Pid};
use crate::syscall::{self, close, fork, kill, open, read, reap, sigio_take, sigio_watch};
use crate::world::{enter, World};

fn read_some(fd: i32) -> Result<usize, Errno> {
    let mut bytes = [0_u8; 64];
    let start = bytes.as_mut_ptr() as usize;
    read(&mut enter(), fd, &[(start, bytes.len())])
}

/// Waits until a child has ended: what wait4(2) says.
fn status(pid: Pid) -> i32 {
    let mut found = None;
    let ended = until(|world| {
        found = reap(world, pid).unwrap();
        found.is_some()
    });
    assert!(ended, "the child goes on for ever");
    found.unwrap()
}

fn sigio(code: i32) -> Pending {
    Pending { number: SIGIO, code, band: 65 }
}

/// Whether some thread of a process sleeps in an interruptible way.
fn sleeps(world: &mut World, pid: Pid) -> bool {
    world.threads_of(pid).into_iter().any(|tid| world.sleep_of(tid) == Some(true))
}

#[test]
fn a_child_has_its_own_descriptors_of_the_same_files() {
    let _place = process(1601);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let kq = syscall::kqueue(&mut enter()).unwrap();
    let child = fork(&mut enter(), move || {
        let kqueue_is_not_inherited = close(&mut enter(), kq) == Err(Errno::EBADF);
        let got = read_some(fd);
        close(&mut enter(), fd).unwrap();
        if kqueue_is_not_inherited && got == Ok(3) && close(&mut enter(), fd).is_err() {
            7
        } else {
            1
        }
    });
    let child = child.unwrap();
    assert_eq!(reap(&mut enter(), child), Ok(None));
    close(&mut enter(), kq).unwrap();
    send(1, b"for");
    assert_eq!(status(child), 7);
    assert_eq!(reap(&mut enter(), child), Err(errno(kpi::ECHILD)));
    assert_eq!(diary(1), ["open", "opened"]);
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_killed_process_closes_its_descriptors() {
    let _place = process(1602);
    let driver = attach();
    let path = driver.node(1);
    let child = fork(&mut enter(), move || {
        let fd = open(&mut enter(), &path, O_RDWR).unwrap();
        read_some(fd).map_or(2, |_| 3)
    });
    let child = child.unwrap();
    assert!(until(|world| sleeps(world, child)));
    assert_eq!(kill(&mut enter(), child, 0), Ok(()));
    assert_eq!(kill(&mut enter(), child, 64), Err(Errno::EINVAL));
    assert_eq!(kill(&mut enter(), 31_000, SIGKILL), Err(Errno::ESRCH));
    kill(&mut enter(), child, SIGKILL).unwrap();
    assert_eq!(status(child), 256 + SIGKILL);
    assert_eq!(diary(1), ["open", "opened", "cancel", "close"]);
}

#[test]
fn a_stopped_process_goes_nowhere_and_on_as_if_nothing_had_been() {
    let _place = process(1603);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let child = fork(&mut enter(), move || match read_some(fd) {
        Ok(5) => 7,
        _ => 1,
    });
    let child = child.unwrap();
    assert!(until(|world| sleeps(world, child)));
    kill(&mut enter(), child, SIGSTOP).unwrap();
    settle();
    send(1, b"later");
    settle();
    assert_eq!(reap(&mut enter(), child), Ok(None), "a stopped process ended");
    assert_eq!(with(1, |device| device.messages.len()), 1, "a stopped process read");
    kill(&mut enter(), child, SIGCONT).unwrap();
    assert_eq!(status(child), 7);
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_stop_alone_does_not_end_a_read() {
    let _place = process(1604);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let child = fork(&mut enter(), move || i32::from(read_some(fd) != Ok(1)));
    let child = child.unwrap();
    assert!(until(|world| sleeps(world, child)));
    for _ in 0..3 {
        kill(&mut enter(), child, SIGSTOP).unwrap();
        settle();
        kill(&mut enter(), child, SIGCONT).unwrap();
        assert!(until(|world| sleeps(world, child)));
    }
    send(1, b"x");
    assert_eq!(status(child), 0);
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_caught_signal_ends_one_sleep_and_is_counted() {
    let place = process(1605);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let readers = [place.start(move || read_some(fd)), place.start(move || read_some(fd))];
    for reader in &readers {
        reader.asleep();
    }
    enter().psignal(1605, sigio(1));
    settle();
    assert!(readers.iter().all(|reader| !reader.is_over()), "an ignored signal ended a sleep");
    sigio_watch(&mut enter(), false).unwrap();
    enter().psignal(1605, sigio(6));
    assert!(until(|_| readers.iter().any(super::Job::is_over)));
    settle();
    assert_eq!(readers.iter().filter(|reader| reader.is_over()).count(), 1);
    let seen = sigio_take(&mut enter());
    assert_eq!((seen.count, seen.code, seen.band), (1, 6, 65));
    assert_eq!(sigio_take(&mut enter()).count, 0);
    send(1, b"x");
    let mut results = readers.map(super::Job::join);
    results.sort_by_key(|result| result.is_ok());
    assert_eq!(results, [Err(Errno::EINTR), Ok(1)]);
    close(&mut enter(), fd).unwrap();
}

#[test]
fn an_interrupted_read_is_made_again_when_the_handler_wants_it() {
    let place = process(1606);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    sigio_watch(&mut enter(), false).unwrap();
    enter().current_proc().restart = true;
    let reader = place.start(move || read_some(fd));
    reader.asleep();
    enter().psignal(1606, sigio(1));
    settle();
    assert!(!reader.is_over(), "the read was not made again");
    assert_eq!(sigio_take(&mut enter()).count, 1);
    send(1, b"xy");
    assert_eq!(reader.join(), Ok(2));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn owners_are_processes_or_groups() {
    let _place = process(1607);
    let group = u64::from(kpi::TIOCSPGRP);
    let single = u64::from(kpi::FIOSETOWN);
    let mut world = enter();
    assert_eq!(world.fsetown(single, 1607), Ok(1607));
    assert_eq!(world.fsetown(single, 31_000), Err(errno(kpi::ESRCH)));
    assert_eq!(world.fsetown(single, -1607), Ok(-1607));
    assert_eq!(world.fsetown(single, -31_000), Err(Errno::EINVAL));
    assert_eq!(world.fsetown(single, i32::MIN), Err(Errno::EINVAL));
    assert_eq!(world.fsetown(group, 1607), Ok(-1607));
    assert_eq!(world.fsetown(group, -1607), Err(Errno::EINVAL));
    assert_eq!(world.fsetown(group, 31_000), Err(Errno::EINVAL));
    assert_eq!(world.fsetown(group, 0), Ok(0));
    sigio_watch(&mut world, false).unwrap();
    world.fownsignal(0, sigio(1));
    assert_eq!(sigio_take(&mut world).count, 0);
    world.fownsignal(-1607, sigio(1));
    assert_eq!(sigio_take(&mut world).count, 1);
    world.fownsignal(31_000, sigio(1));
}

#[test]
fn a_signal_that_a_running_thread_will_take_ends_no_other_sleep() {
    let place = process(1608);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    sigio_watch(&mut enter(), false).unwrap();
    let go = Arc::new(AtomicBool::new(false));
    let wait = go.clone();
    let user = place.start(move || {
        while !wait.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
    });
    enter().psignal(1608, sigio(1));
    let reader = place.start(move || read_some(fd));
    reader.asleep();
    settle();
    assert!(!reader.is_over(), "the signal was another thread's");
    go.store(true, Ordering::Release);
    user.join();
    send(1, b"x");
    assert_eq!(reader.join(), Ok(1));
    assert_eq!(sigio_take(&mut enter()).count, 1);
    close(&mut enter(), fd).unwrap();
}
