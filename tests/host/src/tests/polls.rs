// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! poll(2) and select(2).

use tap_conformance::abi::{PollFd, O_RDWR, POLLIN, POLLNVAL, POLLOUT};
use tap_conformance::errno::Errno;

use super::driver::{attach, change, diary, forget_waiters, send};
use super::{process, settle};
use crate::syscall::{close, open, poll, revoke, select_read};
use crate::world::enter;

fn poll_one(fd: i32, timeout_ms: i32) -> (Result<usize, Errno>, i16) {
    let mut fds = [PollFd { fd, events: POLLIN, revents: -1 }];
    let result = poll(&mut enter(), &mut fds, timeout_ms);
    (result, fds[0].revents)
}

#[test]
fn a_poll_ends_with_the_event_or_the_time() {
    let place = process(1301);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    assert_eq!(poll_one(fd, 0), (Ok(0), 0));
    assert_eq!(poll_one(fd, 20), (Ok(0), 0));
    let poller = place.start(move || poll_one(fd, -1));
    poller.asleep();
    send(1, b"x");
    assert_eq!(poller.join(), (Ok(1), POLLIN));
    assert_eq!(poll_one(fd, -1), (Ok(1), POLLIN));
    assert_eq!(poll_one(99, -1), (Ok(1), POLLNVAL));
    assert_eq!(poll_one(-1, 0), (Ok(0), 0));
    assert_eq!(select_read(&mut enter(), fd, 0), Ok(true));
    assert_eq!(select_read(&mut enter(), 99, 0), Err(Errno::EBADF));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn every_poller_of_an_object_is_woken() {
    let place = process(1302);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let pollers = [
        place.start(move || poll_one(fd, -1).0),
        place.start(move || poll_one(fd, -1).0),
        place.start(move || select_read(&mut enter(), fd, 8000).map(usize::from)),
    ];
    for poller in &pollers {
        poller.asleep();
    }
    send(1, b"x");
    for poller in pollers {
        assert_eq!(poller.join(), Ok(1));
    }
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_wakeup_for_nothing_makes_a_poller_look_again() {
    let place = process(1303);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let poller = place.start(move || poll_one(fd, -1));
    poller.asleep();
    diary(1);
    send(1, b"taken away");
    change(1, |device| device.messages.clear());
    settle();
    if !poller.is_over() {
        assert!(diary(1).contains(&"poll"), "the poller did not look again");
        send(1, b"x");
    }
    assert_eq!(poller.join(), (Ok(1), POLLIN));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_poller_survives_its_record() {
    let place = process(1304);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let poller = place.start(move || poll_one(fd, 100));
    poller.asleep();
    forget_waiters(1);
    assert_eq!(poller.join(), (Ok(0), 0));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_dead_node_has_whatever_is_asked_for() {
    let _place = process(1305);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    revoke(&mut enter(), &path).unwrap();
    let mut fds = [PollFd { fd, events: POLLIN | POLLOUT, revents: 0 }];
    assert_eq!(poll(&mut enter(), &mut fds, -1), Ok(1));
    assert_eq!(fds[0].revents & (POLLIN | POLLOUT), POLLIN | POLLOUT);
    close(&mut enter(), fd).unwrap();
}
