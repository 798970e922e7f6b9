// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Device nodes and the spec layer.

use tap_conformance::abi::{makedev, Stat, O_NONBLOCK, O_RDONLY, O_RDWR, S_IFCHR, S_IFMT};
use tap_conformance::errno::Errno;
use tap_conformance::user::Plain;

use super::driver::{attach, change, diary, send, table};
use super::{process, settle};
use crate::kpi;
use crate::sched::{chan, Sleep};
use crate::syscall::{self, close, fstat, ioctl, open, read, revoke, write};
use crate::world::enter;

fn read_some(fd: i32) -> Result<usize, Errno> {
    let mut bytes = [0_u8; 64];
    let start = bytes.as_mut_ptr() as usize;
    read(&mut enter(), fd, &[(start, bytes.len())])
}

#[test]
fn the_last_close_closes_the_driver() {
    let _place = process(1101);
    let driver = attach();
    let path = driver.node(1);
    let first = open(&mut enter(), &path, O_RDWR).unwrap();
    let second = open(&mut enter(), &path, O_RDONLY).unwrap();
    assert_eq!(diary(1), ["open", "opened", "open", "opened"]);
    close(&mut enter(), first).unwrap();
    assert_eq!(diary(1), [""; 0]);
    close(&mut enter(), second).unwrap();
    assert_eq!(diary(1), ["cancel", "close"]);
    assert_eq!(close(&mut enter(), second), Err(Errno::EBADF));
}

#[test]
fn what_was_opened_for_one_way_goes_that_way() {
    let _place = process(1102);
    let driver = attach();
    let path = driver.node(1);
    assert_eq!(open(&mut enter(), &path, 3), Err(Errno::EINVAL));
    let reader = open(&mut enter(), &path, O_RDONLY | O_NONBLOCK).unwrap();
    assert_eq!(write(&mut enter(), reader, &[(8, 1)]), Err(Errno::EBADF));
    assert_eq!(read_some(reader), Err(Errno::EAGAIN));
    assert_eq!(read(&mut enter(), reader, &[(8, 0)]), Ok(0), "a read of nothing asks nobody");
    let writer = open(&mut enter(), &path, O_RDWR).unwrap();
    let message = *b"frame";
    let span = (message.as_ptr() as usize, message.len());
    assert_eq!(write(&mut enter(), writer, &[span, span]), Ok(10));
    assert_eq!(read_some(reader), Ok(10));
    close(&mut enter(), reader).unwrap();
    close(&mut enter(), writer).unwrap();
}

