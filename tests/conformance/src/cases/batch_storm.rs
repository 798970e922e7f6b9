// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Senders and receivers by batches, against create and destroy.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::abi::offload::{TapFrame, VNET_HDR};
use crate::abi::{O_NONBLOCK, O_RDWR};
use crate::batch::{places, receive, send, ECHO};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames::{self, BROADCAST};
use crate::sys::System;
use crate::text::Text;

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("batch_destroy_midway", "destroy in the middle of batches ends them", midway)
                .added(),
            case(
                "stress_batches",
                "senders and receivers by batches against create and destroy",
                stress,
            )
            .added(),
        ]
    }
}

/// When the threads stop, whatever happens.
static END: AtomicU64 = AtomicU64::new(0);
/// How many batches have gone through.
static DONE: AtomicU32 = AtomicU32::new(0);
/// The threads of a descriptor end at its end; others open another.
const THREADS: usize = 4;

/// Whether a call's error is one of an interface that has gone or is down.
fn is_end(result: Result<usize>) -> core::result::Result<bool, i64> {
    match result {
        Ok(_) => {
            DONE.fetch_add(1, Ordering::Relaxed);
            Ok(false)
        }
        Err(Errno::ENXIO | Errno::EIO | Errno::EBADF) => Ok(true),
        Err(Errno::EHOSTDOWN | Errno::EAGAIN) => Ok(false),
        Err(e) => Err(-i64::from(e.0)),
    }
}

/// Sends and receives on a descriptor, by batches of `size`, until its interface has gone.
fn use_it(s: System, fd: i32, size: usize) -> i64 {
    let mut frame = [0; VNET_HDR + ECHO];
    frames::plain(&mut frame[VNET_HDR..], BROADCAST);
    let mut rooms = [[0; 128]; 40];
    while s.now_ms() < END.load(Ordering::Relaxed) {
        // A frame behind a header, or a longer one without.
        let mut entries = [TapFrame::of(&frame); 40];
        match is_end(send(s, fd, &mut entries[..size])) {
            Ok(false) => {}
            Ok(true) => return 0,
            Err(errno) => return errno,
        }
        match is_end(receive(s, fd, &mut places(&mut rooms)[..size])) {
            Ok(false) => {}
            Ok(true) => return 0,
            Err(errno) => return errno,
        }
        // Whoever destroys the interface has its turn too.
        s.sleep_ms(1);
    }
    1
}

fn on_descriptor(s: System, arg: usize) -> i64 {
    use_it(s, (arg & 0xffff) as i32, arg >> 16)
}

/// A frame of zeros for the header is one without anything left to do.
fn midway(c: &Ctx) -> Verdict {
    for round in 0..6 {
        END.store(c.sys.now_ms() + 60_000, Ordering::Relaxed);
        DONE.store(0, Ordering::Relaxed);
        let (fd, name) = if round % 2 == 0 {
            c.open_clone(O_RDWR | O_NONBLOCK)?
        } else {
            c.create("tap0").on("create")?;
            (c.open_unit(0, O_RDWR | O_NONBLOCK)?, Text::of(format_args!("tap0")))
        };
        c.set_up(name.as_str(), true).on("up")?;
        let mut threads = [0; THREADS];
        for (thread, size) in threads.iter_mut().zip([1, 16, 17, 40]) {
            *thread = c.sys.spawn(on_descriptor, fd as usize | size << 16).on("spawn")?;
        }
        let busy = c.wait_for(|| DONE.load(Ordering::Relaxed) > 20);
        let destroyed = c.destroy(name.as_str());
        for thread in threads {
            let value = c.join(thread, "batches on what is destroyed")?;
            check!(value == 0, "a batch on what is destroyed ended with {value}");
        }
        destroyed.on("destroy")?;
        check!(busy, "no batch went through");
        c.close(fd).on("close")?;
    }
    Ok(())
}

/// Opens a node or clones, uses what comes until it goes, and again.
fn open_and_use(s: System, which: usize) -> i64 {
    while s.now_ms() < END.load(Ordering::Relaxed) {
        let path: Text<32> = match which % 2 {
            0 => Text::of(format_args!("/dev/tap0")),
            _ => Text::of(format_args!("/dev/tap")),
        };
        match s.open(path.as_cstr(), O_RDWR | O_NONBLOCK) {
            Ok(fd) => {
                let value = use_it(s, fd, [1, 40, 17, 16][which % 4]);
                if s.close(fd).is_err() || value < 0 {
                    return value.min(-1);
                }
            }
            Err(Errno::ENXIO | Errno::EBUSY | Errno::EIO | Errno::EBADF) => s.sleep_ms(1),
            Err(e) => return -i64::from(e.0),
        }
    }
    0
}

fn stress(c: &Ctx) -> Verdict {
    c.node(0)?;
    c.node(crate::abi::CLONER_MINOR)?;
    END.store(c.sys.now_ms() + 4000 / u64::from(c.sys.effort()), Ordering::Relaxed);
    DONE.store(0, Ordering::Relaxed);
    let mut threads = [0; THREADS];
    for (which, thread) in threads.iter_mut().enumerate() {
        *thread = c.sys.spawn(open_and_use, which).on("spawn")?;
    }
    let result = come_and_go(c);
    for thread in threads {
        let value = c.join_long(thread, "batches against create and destroy")?;
        check!(value >= 0, "a thread ended with {value}");
    }
    result?;
    let done = DONE.load(Ordering::Relaxed);
    check!(done > 50, "only {done} batches went through");
    Ok(())
}

/// Creates, ups and destroys interfaces, some of which others have opened.
fn come_and_go(c: &Ctx) -> Fallible<()> {
    while c.sys.now_ms() < END.load(Ordering::Relaxed) {
        for name in ["tap0", "tap1", "tap2"] {
            if name == "tap0" {
                match c.create(name) {
                    // A thread's clone has the name.
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(e) => return Err(e).on("create"),
                }
            }
            // They may not be there, or not any more.
            c.set_up(name, true).unwrap_or(());
        }
        c.sys.sleep_ms(20);
        for name in ["tap0", "tap1", "tap2"] {
            c.destroy(name).unwrap_or(());
        }
    }
    Ok(())
}
