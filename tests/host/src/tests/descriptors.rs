// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Descriptors, cloning opens, fcntl and ioctl.

use std::sync::Arc;

use tap_conformance::abi::{
    Stat, FD_CLOEXEC, FIOASYNC, FIONBIO, FIONREAD, F_GETFD, F_GETFL, F_SETFD, F_SETFL, O_ASYNC,
    O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY,
};
use tap_conformance::errno::Errno;
use tap_conformance::user::Plain;

use super::driver::{attach, diary, send, with, Stubborn, CLONER};
use super::process;
use crate::kern::errno::errno;
use crate::kpi;
use crate::syscall::{close, dup2, fcntl, fstat, ioctl, open, read, write};
use crate::world::enter;

fn read_some(fd: i32) -> Result<usize, Errno> {
    let mut bytes = [0_u8; 64];
    let start = bytes.as_mut_ptr() as usize;
    read(&mut enter(), fd, &[(start, bytes.len())])
}

#[test]
fn a_cloning_open_gives_the_lowest_descriptor_and_keeps_its_flags() {
    let _place = process(1201);
    let driver = attach();
    let path = driver.node(CLONER);
    let first = open(&mut enter(), &path, O_RDWR).unwrap();
    assert_eq!(first, 0);
    let second = open(&mut enter(), &path, O_WRONLY | O_NONBLOCK | O_CLOEXEC).unwrap();
    assert_eq!(second, 1);
    assert_eq!(fcntl(&mut enter(), first, F_GETFD, 0), Ok(0));
    assert_eq!(fcntl(&mut enter(), second, F_GETFD, 0), Ok(FD_CLOEXEC));
    let flags = fcntl(&mut enter(), second, F_GETFL, 0).unwrap();
    assert_eq!(flags & (O_NONBLOCK | 3), O_WRONLY | O_NONBLOCK);
    assert_eq!(read_some(second), Err(Errno::EBADF));
    assert_eq!(enter().files.count(), 2, "the open left a file behind");
    close(&mut enter(), first).unwrap();
    close(&mut enter(), second).unwrap();
    assert_eq!(diary(CLONER), ["close", "close"]);
}

#[test]
fn a_cloning_open_fails_without_a_trace() {
    let _place = process(1202);
    let driver = attach();
    let path = driver.node(CLONER);
    enter().set_open_limit(1);
    assert_eq!(open(&mut enter(), &path, O_RDWR), Err(Errno::EMFILE));
    enter().set_open_limit(8);
    for fails in 0..2 {
        enter().memory.fail_in = Some(fails);
        assert_eq!(open(&mut enter(), &path, O_RDWR), Err(errno(kpi::ENFILE)));
        assert_eq!(enter().files.count(), 0);
    }
    assert_eq!(open(&mut enter(), &path, O_RDWR), Ok(0));
    close(&mut enter(), 0).unwrap();
}

#[test]
fn a_close_restarts_who_reads() {
    let place = process(1203);
    let driver = attach();
    let path = driver.node(CLONER);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let readers = [place.start(move || read_some(fd)), place.start(move || read_some(fd))];
    for reader in &readers {
        reader.asleep();
    }
    assert_eq!(close(&mut enter(), fd), Ok(()));
    assert_eq!(diary(CLONER), ["restart", "read ends", "read ends", "close"]);
    for reader in readers {
        assert_eq!(reader.join(), Err(Errno::EBADF));
    }
}

#[test]
fn dup2_shares_a_file_and_closes_what_was_there() {
    let place = process(1204);
    let driver = attach();
    let path = driver.node(CLONER);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let other = open(&mut enter(), &path, O_RDWR | O_CLOEXEC).unwrap();
    let reader = place.start(move || read_some(other));
    reader.asleep();
    assert_eq!(dup2(&mut enter(), fd, other), Ok(other));
    assert_eq!(diary(CLONER), ["restart", "read ends", "close"]);
    // The read is made again, and finds no file yet, or the new one.
    send(CLONER, b"to the copy");
    let again = reader.join();
    assert!(matches!(again, Err(Errno::EBADF) | Ok(11)), "the restarted read says {again:?}");
    assert_eq!(fcntl(&mut enter(), other, F_GETFD, 0), Ok(0));
    close(&mut enter(), fd).unwrap();
    assert_eq!(diary(CLONER), [""; 0], "a file was closed that is still open");
    close(&mut enter(), other).unwrap();
    assert_eq!(diary(CLONER), ["close"]);
    assert_eq!(dup2(&mut enter(), fd, 7), Err(Errno::EBADF));
    assert_eq!(dup2(&mut enter(), fd, 128), Err(Errno::EBADF));
}

