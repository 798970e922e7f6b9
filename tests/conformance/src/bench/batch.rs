// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! TAPSEND and TAPRECV: frames by the batch.

use super::{work, Tally, Workload};
use crate::abi::offload::{TapBatch, TapFrame, TAPRECV, TAPSEND};
use crate::case::{On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Result;
use crate::frames;
use crate::net::WIDEST;
use crate::user::Out;

/// The workloads of this topic.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            work("batch_send_60x1", "TAPSEND of 60 B", send::<60, 1>).added(),
            work("batch_send_60x16", "TAPSEND of 16 times 60 B", send::<60, 16>).added(),
            work("batch_send_60x64", "TAPSEND of 64 times 60 B", send::<60, 64>).added(),
            work("batch_send_1514x1", "TAPSEND of 1514 B", send::<1514, 1>).added(),
            work("batch_send_1514x16", "TAPSEND of 16 times 1514 B", send::<1514, 16>).added(),
            work("batch_send_1514x64", "TAPSEND of 64 times 1514 B", send::<1514, 64>).added(),
            work("batch_recv_60x1", "TAPRECV of 60 B", receive::<60, 1>).added(),
            work("batch_recv_60x16", "TAPRECV of 16 times 60 B", receive::<60, 16>).added(),
            work("batch_recv_60x64", "TAPRECV of 64 times 60 B", receive::<60, 64>).added(),
            work("batch_recv_1514x1", "TAPRECV of 1514 B", receive::<1514, 1>).added(),
            work("batch_recv_1514x16", "TAPRECV of 16 times 1514 B", receive::<1514, 16>).added(),
            work("batch_recv_1514x64", "TAPRECV of 64 times 1514 B", receive::<1514, 64>).added(),
        ]
    }
}

const UDP_HEADERS: usize = 42;

/// A batch; how many entries it used.
fn batch(c: &Ctx, fd: i32, command: u64, frames: &mut [TapFrame]) -> Result<usize> {
    let start = frames.as_mut_ptr() as u64;
    let mut batch = TapBatch { frames: start, count: frames.len() as u32, done: 0 };
    c.sys.ioctl(fd, command, Out::value(&mut batch)).map(|_| batch.done as usize)
}

fn send<const LEN: usize, const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live_clone(1)?;
    let mut frame = [0; LEN];
    frames::plain(&mut frame, live.mac);
    let mut frames = [TapFrame { addr: frame.as_ptr() as u64, len: LEN as u32, flags: 0 }; N];
    while t.again() {
        let done = t.count(|| batch(c, live.fd, TAPSEND, &mut frames)).on("TAPSEND")?;
        check!(done == N, "{done} frames of {N} were sent");
    }
    Ok(())
}

fn receive<const LEN: usize, const N: usize>(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let live = c.live_clone(1)?;
    let sender = t.sender(c, frames::peer_ip(1))?;
    let payload = [0x5a; WIDEST];
    let mut room = [0; LEN];
    while t.again() {
        for _ in 0..N {
            c.send(sender, &payload[..LEN - UDP_HEADERS]).on("a datagram")?;
        }
        // All into the same place: nobody looks at them.
        let place = TapFrame { addr: room.as_mut_ptr() as u64, len: LEN as u32, flags: 0 };
        let mut frames = [place; N];
        let done = t.count(|| batch(c, live.fd, TAPRECV, &mut frames)).on("TAPRECV")?;
        let wrong = frames.iter().find(|frame| frame.len as usize != LEN || frame.flags != 0);
        check!(done == N && wrong.is_none(), "{done} frames of {N}, wrong: {wrong:?}");
    }
    Ok(())
}
