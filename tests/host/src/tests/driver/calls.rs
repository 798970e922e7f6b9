// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The driver's entries: a cdevsw, the fileops of a cloned descriptor, and a filter.

use std::ffi::{c_int, c_long, c_void};

use tap_conformance::abi::minor;
use tap_conformance::errno::Errno;

use super::{asleep, change, send, waiters, with, CLONER};
use crate::kern::descrip::File;
use crate::kern::errno::to_int;
use crate::kpi;
use crate::sched::{curlwp, Sleep, Woken};
use crate::world::{enter, World};

fn read(unit: u32, uio: *mut kpi::uio, nonblock: bool) -> c_int {
    let mut world = enter();
    loop {
        if let Some(message) = with(unit, |device| device.messages.pop_front()) {
            // SAFETY: the request is the caller's for the length of the call.
            let uio = unsafe { &mut *uio };
            let start = message.as_ptr().cast_mut().cast();
            return to_int(world.uiomove(start, message.len(), uio));
        }
        if with(unit, |device| device.cancelled) {
            with(unit, |device| device.diary.push("read ends"));
            return kpi::ERESTART;
        }
        if nonblock {
            return kpi::EWOULDBLOCK as c_int;
        }
        let how = Sleep { interruptible: true, ..Sleep::default() };
        if let Woken::Signal(error) = world.sleep(asleep(unit), how) {
            return error;
        }
    }
}

unsafe extern "C" fn d_open(
    dev: kpi::dev_t,
    flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    let unit = minor(dev);
    let mut world = enter();
    if unit == CLONER {
        return clone(&mut world, flags as u32);
    }
    with(unit, |device| device.diary.push("open"));
    while with(unit, |device| device.hold_open) {
        world.sleep(asleep(unit), Sleep::default());
    }
    with(unit, |device| device.diary.push("opened"));
    0
}

fn clone(world: &mut World, flags: u32) -> c_int {
    let (file, fd) = match world.fd_allocfile() {
        Ok(made) => made,
        Err(Errno(number)) => return number,
    };
    file.change_flags(!0, flags & kpi::FMASK);
    world.fd_set_exclose(fd, flags & kpi::O_CLOEXEC != 0);
    // SAFETY: a file that nobody sees yet.
    unsafe { (*file.raw()).f_ops = &raw const FILEOPS.0 };
    world.fd_affix(file, fd);
    // SAFETY: the calling thread's own lwp.
    unsafe { (*curlwp()).l_dupfd = fd };
    kpi::EMOVEFD
}

unsafe extern "C" fn d_cancel(
    dev: kpi::dev_t,
    _flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    change(minor(dev), |device| {
        device.diary.push("cancel");
        device.cancelled = true;
    });
    0
}

unsafe extern "C" fn d_close(
    dev: kpi::dev_t,
    _flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    change(minor(dev), |device| {
        device.diary.push("close");
        device.cancelled = false;
    });
    0
}

unsafe extern "C" fn d_read(dev: kpi::dev_t, uio: *mut kpi::uio, flags: c_int) -> c_int {
    read(minor(dev), uio, flags as u32 & kpi::IO_NDELAY != 0)
}

unsafe extern "C" fn d_write(dev: kpi::dev_t, uio: *mut kpi::uio, _flags: c_int) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = unsafe { &mut *uio };
    let mut message = vec![0; uio.uio_resid];
    let result = enter().uiomove(message.as_mut_ptr().cast(), message.len(), uio);
    if result.is_ok() {
        send(minor(dev), &message);
    }
    to_int(result)
}

fn ioctl(unit: u32) -> c_int {
    with(unit, |device| device.refuse.take().map_or(0, |Errno(number)| number))
}

unsafe extern "C" fn d_ioctl(
    dev: kpi::dev_t,
    _command: kpi::u_long,
    _data: *mut c_void,
    _flags: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    ioctl(minor(dev))
}

unsafe extern "C" fn d_poll(dev: kpi::dev_t, events: c_int, _lwp: *mut kpi::lwp) -> c_int {
    let mut world = enter();
    let unit = minor(dev);
    with(unit, |device| device.diary.push("poll"));
    if with(unit, |device| device.messages.is_empty()) {
        waiters(&mut world, unit).record(&mut world);
        return 0;
    }
    events & (kpi::POLLIN | kpi::POLLRDNORM) as c_int
}

