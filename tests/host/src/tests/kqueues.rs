// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! kqueue(2).

use tap_conformance::abi::{
    Kev, EVFILT_READ, EVFILT_VNODE, EVFILT_WRITE, EV_ADD, EV_CLEAR, EV_DELETE, EV_DISABLE,
    EV_ENABLE, EV_ERROR, EV_ONESHOT, O_RDWR,
};
use tap_conformance::errno::Errno;

use super::driver::{attach, change, diary, forget_waiters, send, Attached};
use super::{process, settle};
use crate::syscall::{close, kevent, kqueue, open, revoke};
use crate::world::enter;

fn event(fd: i32, filter: u32, flags: u32) -> Kev {
    Kev { ident: fd as usize, filter, flags, udata: 77, ..Kev::default() }
}

/// Changes, and what comes of them at once.
fn change_one(kq: i32, change: Kev) -> Result<(), Errno> {
    let mut events = [Kev::default()];
    match kevent(&mut enter(), kq, &[change], &mut events, 0)? {
        1 if events[0].flags & EV_ERROR != 0 => Err(Errno(events[0].data as i32)),
        _ => Ok(()),
    }
}

/// Takes one event: its data.
fn take(kq: i32, timeout_ms: i32) -> Result<Option<i64>, Errno> {
    let mut events = [Kev::default(); 4];
    let n = kevent(&mut enter(), kq, &[], &mut events, timeout_ms)?;
    assert!(n <= 1, "{n} events of one knote");
    assert!(n == 0 || events[0].udata == 77, "the user's value was lost");
    Ok((n == 1).then_some(events[0].data))
}

fn watched(driver: &Attached, flags: u32) -> (i32, i32) {
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let kq = kqueue(&mut enter()).unwrap();
    change_one(kq, event(fd, EVFILT_READ, EV_ADD | flags)).unwrap();
    (fd, kq)
}

