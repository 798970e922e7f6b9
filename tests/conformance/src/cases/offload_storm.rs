// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Random headers before random packets, from two threads at once, while the header's length,
//! TAPSOFFLOAD and the bridge change.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::abi::offload::{SHORT_HDR, TAKES_CSUM, TAKES_TSO4, VNET_HDR};
use crate::abi::{BRDGADD, BRDGDEL};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames::{Mac, BROADCAST};
use crate::packets::{Packet, ACK, CWR, FAR_MAC, FIN, PSH, TCP, UDP};
use crate::sys::{Need, System};
use crate::user::{In, Plain};

use super::write::Random;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[case(
            "offload_storm",
            "a program that lies in every field ends in errnos and drops alone",
            storm,
        )
        .added()
        .needs(&[Need::Inet, Need::Bridge])]
    }
}

/// Frames of each thread at most.
const FRAMES: usize = 50_000;
/// Milliseconds at most, where calls are slow.
const TIME: u64 = 20_000;

/// The interface's address, for the threads.
static OURS: AtomicU64 = AtomicU64::new(0);
/// When they end.
static END: AtomicU64 = AtomicU64::new(0);
/// How many of their frames were taken.
static TAKEN: AtomicU64 = AtomicU64::new(0);

fn pick<T: Copy, const N: usize>(random: &mut Random, all: [T; N]) -> T {
    all[random.draw() as usize % N]
}

/// A packet that might be right.
fn packet(random: &mut Random, ours: Mac) -> Packet {
    let to = pick(random, [ours, ours, FAR_MAC, BROADCAST]);
    let ip_options = pick(random, [0, 0, 0, 4, 40]);
    let v6 = random.draw().is_multiple_of(3);
    let options: [&'static [u8]; 3] = [&[], &[1; 12], &[1; 40]];
    let any = [random.draw() as u16, random.draw() as u16];
    Packet {
        tagged: random.draw().is_multiple_of(5),
        transport: pick(random, [TCP, TCP, TCP, UDP]),
        flags: pick(random, [ACK, ACK, ACK | PSH, ACK | FIN, ACK | CWR]),
        ports: [any[0], pick(random, [9, 80, any[1]])],
        ip_options: if v6 { 0 } else { ip_options },
        options: pick(random, options),
        ..Packet::tcp(v6, to)
    }
}

/// Changes a few bytes of the first ones.
fn spoil(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..random.draw() % 3 {
        let at = random.draw() as usize % bytes.len();
        let any = random.draw() as u8;
        bytes[at] = pick(random, [0, 1, 0x7f, 0xff, any]);
    }
}

fn lie(s: System, arg: usize) -> i64 {
    let (fd, mut random) = ((arg & 0xffff) as i32, Random(arg as u64 >> 16));
    let mut ours = [0; 6];
    ours.copy_from_slice(&OURS.load(Ordering::Relaxed).to_ne_bytes()[..6]);
    let mut frame = [0; 66_000];
    for _ in 0..FRAMES {
        if s.now_ms() > END.load(Ordering::Relaxed) {
            break;
        }
        let packet = packet(&mut random, ours);
        let most = if random.draw().is_multiple_of(16) { 64_000 } else { 3000 };
        let n = packet.headers() + random.draw() as usize % most;
        packet.write(&mut frame[..n]);
        let any = random.draw() as u16;
        let large = packet.large(pick(&mut random, [1, 8, 100, 536, 1400, 1448, 1500, any]));
        let mut header = pick(&mut random, [packet.needs_csum(), large, large, large]);
        spoil(&mut random, header.as_bytes_mut());
        spoil(&mut random, &mut frame[..n.min(140)]);
        let less = if random.draw().is_multiple_of(8) { random.draw() as usize % n } else { 0 };
        let len = pick(&mut random, [VNET_HDR, VNET_HDR, VNET_HDR, SHORT_HDR]);
        let spans = [In::bytes(&header.as_bytes()[..len]), In::bytes(&frame[..n - less])];
        match s.writev(fd, &spans) {
            Ok(_) => drop(TAKEN.fetch_add(1, Ordering::Relaxed)),
            Err(Errno::EINVAL | Errno::EMSGSIZE | Errno::ENOBUFS) => {}
            Err(e) => return i64::from(e.0),
        }
    }
    0
}

fn storm(c: &Ctx) -> Verdict {
    let live = c.live_with_header(0)?;
    let far = c.beside_a_bridge()?;
    let mut ours = [0; 8];
    ours[..6].copy_from_slice(&live.mac);
    OURS.store(u64::from_ne_bytes(ours), Ordering::Relaxed);
    TAKEN.store(0, Ordering::Relaxed);
    END.store(c.sys.now_ms() + TIME / u64::from(c.sys.effort()), Ordering::Relaxed);
    let mut threads = [None; 2];
    for (seed, thread) in threads.iter_mut().enumerate() {
        let arg = live.fd as usize | (seed + 1) << 16;
        *thread = Some(c.sys.spawn(lie, arg).on("spawn")?);
    }
    let mut round = 0_usize;
    while threads.iter().any(Option::is_some) {
        round += 1;
        let cmd = if round % 16 < 8 { BRDGADD } else { BRDGDEL };
        if round.is_multiple_of(8) {
            for member in ["tap0", "tap1"] {
                // It may be one already, or not yet.
                super::foreign::bridge(c, cmd, member).unwrap_or(());
            }
        }
        let len = if round.is_multiple_of(5) { SHORT_HDR } else { VNET_HDR };
        c.set_header(live.fd, len as i32).on("TAPSVNETHDR")?;
        let bits = [0, TAKES_CSUM, TAKES_CSUM | TAKES_TSO4][round % 3];
        c.set_offload(live.fd, bits).on("TAPSOFFLOAD")?;
        for fd in [live.fd, far] {
            c.drain(fd)?;
        }
        c.sys.sleep_ms(3);
        for thread in &mut threads {
            if let Some(errno) = thread.and_then(|thread| c.sys.joined(thread)) {
                check!(errno == 0, "a write failed with errno {errno}");
                *thread = None;
            }
        }
    }
    let taken = TAKEN.load(Ordering::Relaxed);
    check!(taken > 100, "only {taken} frames were taken");
    c.destroy("bridge77").on("destroy of the bridge")?;
    c.set_header(live.fd, 0).on("TAPSVNETHDR of none")?;
    c.greet(&live).map(drop)
}