#[test]
fn nonblocking_mode_is_the_file_s() {
    let _place = process(1205);
    let driver = attach();
    let path = driver.node(CLONER);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let mut on = 1_i32;
    ioctl(&mut enter(), fd, FIONBIO, std::ptr::from_mut(&mut on) as usize).unwrap();
    assert_eq!(read_some(fd), Err(Errno::EAGAIN));
    assert_eq!(with(CLONER, |device| device.flags), kpi::FREAD | kpi::FWRITE | kpi::FNONBLOCK);
    fcntl(&mut enter(), fd, F_SETFL, 0).unwrap();
    send(CLONER, b"x");
    assert_eq!(read_some(fd), Ok(1));
    assert_eq!(with(CLONER, |device| device.flags), kpi::FREAD | kpi::FWRITE);
    let both = (O_NONBLOCK | O_ASYNC) as usize;
    fcntl(&mut enter(), fd, F_SETFL, both).unwrap();
    assert_eq!(fcntl(&mut enter(), fd, F_GETFL, 0), Ok(O_RDWR | O_NONBLOCK | O_ASYNC));
    fcntl(&mut enter(), fd, F_SETFD, FD_CLOEXEC as usize).unwrap();
    assert_eq!(fcntl(&mut enter(), fd, F_GETFD, 0), Ok(FD_CLOEXEC));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn refused_flags_are_taken_back() {
    let _place = process(1206);
    let flags = kpi::FREAD | kpi::FWRITE;
    let fd = enter().fd_install(Arc::new(Stubborn), flags).unwrap();
    let both = (O_NONBLOCK | O_ASYNC) as usize;
    assert_eq!(fcntl(&mut enter(), fd, F_SETFL, both), Err(Errno::EINVAL));
    assert_eq!(fcntl(&mut enter(), fd, F_GETFL, 0), Ok(O_RDWR));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn ioctl_copies_what_the_command_says() {
    let _place = process(1207);
    let fd = enter().fd_install(Arc::new(Stubborn), kpi::FREAD).unwrap();
    let mut value = 0_i32;
    let address = std::ptr::from_mut(&mut value) as usize;
    assert_eq!(ioctl(&mut enter(), fd, FIONREAD, address), Ok(0));
    assert_eq!(value, 7);
    assert_eq!(ioctl(&mut enter(), fd, FIONREAD, 8), Err(Errno::EFAULT));
    assert_eq!(ioctl(&mut enter(), fd, FIOASYNC, 8), Err(Errno::EFAULT), "before it is asked");
    assert_eq!(ioctl(&mut enter(), fd, 0x2000_6563, 8), Err(Errno::ENOTTY));
    assert_eq!(ioctl(&mut enter(), fd, 0x5fff_6563, 8), Err(Errno::ENOTTY), "a giant argument");
    assert_eq!(ioctl(&mut enter(), 99, FIONREAD, address), Err(Errno::EBADF));
    assert_eq!(write(&mut enter(), fd, &[]), Err(Errno::EINVAL));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn fstat_shows_what_a_module_forgot() {
    let _place = process(1208);
    let driver = attach();
    let path = driver.node(CLONER);
    let fd = open(&mut enter(), &path, O_RDONLY).unwrap();
    let mut stat = Stat::zeroed();
    fstat(&mut enter(), fd, std::ptr::from_mut(&mut stat) as usize).unwrap();
    assert_eq!((stat.mode, stat.uid), (kpi::S_IFCHR, 0xa5a5_a5a5));
    assert_eq!(fstat(&mut enter(), fd, 8), Err(Errno::EFAULT));
    close(&mut enter(), fd).unwrap();
}