#[test]
fn nobody_reads_from_where_nothing_is() {
    let _place = process(1103);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    assert_eq!(write(&mut enter(), fd, &[(8, 1)]), Err(Errno::EFAULT));
    send(1, b"a message");
    assert_eq!(read(&mut enter(), fd, &[(8, 64)]), Err(Errno::EFAULT));
    send(1, b"a message");
    enter().copies.fault_in = Some(4);
    assert_eq!(read_some(fd), Err(Errno::EFAULT));
    send(1, b"a message");
    assert_eq!(read_some(fd), Ok(9));
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_close_waits_for_a_read_on_its_node() {
    let place = process(1104);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let reader = place.start(move || read_some(fd));
    reader.asleep();
    let closer = place.start(move || close(&mut enter(), fd));
    closer.asleep();
    settle();
    assert!(!closer.is_over(), "the close left a reader behind");
    assert_eq!(read_some(fd), Err(Errno::EBADF), "the descriptor is still there");
    send(1, b"at last");
    assert_eq!(reader.join(), Ok(7));
    assert_eq!(closer.join(), Ok(()));
    assert_eq!(diary(1), ["open", "opened", "cancel", "close"]);
}

#[test]
fn a_revoke_cancels_drains_and_closes() {
    let place = process(1105);
    let driver = attach();
    let path = driver.node(1);
    let fd = open(&mut enter(), &path, O_RDWR).unwrap();
    let reader = place.start(move || read_some(fd));
    reader.asleep();
    revoke(&mut enter(), &path).unwrap();
    assert_eq!(diary(1), ["open", "opened", "cancel", "read ends", "close"]);
    assert_eq!(reader.join(), Err(Errno::EIO), "the restarted read finds a dead vnode");
    assert_eq!(read_some(fd), Err(Errno::EIO));
    assert_eq!(write(&mut enter(), fd, &[(8, 1)]), Err(Errno::EIO));
    assert_eq!(ioctl(&mut enter(), fd, u64::from(kpi::FIONREAD), 8), Err(Errno::EBADF));
    assert_eq!(fstat(&mut enter(), fd, 8), Err(Errno::EBADF));
    let again = open(&mut enter(), &path, O_RDWR).unwrap();
    send(1, b"new");
    assert_eq!(read_some(again), Ok(3));
    assert_eq!(read_some(fd), Err(Errno::EIO), "the dead descriptor reads its successor's");
    close(&mut enter(), fd).unwrap();
    assert_eq!(diary(1), ["open", "opened"], "the dead descriptor closed its successor");
    close(&mut enter(), again).unwrap();
}

#[test]
fn an_open_that_is_revoked_fails() {
    let place = process(1106);
    let driver = attach();
    let path = driver.node(1);
    change(1, |device| device.hold_open = true);
    let name = path.clone();
    let opener = place.start(move || open(&mut enter(), &name, O_RDWR));
    opener.asleep();
    let revoker = place.start(move || revoke(&mut enter(), &path));
    revoker.asleep();
    settle();
    assert!(!revoker.is_over(), "the revoke left an open inside the driver");
    change(1, |device| device.hold_open = false);
    assert_eq!(opener.join(), Err(Errno::EBADF));
    assert_eq!(revoker.join(), Ok(()));
}

#[test]
fn a_detach_of_the_driver_waits_for_an_open() {
    let place = process(1107);
    let driver = attach();
    let path = driver.node(1);
    change(1, |device| device.hold_open = true);
    let name = path.clone();
    let opener = place.start(move || open(&mut enter(), &name, O_RDWR));
    opener.asleep();
    let detacher = place.start(|| enter().devsw_detach_module(table()));
    detacher.asleep();
    settle();
    assert!(!detacher.is_over(), "the detach left an open behind");
    let name = path.clone();
    assert_eq!(open(&mut enter(), &name, O_RDWR), Err(Errno::ENXIO), "a new open got in");
    change(1, |device| device.hold_open = false);
    let fd = opener.join().unwrap();
    detacher.join();
    let again = attach();
    assert_eq!(again.major, driver.major, "the name has lost its number");
    std::mem::forget(again);
    close(&mut enter(), fd).unwrap();
}

#[test]
fn a_name_gets_its_number_once() {
    let _place = process(1108);
    let driver = attach();
    let mut world = enter();
    assert_eq!(world.devsw_attach_module("diary", table(), -1), Err(Errno::EEXIST));
    assert_eq!(world.devsw_attach_module("diary", table(), 7), Err(Errno::EINVAL));
    let taken = driver.major as i32;
    assert_eq!(world.devsw_attach_module("other", table(), taken), Err(Errno::EEXIST));
    assert_eq!(world.devsw_attach_module("other", table(), 512), Err(Errno::ENOMEM));
    assert!(world.devsw.drivers().any(|known| known == ("tap", 169)));
    assert!(world.devsw.drivers().any(|known| known == ("diary", taken)));
}

#[test]
fn nodes_have_names_owners_and_modes() {
    let _place = process(1109);
    let driver = attach();
    let path = driver.node(1);
    let dev = makedev(driver.major, 1);
    let made = syscall::mknod(&mut enter(), &path, S_IFCHR | 0o666, dev);
    assert_eq!(made, Err(Errno::EEXIST));
    let fd = open(&mut enter(), &path, O_RDONLY).unwrap();
    let mut stat = Stat::garbage();
    fstat(&mut enter(), fd, std::ptr::from_mut(&mut stat) as usize).unwrap();
    assert_eq!((stat.mode & S_IFMT, stat.mode & 0o777, stat.rdev), (S_IFCHR, 0o600, dev));
    syscall::seteuid(&mut enter(), 32767).unwrap();
    assert_eq!(open(&mut enter(), &path, O_RDONLY), Err(Errno::EACCES));
    assert_eq!(revoke(&mut enter(), &path), Err(Errno::EPERM));
    let other = c"/dev/other";
    assert_eq!(syscall::mknod(&mut enter(), other, S_IFCHR, dev), Err(Errno::EPERM));
    syscall::seteuid(&mut enter(), 0).unwrap();
    syscall::unlink(&mut enter(), &path).unwrap();
    assert_eq!(open(&mut enter(), &path, O_RDONLY), Err(Errno::ENOENT));
    send(1, b"x");
    assert_eq!(read_some(fd), Ok(1), "an unlinked node is still open");
    close(&mut enter(), fd).unwrap();
    let absent = makedev(driver.major + 1, 0);
    syscall::mknod(&mut enter(), other, S_IFCHR | 0o600, absent).unwrap();
    assert_eq!(open(&mut enter(), other, O_RDONLY), Err(Errno::ENXIO));
    syscall::unlink(&mut enter(), other).unwrap();
}

#[test]
fn a_driver_that_needs_the_kernel_lock_has_it() {
    let place = process(1110);
    // SAFETY: the driver's own table, which is there.
    let mut plain = unsafe { *table() };
    plain.d_flag = 0;
    let plain: &'static kpi::cdevsw = Box::leak(Box::new(plain));
    let major = enter().devsw_attach_module("plain", plain, -1).unwrap();
    let path = c"/dev/plain";
    syscall::mknod(&mut enter(), path, S_IFCHR | 0o600, makedev(major as u32, 9)).unwrap();
    change(9, |device| device.hold_open = true);
    let holder = place.start(move || open(&mut enter(), path, O_RDWR));
    holder.asleep();
    // Its sleep has given the lock up; this thread takes it, and spins.
    enter().kernel_lock(1);
    change(9, |device| device.hold_open = false);
    let spin = Sleep { spins: true, ticks: Some(5), ..Sleep::default() };
    enter().sleep(chan("spin", 0), spin);
    assert!(!holder.is_over(), "the open went on without the kernel lock");
    enter().kernel_unlock(1);
    let fd = holder.join().unwrap();
    close(&mut enter(), fd).unwrap();
    enter().devsw_detach_module(plain);
    syscall::unlink(&mut enter(), path).unwrap();
    assert_eq!(enter().specfs.leftovers(), Vec::<String>::new());
}
