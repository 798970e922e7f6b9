// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! poll(2), kqueue(2) and SIGIO: the ways to be notified of a frame.
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

/// The soft interrupt that sends SIGIO, where no lock of the stack is held.
pub static SOFTINT: Softint = Softint::new();
/// The softcs for which a SIGIO must be sent.
static MAILBOX: Mailbox<Softc> = Mailbox::new();

/// poll(2). The device is readable if a frame is queued, and always writable. It is hung up only if
/// the interface is gone. If the interface is merely down, a poller goes on sleeping.
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

/// The rest of a poll that found nothing ready. It is a separate function, so that a poll that
/// finds something ready saves no registers.
#[inline(never)]
fn wait(softc: &Softc, events: PollEvents) -> PollEvents {
    match softc.channel.look_and_record(|waiters| waiters.record_poller()) {
        Some(0) => PollEvents::empty(),
        // The poller did not ask for the frame that is queued, or it was queued since the first
        // check.
        Some(_) => events & READABLE,
        None => PollEvents::HUP,
    }
}

/// kqueue(2): attaches a knote for EVFILT_READ or EVFILT_WRITE. The knote holds a reference to the
/// softc, so the list that it is on exists as long as the knote. EINVAL for other filters, ENXIO if
/// the interface is gone.
pub fn attach_knote(softc: &Softc, mut knote: Knote<'_>) -> Result {
    let Some(filter) = knote.filter() else { return Err(Errno::EINVAL) };
    softc.channel.attach_knote(filter == Filter::Read, |waiters| {
        knote.set_hook(Arc::retain(softc).into_raw(), filter);
        waiters.attach(&mut knote, filter);
    })
}

/// Detaches a knote, which refers to nothing of the module any more. The caller then drops the
/// knote's reference.
pub fn detach_knote(softc: &Softc, mut knote: Knote<'_>, filter: Filter) {
    let reads = filter == Filter::Read;
    softc.channel.detach_knote(reads, |waiters| waiters.detach(&mut knote, filter));
    knote.leave();
}

/// f_event: whether a knote is active. It takes no lock, because it is called both with and without
/// the channel's lock held.
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

/// Requests a SIGIO for the owner. The soft interrupt sends it.
pub fn request_sigio(softc: &Softc) {
    if !softc.sigio_queued.swap(true, Ordering::AcqRel) {
        MAILBOX.post(Arc::retain(softc));
        SOFTINT.schedule();
    }
}

/// The soft interrupt.
pub fn deliver_sigio() {
    for softc in MAILBOX.take() {
        // This is cleared before the check, so that a later event sends another signal.
        softc.sigio_queued.store(false, Ordering::Release);
        if let Some(sigio) = softc.channel.sigio() {
            send(sigio);
        }
    }
}

/// Sends the last SIGIO, when the interface is destroyed. The channel no longer has a receiver, so
/// the caller passes it.
pub fn signal_gone(sigio: Option<SigIo>) {
    if let Some(sigio) = sigio {
        send(SigIo { running: false, ..sigio });
    }
}

fn send(sigio: SigIo) {
    let news = if sigio.running { News::Data } else { News::HangUp };
    signal::send_sigio(sigio.owner, news);
}