unsafe extern "C" fn d_kqfilter(dev: kpi::dev_t, knote: *mut kpi::knote) -> c_int {
    let mut world = enter();
    // SAFETY: the knote is the caller's for the length of the call.
    let fields = unsafe { &mut *knote };
    if fields.kn_kevent.filter != kpi::EVFILT_READ {
        return kpi::EINVAL as c_int;
    }
    fields.kn_fop = &raw const FILTEROPS;
    fields.kn_hookid = minor(dev) as c_int;
    waiters(&mut world, minor(dev)).attach(&mut world, knote);
    0
}

/// The unit of a knote.
fn unit_of(knote: *mut kpi::knote) -> u32 {
    // SAFETY: a knote in a call of its filter.
    unsafe { (*knote).kn_hookid as u32 }
}

unsafe extern "C" fn f_detach(knote: *mut kpi::knote) {
    let mut world = enter();
    let unit = unit_of(knote);
    with(unit, |device| device.diary.push("detach"));
    waiters(&mut world, unit).detach(&mut world, knote);
}

unsafe extern "C" fn f_event(knote: *mut kpi::knote, _hint: c_long) -> c_int {
    let _world = enter();
    let waiting = with(unit_of(knote), |device| device.messages.len());
    // SAFETY: a knote in a call of its filter.
    unsafe { (*knote).kn_kevent.data = waiting as i64 };
    c_int::from(waiting != 0)
}

unsafe extern "C" fn fo_read(
    file: *mut kpi::file,
    _offset: *mut kpi::off_t,
    uio: *mut kpi::uio,
    _cred: kpi::kauth_cred_t,
    _flags: c_int,
) -> c_int {
    let file = File::from_raw(file);
    with(CLONER, |device| device.flags = file.flags());
    read(CLONER, uio, file.is_nonblocking())
}

unsafe extern "C" fn fo_ioctl(_: *mut kpi::file, _: kpi::u_long, _: *mut c_void) -> c_int {
    ioctl(CLONER)
}

unsafe extern "C" fn fo_fcntl(_: *mut kpi::file, _: u32, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn fo_stat(_: *mut kpi::file, stat: *mut kpi::stat) -> c_int {
    // SAFETY: the answer is the caller's for the length of the call.
    unsafe { (*stat).st_mode = kpi::S_IFCHR };
    0
}

unsafe extern "C" fn fo_close(_: *mut kpi::file) -> c_int {
    change(CLONER, |device| {
        device.diary.push("close");
        device.cancelled = false;
    });
    0
}

unsafe extern "C" fn fo_restart(_: *mut kpi::file) {
    change(CLONER, |device| {
        device.diary.push("restart");
        device.cancelled = true;
    });
}

static FILTEROPS: kpi::filterops = kpi::filterops {
    f_flags: (kpi::FILTEROP_ISFD | kpi::FILTEROP_MPSAFE) as c_int,
    f_attach: None,
    f_detach: Some(f_detach),
    f_event: Some(f_event),
    f_touch: None,
};

/// A table that C would have made constant.
struct Table<T>(T);
// SAFETY: nobody writes to it.
unsafe impl<T> Sync for Table<T> {}

static FILEOPS: Table<kpi::fileops> = Table({
    // SAFETY: pointers and functions that may be NULL.
    let mut ops: kpi::fileops = unsafe { std::mem::zeroed() };
    ops.fo_name = c"diary".as_ptr();
    ops.fo_read = Some(fo_read);
    ops.fo_ioctl = Some(fo_ioctl);
    ops.fo_fcntl = Some(fo_fcntl);
    ops.fo_stat = Some(fo_stat);
    ops.fo_close = Some(fo_close);
    ops.fo_restart = Some(fo_restart);
    ops
});

static CDEVSW: Table<kpi::cdevsw> = Table({
    // SAFETY: pointers and functions that may be NULL.
    let mut table: kpi::cdevsw = unsafe { std::mem::zeroed() };
    table.d_open = Some(d_open);
    table.d_cancel = Some(d_cancel);
    table.d_close = Some(d_close);
    table.d_read = Some(d_read);
    table.d_write = Some(d_write);
    table.d_ioctl = Some(d_ioctl);
    table.d_poll = Some(d_poll);
    table.d_kqfilter = Some(d_kqfilter);
    table.d_flag = kpi::D_MPSAFE as c_int;
    table
});

/// The driver's table.
pub fn table() -> *const kpi::cdevsw {
    &raw const CDEVSW.0
}
