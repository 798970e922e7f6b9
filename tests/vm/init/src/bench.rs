// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What calls cost, counted by the processor's time-stamp counter. Under qemu with `-icount
//! shift=0` it rises by one with each instruction; anywhere else it means nothing, so it is tried
//! first.

use tap_conformance::abi::{makedev, AF_INET, O_RDWR, SOCK_DGRAM, S_IFCHR};
use tap_conformance::bench::{self, Config, Point, Rig, MOST_ROUNDS};
use tap_conformance::errno::{Errno, Result};
use tap_conformance::net::sockaddr_in;
use tap_conformance::sys::System;
use tap_conformance::user::In;
use tap_conformance::Module;

use crate::arch;
use crate::kernel::KERNEL;
use crate::report;
use crate::setup::Settings;

/// A port that nobody listens on.
const PORT: u16 = 9;
/// Most numbers of interfaces to measure with.
const MOST_CROWDS: usize = 8;

struct Clock {
    begun: u64,
}

impl Rig for Clock {
    fn start(&mut self) {
        self.begun = arch::cycles();
    }

    fn stop(&mut self) -> u64 {
        arch::cycles() - self.begun
    }

    fn sender(&mut self, sys: System, to: [u8; 4]) -> Result<i32> {
        let fd = sys.socket(AF_INET, SOCK_DGRAM, 0)?;
        let mut address = [0; 16];
        sockaddr_in(&mut address, to);
        address[2..4].copy_from_slice(&PORT.to_be_bytes());
        sys.connect(fd, In::bytes(&address))?;
        Ok(fd)
    }

    fn report(&mut self, point: &Point) {
        report(format_args!("# count {point}"));
    }
}

/// Whether the counter counts instructions: a loop of known length, the interrupted ones aside.
fn counts_instructions() -> bool {
    const SHORT: u32 = 1000;
    const LONG: u32 = 3000;
    let least = |turns| (0..32).map(|_| arch::cycles_of_loop(turns)).min();
    let difference = least(LONG).zip(least(SHORT)).map(|(long, short)| long.wrapping_sub(short));
    difference == Some(u64::from(2 * (LONG - SHORT)))
}

/// Fills the kernel's entropy pool. Until it is full, each frame that comes in is stirred into it.
fn fill_entropy() -> Result<()> {
    let path = c"/dev/random";
    KERNEL.mknod(path, S_IFCHR | 0o600, makedev(KERNEL.major("rnd")?, 0))?;
    let random = KERNEL.open(path, O_RDWR)?;
    for _ in 0..4 {
        KERNEL.write(random, In::bytes(&[0x5a; 512]))?;
    }
    KERNEL.close(random)
}

/// Measures as the settings say.
pub fn run(settings: &Settings, module: Module<'_>) -> Result<()> {
    if !counts_instructions() {
        report(format_args!("Bail out! the clock does not count instructions"));
        return Ok(());
    }
    fill_entropy()?;
    let mut crowds = [0; MOST_CROWDS];
    let mut known = 0;
    for (slot, text) in crowds.iter_mut().zip(settings.get("taps").split(',')) {
        *slot = text.parse().ok().filter(|&taps| taps > 0).ok_or(Errno::EINVAL)?;
        known += 1;
    }
    let config =
        Config { module, only: settings.get("only"), taps: &crowds[..known], rounds: MOST_ROUNDS };
    bench::run(KERNEL, &config, &mut Clock { begun: 0 })?;
    let text = KERNEL.modstat(module.name)?.size;
    report(format_args!("# text {text}"));
    Ok(())
}
