// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! drvctl(4), as drvctl(8) asks it.

use core::ffi::CStr;

use tap_conformance::abi::{makedev, O_RDWR, S_IFCHR};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::Result;
use tap_conformance::sys::Drvctl;
use tap_conformance::user::{Out, Plain};

use crate::kernel::KERNEL;

const NODE: &CStr = c"/dev/drvctl";

/// struct devpmargs, which begins as struct devdetachargs does.
#[repr(C)]
#[derive(Clone, Copy)]
struct Arguments {
    name: [u8; 16],
    flags: u32,
}
const _: () = assert!(size_of::<Arguments>() == 20);
// SAFETY: integers and arrays of them.
unsafe impl Plain for Arguments {}

/// _IOW('D', number, ...) of so many bytes.
const fn command(number: u64, size: u64) -> u64 {
    0x8000_0000 | (size << 16) | ((b'D' as u64) << 8) | number
}
const DRVDETACHDEV: u64 = command(123, 16);
const DRVRESUMEDEV: u64 = command(126, 20);
const DRVSUSPENDDEV: u64 = command(129, 20);

/// Makes the node; whether the kernel has the device.
pub fn prepare() -> bool {
    let Ok(major) = KERNEL.major("drvctl") else { return false };
    let made = KERNEL.mknod(NODE, S_IFCHR | 0o600, makedev(major, 0));
    made.is_ok() && KERNEL.open(NODE, O_RDWR).and_then(|fd| KERNEL.close(fd)).is_ok()
}

/// Asks.
pub fn ask(what: Drvctl, device: &str) -> Result<()> {
    let mut arguments = Arguments::zeroed();
    put_name(&mut arguments.name, device);
    let command = match what {
        Drvctl::Suspend => DRVSUSPENDDEV,
        Drvctl::Resume => DRVRESUMEDEV,
        Drvctl::Detach => DRVDETACHDEV,
    };
    let fd = KERNEL.open(NODE, O_RDWR)?;
    let answer = KERNEL.ioctl(fd, command, Out::value(&mut arguments)).map(drop);
    KERNEL.close(fd)?;
    answer
}
