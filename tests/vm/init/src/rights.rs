// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Descriptors as messages between sockets: SCM_RIGHTS of unix(4).

use tap_conformance::errno::{Errno, Result};

use crate::raw::{call, call4, nr};

const AF_LOCAL: usize = 1;
const SOCK_STREAM: usize = 1;
const SOL_SOCKET: i32 = 0xffff;
const SCM_RIGHTS: i32 = 1;

/// struct iovec.
#[repr(C)]
struct Span {
    base: usize,
    len: usize,
}

/// struct cmsghdr and one descriptor behind it, at the next multiple of eight, and of sixteen. The
/// whole is a multiple of sixteen, which aarch64 wants: it delivers no descriptor to less room.
#[repr(C, align(16))]
struct Control {
    len: u32,
    level: i32,
    kind: i32,
    hole: u32,
    fd: i32,
}
/// What cmsg_len says: up to the descriptor's end.
const CONTROL_LEN: u32 = 20;
const _: () = assert!(size_of::<Control>() == 32);

/// struct msghdr.
#[repr(C)]
struct Message {
    name: usize,
    name_len: u32,
    spans: usize,
    span_count: i32,
    control: usize,
    control_len: u32,
    flags: i32,
}
const _: () = assert!(size_of::<Message>() == 48);

/// Sends or receives a byte and the control message.
fn exchange(number: usize, socket: i32, control: &mut Control) -> Result<Message> {
    let mut byte = 0_u8;
    let span = Span { base: core::ptr::from_mut(&mut byte) as usize, len: 1 };
    let mut message = Message {
        name: 0,
        name_len: 0,
        spans: core::ptr::from_ref(&span) as usize,
        span_count: 1,
        control: core::ptr::from_mut(control) as usize,
        control_len: size_of::<Control>() as u32,
        flags: 0,
    };
    call(number, socket as usize, core::ptr::from_mut(&mut message) as usize, 0)?;
    Ok(message)
}

/// socketpair(2).
pub fn pair() -> Result<[i32; 2]> {
    let mut ends = [-1_i32; 2];
    call4(nr::SOCKETPAIR, AF_LOCAL, SOCK_STREAM, 0, ends.as_mut_ptr() as usize)?;
    Ok(ends)
}

/// sendmsg(2).
pub fn send(socket: i32, fd: i32) -> Result<()> {
    let mut control =
        Control { len: CONTROL_LEN, level: SOL_SOCKET, kind: SCM_RIGHTS, hole: 0, fd };
    exchange(nr::SENDMSG, socket, &mut control).map(drop)
}

/// recvmsg(2).
pub fn receive(socket: i32) -> Result<i32> {
    let mut control = Control { len: 0, level: 0, kind: 0, hole: 0, fd: -1 };
    let message = exchange(nr::RECVMSG, socket, &mut control)?;
    let whole = message.control_len >= CONTROL_LEN && control.len == CONTROL_LEN;
    if whole && control.kind == SCM_RIGHTS {
        Ok(control.fd)
    } else {
        Err(Errno::EINVAL)
    }
}
