// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a module calls of kern_descrip.c: the making of a descriptor by a cloning open, and the
//! fileops that do nothing or fail.

use std::ffi::{c_int, c_uint, c_void};

use tap_conformance::errno::Errno;

use super::File;
use crate::kern::errno::EMOVEFD;
use crate::sched::curlwp;
use crate::world::enter;
use crate::{exports, kassert, kpi};

unsafe extern "C" fn fd_allocfile(resultfp: *mut *mut kpi::file, resultfd: *mut c_int) -> c_int {
    match enter().fd_allocfile() {
        Ok((file, fd)) => {
            // SAFETY: the caller's variable.
            unsafe { *resultfp = file.raw() };
            // SAFETY: the caller's variable.
            unsafe { *resultfd = fd };
            0
        }
        Err(Errno(number)) => number,
    }
}

unsafe extern "C" fn fd_abort(p: *mut kpi::proc_, fp: *mut kpi::file, fd: c_uint) {
    // SAFETY: the calling thread's own lwp.
    let own = unsafe { (*curlwp()).l_proc };
    kassert!(p == own, "fd_abort: another process's descriptor");
    let file = (!fp.is_null()).then(|| File::from_raw(fp));
    enter().fd_abort(file, fd as i32);
}

unsafe extern "C" fn fd_clone(
    fp: *mut kpi::file,
    fd: c_uint,
    flag: c_int,
    fops: *const kpi::fileops,
    data: *mut c_void,
) -> c_int {
    let mut world = enter();
    let file = File::from_raw(fp);
    kassert!(world.native_of(file).is_none(), "fd_clone: a file that is in use");
    file.change_flags(!0, flag as u32 & kpi::FMASK);
    world.fd_set_exclose(fd as i32, flag as u32 & kpi::O_CLOEXEC != 0);
    // SAFETY: a file that nobody sees yet.
    let fields = unsafe { &mut *fp };
    fields.f_type = kpi::DTYPE_MISC;
    fields.f_ops = fops;
    fields.f_undata.fd_data = data;
    // SAFETY: the calling thread's own lwp.
    unsafe { (*curlwp()).l_dupfd = fd as _ };
    world.fd_affix(file, fd as i32);
    let Errno(number) = EMOVEFD;
    number
}

unsafe extern "C" fn fnullop_fcntl(_: *mut kpi::file, command: c_uint, _: *mut c_void) -> c_int {
    if command == kpi::F_SETFL {
        0
    } else {
        kpi::EOPNOTSUPP as c_int
    }
}

unsafe extern "C" fn fnullop_poll(_: *mut kpi::file, _: c_int) -> c_int {
    0
}

unsafe extern "C" fn fnullop_kqfilter(_: *mut kpi::file, _: *mut kpi::knote) -> c_int {
    kpi::EOPNOTSUPP as c_int
}

unsafe extern "C" fn fnullop_restart(_: *mut kpi::file) {}

unsafe extern "C" fn fbadop_read(
    _: *mut kpi::file,
    _: *mut kpi::off_t,
    _: *mut kpi::uio,
    _: kpi::kauth_cred_t,
    _: c_int,
) -> c_int {
    kpi::EOPNOTSUPP as c_int
}

unsafe extern "C" fn fbadop_write(
    _: *mut kpi::file,
    _: *mut kpi::off_t,
    _: *mut kpi::uio,
    _: kpi::kauth_cred_t,
    _: c_int,
) -> c_int {
    kpi::EOPNOTSUPP as c_int
}

unsafe extern "C" fn fbadop_ioctl(_: *mut kpi::file, _: kpi::u_long, _: *mut c_void) -> c_int {
    kpi::EOPNOTSUPP as c_int
}

unsafe extern "C" fn fbadop_stat(_: *mut kpi::file, _: *mut kpi::stat) -> c_int {
    kpi::EOPNOTSUPP as c_int
}

unsafe extern "C" fn fbadop_close(_: *mut kpi::file) -> c_int {
    kpi::EOPNOTSUPP as c_int
}

exports!(
    fd_allocfile,
    fd_abort,
    fd_clone,
    fnullop_fcntl,
    fnullop_poll,
    fnullop_kqfilter,
    fnullop_restart,
    fbadop_read,
    fbadop_write,
    fbadop_ioctl,
    fbadop_stat,
    fbadop_close,
);
