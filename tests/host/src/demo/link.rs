// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The driver's device joined to a Linux tap: what another system sends to that goes into write(2),
//! and what read(2) gives goes there, so that the system's own programs talk through the driver.
//!
//! Both have an offload header before each frame, which is the same. TCP of Linux therefore sends
//! frames of up to 64 KB, without checksums, and the driver finishes them.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;

use tap_conformance::abi::offload::{
    TAKES_CSUM, TAKES_ECN, TAKES_TSO4, TAKES_TSO6, TAPSOFFLOAD, TAPSVNETHDR,
};
use tap_conformance::case::{Fallible, On};
use tap_conformance::sys::System;
use tap_conformance::user::{In, Out};
use tap_conformance::{Errno, Module};
use tap_host::sched;
use tap_host::stack::discard;
use tap_host::sys::HOST;

use super::{admin, told, NET};

/// The longest frame that either side sends, with its header.
const LONGEST: usize = 10 + 14 + 4 + 65535;

/// Joins the two until standard input ends, then takes everything away.
pub fn link(path: &CStr, device: &str) -> Result<(), String> {
    let linux = Arc::new(open_linux_tap(device)?);
    let module = Module { path, name: c"if_tap_rs" };
    let machine = admin::modload(module).map_err(told)?;
    let ours = || -> Fallible<i32> {
        admin::create(&machine, "tap0")?;
        admin::inet_up(&machine, "tap0", NET)?;
        let fd = machine.open_unit(0, tap_conformance::abi::O_RDWR)?;
        admin::wait_for_link(&machine, "tap0", true)?;
        let mut len = 10;
        HOST.ioctl(fd, TAPSVNETHDR, Out::value(&mut len)).on("TAPSVNETHDR")?;
        let mut takes = TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6 | TAKES_ECN;
        HOST.ioctl(fd, TAPSOFFLOAD, Out::value(&mut takes)).on("TAPSOFFLOAD")?;
        Ok(fd)
    };
    let fd = ours().map_err(told)?;
    if !discard::offer("tap0") {
        return Err("tap0 has no address".into());
    }
    println!("{device} and /dev/tap0 are one cable, with offload headers");
    // Standard output may be a pipe, and whoever reads it waits for this line.
    std::io::stdout().flush().map_err(|e| format!("standard output: {e}"))?;
    let out = linux.clone();
    let reader = HOST.spawn(carry_out, (fd as usize) << 32 | out.as_raw_fd() as usize);
    let reader = reader.map_err(|e| format!("a thread: {e}"))?;
    let inward = linux.clone();
    std::thread::spawn(move || carry_in(&inward, fd));
    // Whoever started this says when to stop by closing its end.
    let ended = std::io::stdin().read_to_end(&mut Vec::new());
    ended.map_err(|e| format!("standard input: {e}"))?;
    admin::netstat(&machine, "tap0").map_err(told)?;
    admin::destroy(&machine, "tap0").map_err(told)?;
    machine.join(reader, "the reader").map_err(told)?;
    machine.close(fd).on("close").map_err(told)?;
    machine.sys.close(machine.socket).on("close").map_err(told)?;
    crate::cases::nothing_left(module.name)
}

/// /dev/net/tun, bound to a device that exists or is made now.
fn open_linux_tap(device: &str) -> Result<File, String> {
    const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
    const IFF_TAP: i16 = 2;
    const IFF_NO_PI: i16 = 0x1000;
    const IFF_VNET_HDR: i16 = 0x4000;
    const TUNSETOFFLOAD: libc::c_ulong = 0x4004_54d0;
    const TUN_F_CSUM_TSO4_TSO6_ECN: libc::c_ulong = 0xf;
    let tun = OpenOptions::new().read(true).write(true).open("/dev/net/tun");
    let tun = tun.map_err(|e| format!("/dev/net/tun: {e}"))?;
    let mut request = [0_u8; 40];
    if device.is_empty() || device.len() > 15 {
        return Err(format!("no name for a device: {device:?}"));
    }
    request[..device.len()].copy_from_slice(device.as_bytes());
    request[16..18].copy_from_slice(&(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR).to_ne_bytes());
    // SAFETY: the command takes a struct ifreq, which is 40 bytes.
    if unsafe { libc::ioctl(tun.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()) } < 0 {
        return Err(format!("TUNSETIFF {device}: {}", std::io::Error::last_os_error()));
    }
    // SAFETY: the command takes a number.
    if unsafe { libc::ioctl(tun.as_raw_fd(), TUNSETOFFLOAD, TUN_F_CSUM_TSO4_TSO6_ECN) } < 0 {
        return Err(format!("TUNSETOFFLOAD {device}: {}", std::io::Error::last_os_error()));
    }
    Ok(tun)
}

/// From the driver to Linux, until the interface is gone.
fn carry_out(sys: System, packed: usize) -> i64 {
    let (fd, linux) = ((packed >> 32) as i32, (packed & 0xffff_ffff) as i32);
    let mut frame = [0; LONGEST];
    loop {
        match sys.read(fd, Out::bytes(&mut frame)) {
            // SAFETY: the frame's own bytes.
            Ok(len) => unsafe { libc::write(linux, frame.as_ptr().cast(), len) },
            Err(_) => return 0,
        };
    }
}

/// From Linux to the driver, until either is gone. Linux sends its own frames there at once, which
/// is why an interface that is not up yet is no reason to stop.
fn carry_in(mut linux: &File, fd: i32) {
    sched::adopt(crate::PID, "from Linux");
    let mut frame = [0; LONGEST];
    while let Ok(len) = linux.read(&mut frame) {
        let written = HOST.write(fd, In::bytes(&frame[..len]));
        // Any other frame that is refused is lost, as on any cable.
        if let Err(Errno::ENXIO | Errno::EBADF) = written {
            return;
        }
    }
}
