// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! poll(2), kqueue(2) and SIGIO: all ways to be told of a frame.
#![forbid(unsafe_code)]

use crate::channel::port::SigIo;
use crate::kern::errno::{Errno, Result};
use crate::kern::knote::{Filter, Knote};
use crate::kern::select::PollEvents;
use crate::kern::signal::{self, News};
use crate::kern::softint::Softint;
use crate::lockfree::arc::Arc;
use crate::lockfree::atomic::Ordering;
use crate::lockfree::mailbox::Mailbox;
use crate::softc::Softc;

const READABLE: PollEvents = PollEvents::IN.union(PollEvents::RDNORM);
const WRITABLE: PollEvents = PollEvents::OUT.union(PollEvents::WRNORM);

/// Sends SIGIO, away from the stack's locks.
pub static SOFTINT: Softint = Softint::new();
/// Softcs that want a SIGIO sent.
static MAILBOX: Mailbox<Softc> = Mailbox::new();

/// poll(2): readable when a frame waits, always writable, and hung up when the interface is gone,
/// and only then: a poller of an interface that is down sleeps on.
pub fn poll(softc: &Softc, events: PollEvents) -> PollEvents {
    let Some(len) = softc.channel.look() else { return PollEvents::HUP };
    let mut ready = events & WRITABLE;
    if len != 0 {
        ready |= events & READABLE;
    }
    if !ready.is_empty() {
        return ready;
    }
    wait(softc, events)
}

/// The rest of a poll that has nothing to say: apart, so that one which has saves no registers.
#[inline(never)]
fn wait(softc: &Softc, events: PollEvents) -> PollEvents {
    match softc.channel.look_and_record(|waiters| waiters.record_poller()) {
        Some(0) => PollEvents::empty(),
        // It waits already, for a poller of something else, or came since the first look.
        Some(_) => events & READABLE,
        None => PollEvents::HUP,
    }
}

/// kqueue(2): EVFILT_READ and EVFILT_WRITE. The knote holds a reference to the softc, so what it
/// hangs on outlives the interface if the knote does. EINVAL for other filters, ENXIO when gone.
pub fn attach_knote(softc: &Softc, mut knote: Knote<'_>) -> Result {
    let Some(filter) = knote.filter() else { return Err(Errno::EINVAL) };
    softc.channel.attach_knote(filter == Filter::Read, |waiters| {
        knote.set_hook(Arc::retain(softc).into_raw(), filter);
        waiters.attach(&mut knote, filter);
    })
}

/// The knote goes. The caller then drops the reference that it held.
pub fn detach_knote(softc: &Softc, mut knote: Knote<'_>, filter: Filter) {
    let reads = filter == Filter::Read;
    softc.channel.detach_knote(reads, |waiters| waiters.detach(&mut knote, filter));
}

/// Whether a knote has something to tell. Takes no lock, for it is called with and without the
/// channel's.
pub fn knote_event(softc: &Softc, mut knote: Knote<'_>, filter: Filter) -> bool {
    let reads = filter == Filter::Read;
    let look = softc.channel.look();
    let len = if reads { look.unwrap_or(0) } else { 0 };
    knote.set_data(len);
    if look.is_none() {
        knote.set_eof();
        return true;
    }
    !reads || len != 0
}

/// There is news, and the owner wants to know: have the soft interrupt send the signal.
pub fn request_sigio(softc: &Softc) {
    if !softc.sigio_queued.swap(true, Ordering::AcqRel) {
        MAILBOX.post(Arc::retain(softc));
        SOFTINT.schedule();
    }
}

/// The soft interrupt.
pub fn deliver_sigio() {
    for softc in MAILBOX.take() {
        // Cleared before the look, so that later news sends another signal.
        softc.sigio_queued.store(false, Ordering::Release);
        if let Some(sigio) = softc.channel.sigio() {
            send(sigio);
        }
    }
}

/// The interface is gone, and its channel with it: who wanted signals is told from here.
pub fn signal_gone(sigio: Option<SigIo>) {
    if let Some(sigio) = sigio {
        send(SigIo { running: false, ..sigio });
    }
}

fn send(sigio: SigIo) {
    let news = if sigio.running { News::Data } else { News::HangUp };
    signal::send_sigio(sigio.owner, news);
}