fn end(fd: i32, kq: i32) {
    close(&mut enter(), kq).unwrap();
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_level_stays_and_an_edge_comes_once() {
    let place = process(1401);
    let driver = attach();
    let (fd, level) = watched(&driver, 0);
    let edge = kqueue(&mut enter()).unwrap();
    change_one(edge, event(fd, EVFILT_READ, EV_ADD | EV_CLEAR)).unwrap();
    assert_eq!((take(level, 0), take(edge, 10)), (Ok(None), Ok(None)));
    let waiter = place.start(move || take(edge, -1));
    waiter.asleep();
    send(1, b"x");
    assert_eq!(waiter.join(), Ok(Some(1)));
    assert_eq!((take(level, 0), take(level, 0)), (Ok(Some(1)), Ok(Some(1))));
    assert_eq!(take(edge, 0), Ok(None), "one frame, two edges");
    send(1, b"y");
    assert_eq!(take(edge, 0), Ok(Some(2)));
    change(1, |device| device.messages.clear());
    assert_eq!(take(level, 0), Ok(None), "a level without water");
    close(&mut enter(), edge).unwrap();
    end(fd, level);
}

#[test]
fn once_disabled_and_deleted() {
    let _place = process(1402);
    let driver = attach();
    let (fd, kq) = watched(&driver, EV_ONESHOT);
    send(1, b"x");
    assert_eq!(take(kq, 0), Ok(Some(1)));
    assert_eq!(take(kq, 0), Ok(None));
    assert_eq!(change_one(kq, event(fd, EVFILT_READ, EV_DELETE)), Err(Errno::ENOENT));
    change_one(kq, event(fd, EVFILT_READ, EV_ADD | EV_DISABLE)).unwrap();
    assert_eq!(take(kq, 0), Ok(None), "a disabled event");
    change_one(kq, event(fd, EVFILT_READ, EV_ENABLE)).unwrap();
    assert_eq!(take(kq, 0), Ok(Some(1)));
    change_one(kq, event(fd, EVFILT_READ, EV_DELETE)).unwrap();
    assert_eq!(take(kq, 0), Ok(None));
    assert_eq!(enter().events.knotes(), 0);
    end(fd, kq);
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    let _place = process(1403);
    let driver = attach();
    let (fd, kq) = watched(&driver, 0);
    assert_eq!(change_one(kq, event(fd, EVFILT_WRITE, EV_ADD)), Err(Errno::EINVAL));
    assert_eq!(change_one(kq, event(fd, EVFILT_VNODE, EV_ADD)), Err(Errno::EINVAL));
    assert_eq!(change_one(kq, event(fd, 2, EV_ADD)), Err(Errno::EINVAL), "EVFILT_AIO");
    assert_eq!(change_one(kq, event(99, EVFILT_READ, EV_ADD)), Err(Errno::EBADF));
    assert_eq!(enter().events.knotes(), 1);
    let both = [event(99, EVFILT_READ, EV_ADD), event(98, EVFILT_READ, EV_ADD)];
    let none = kevent(&mut enter(), kq, &both, &mut [], 0);
    assert_eq!(none, Err(Errno::EBADF), "an error without room for it");
    assert_eq!(kevent(&mut enter(), fd, &[], &mut [], 0), Err(Errno::EBADF), "no kqueue");
    end(fd, kq);
}

#[test]
fn a_closed_descriptor_leaves_its_kqueue() {
    let _place = process(1404);
    let driver = attach();
    let (fd, kq) = watched(&driver, 0);
    send(1, b"x");
    diary(1);
    close(&mut enter(), fd).unwrap();
    assert_eq!(diary(1), ["detach", "cancel", "close"]);
    assert_eq!(enter().events.knotes(), 0);
    assert_eq!(take(kq, 0), Ok(None));
    close(&mut enter(), kq).unwrap();
}

#[test]
fn a_closed_kqueue_leaves_its_descriptors_and_restarts_its_waiters() {
    let place = process(1405);
    let driver = attach();
    let (fd, kq) = watched(&driver, 0);
    let waiter = place.start(move || take(kq, -1));
    waiter.asleep();
    close(&mut enter(), kq).unwrap();
    assert_eq!(waiter.join(), Err(Errno::EBADF));
    assert_eq!(diary(1), ["open", "opened", "detach"]);
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_knote_whose_object_has_gone_says_nothing() {
    let _place = process(1406);
    let driver = attach();
    let (fd, kq) = watched(&driver, 0);
    send(1, b"x");
    forget_waiters(1);
    diary(1);
    assert_eq!(take(kq, 0), Ok(None));
    change_one(kq, event(fd, EVFILT_READ, EV_DELETE)).unwrap();
    assert_eq!(diary(1), [""; 0], "the filter was called after its object had gone");
    end(fd, kq);
}

#[test]
fn a_dead_node_is_not_watched() {
    let _place = process(1407);
    let driver = attach();
    let (fd, kq) = watched(&driver, 0);
    revoke(&mut enter(), &std::ffi::CString::new("/dev/diary1").unwrap()).unwrap();
    change_one(kq, event(fd, EVFILT_READ, EV_DELETE)).unwrap();
    assert_eq!(change_one(kq, event(fd, EVFILT_READ, EV_ADD)), Err(Errno::EBADF));
    end(fd, kq);
}

#[test]
fn two_scans_share_one_queue() {
    const FRAMES: usize = 200;
    let place = process(1408);
    let driver = attach();
    let (fd, kq) = watched(&driver, EV_CLEAR);
    let scan = move || {
        let mut taken = 0;
        while take(kq, 200)?.is_some() {
            taken += 1;
        }
        Ok(taken)
    };
    let scans = [place.start(scan), place.start(scan)];
    for _ in 0..FRAMES {
        send(1, b"x");
    }
    settle();
    let mut taken = 0;
    for scan in scans {
        let result: Result<usize, Errno> = scan.join();
        taken += result.unwrap();
    }
    assert!((1..=FRAMES).contains(&taken), "{taken} edges of {FRAMES} frames");
    end(fd, kq);
}
