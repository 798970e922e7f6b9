// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! uiomove(9), copyin(9) and copyout(9), as sys/kern/subr_copy.c has them. What is not mapped in
//! user memory is EFAULT, as it would be to a user program.

use std::ffi::{c_int, c_void};

use tap_conformance::errno::{Errno, Result};

use crate::kern::errno::to_int;
use crate::kern::usercopy::{self, Direction};
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, kassert};

/// Faults that a test asks for.
#[derive(Default)]
pub struct Copies {
    /// How many bytes may be copied from or to user memory from now on until one faults, as a
    /// page that could not be brought in does; `None`: none does.
    pub fault_in: Option<usize>,
}

impl World {
    /// Copies `len` bytes between kernel memory that is the caller's and user memory.
    fn copy_user(
        &mut self,
        direction: Direction,
        kernel: *mut c_void,
        user: usize,
        len: usize,
    ) -> Result<()> {
        self.assert_sleepable("a copy from or to user memory");
        if len == 0 {
            return Ok(());
        }
        let may = match &mut self.copies.fault_in {
            Some(left) if *left < len => {
                let may = *left;
                self.copies.fault_in = None;
                may
            }
            Some(left) => {
                *left -= len;
                len
            }
            None => len,
        };
        // A page that is not there is waited for: others run meanwhile.
        let whole = self.outside(|| may == 0 || usercopy::copy(direction, kernel, user, may));
        if whole && may == len {
            Ok(())
        } else {
            Err(Errno::EFAULT)
        }
    }

    /// copyin(9).
    pub fn copyin(&mut self, user: usize, kernel: &mut [u8]) -> Result<()> {
        self.copy_user(Direction::In, kernel.as_mut_ptr().cast(), user, kernel.len())
    }

    /// copyout(9).
    pub fn copyout(&mut self, kernel: &[u8], user: usize) -> Result<()> {
        self.copy_user(Direction::Out, kernel.as_ptr().cast_mut().cast(), user, kernel.len())
    }

    /// uiomove(9): moves at most `len` bytes between `memory`, which are the caller's, and the
    /// request, as its direction says.
    pub fn uiomove(
        &mut self,
        memory: *mut c_void,
        len: usize,
        request: &mut kpi::uio,
    ) -> Result<()> {
        self.assert_sleepable("uiomove");
        let direction = match request.uio_rw {
            kpi::uio_rw_UIO_READ => Direction::Out,
            kpi::uio_rw_UIO_WRITE => Direction::In,
            other => crate::host_panic!("uiomove: no direction {other}"),
        };
        let (mut memory, mut len) = (memory.cast::<u8>(), len);
        while len > 0 && request.uio_resid > 0 {
            kassert!(request.uio_iovcnt > 0, "uiomove: {} bytes left, no span", request.uio_resid);
            // SAFETY: the request has that many spans, and is not given to anybody else.
            let span = unsafe { &mut *request.uio_iov };
            let count = span.iov_len.min(len);
            if count == 0 {
                kassert!(request.uio_iovcnt > 1, "uiomove: the last span is empty");
                // SAFETY: there is another span behind this one.
                request.uio_iov = unsafe { request.uio_iov.add(1) };
                request.uio_iovcnt -= 1;
                continue;
            }
            self.copy_user(direction, memory.cast(), span.iov_base as usize, count)?;
            span.iov_base = span.iov_base.wrapping_byte_add(count);
            span.iov_len -= count;
            request.uio_resid -= count;
            request.uio_offset += count as i64;
            memory = memory.wrapping_add(count);
            len -= count;
        }
        Ok(())
    }
}

/// What one read or write moves: spans of user memory behind a `struct uio`.
pub struct Request {
    /// What `uio_iov` points at.
    spans: Vec<kpi::iovec>,
    uio: kpi::uio,
    asked: usize,
}

impl Request {
    /// A request for spans of address and length. EINVAL if they are too long together.
    pub fn new(spans: &[(usize, usize)], reads: bool) -> Result<Request> {
        let mut resid: usize = 0;
        for (_, len) in spans {
            resid = resid.checked_add(*len).ok_or(Errno::EINVAL)?;
        }
        if isize::try_from(resid).is_err() {
            return Err(Errno::EINVAL);
        }
        let span = |&(base, len): &(usize, usize)| kpi::iovec { iov_base: base as _, iov_len: len };
        let mut spans: Vec<kpi::iovec> = spans.iter().map(span).collect();
        let uio = kpi::uio {
            uio_iov: spans.as_mut_ptr(),
            uio_iovcnt: spans.len() as c_int,
            uio_offset: 0,
            uio_resid: resid,
            uio_rw: if reads { kpi::uio_rw_UIO_READ } else { kpi::uio_rw_UIO_WRITE },
            // Any but the kernel's: nobody looks into it.
            uio_vmspace: std::ptr::dangling_mut(),
        };
        Ok(Request { spans, uio, asked: resid })
    }

    /// The `struct uio`.
    pub fn uio(&mut self) -> &mut kpi::uio {
        &mut self.uio
    }

    /// Bytes that are left to move.
    pub fn resid(&self) -> usize {
        self.uio.uio_resid
    }

    /// Bytes that have been moved.
    pub fn moved(&self) -> usize {
        self.asked - self.uio.uio_resid
    }

    /// Into how many spans it goes.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }

    /// For a read: gives the user as many bytes of `bytes` as there is room for.
    pub fn give(&mut self, world: &mut World, bytes: &[u8]) -> Result<()> {
        kassert!(self.uio.uio_rw == kpi::uio_rw_UIO_READ, "a write is given bytes");
        world.uiomove(bytes.as_ptr().cast_mut().cast(), bytes.len(), &mut self.uio)
    }

    /// For a write: takes as many of the user's bytes as there are, at most `bytes.len()`.
    pub fn take(&mut self, world: &mut World, bytes: &mut [u8]) -> Result<()> {
        kassert!(self.uio.uio_rw == kpi::uio_rw_UIO_WRITE, "bytes are taken from a read");
        world.uiomove(bytes.as_mut_ptr().cast(), bytes.len(), &mut self.uio)
    }
}

unsafe extern "C" fn uiomove(buf: *mut c_void, n: usize, uio: *mut kpi::uio) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let request = unsafe { &mut *uio };
    to_int(enter().uiomove(buf, n, request))
}

unsafe extern "C" fn copyin(user: *const c_void, kernel: *mut c_void, len: usize) -> c_int {
    to_int(enter().copy_user(Direction::In, kernel, user as usize, len))
}

unsafe extern "C" fn copyout(kernel: *const c_void, user: *mut c_void, len: usize) -> c_int {
    to_int(enter().copy_user(Direction::Out, kernel.cast_mut(), user as usize, len))
}

exports!(uiomove; copyin, copyout);
