// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The concurrency core of an interface: its life, its one opener, the frames that wait for user
//! space, and all who sleep on them.
//!
//! It knows no frame, no interface and no file: those are type parameters, so that the tests run
//! this very code under loom with frames of their own. `docs/lifetimes.md` states its invariants.
//!
//! Locks: one adaptive mutex guards [`State`]. It is taken by user threads and by the stack's
//! soft interrupts, never held across a copy to user space, an allocation, bpf, or a call of the
//! stack. `selnotify` and `knote` are called with it held, as sys/kern/sys_select.c and
//! kern_event.c ask (object lock, then kq_lock).
#![forbid(unsafe_code)]

use crate::gate::{Gate, Left};
use crate::kern::atomic::{AtomicU32, Ordering};
use crate::kern::condvar::Condvar;
use crate::kern::errno::{Errno, Result};
use crate::kern::mutex::{Guard, Mutex};

/// Set in [`Channel::head`] once the interface is gone.
const GONE: u32 = 1 << 31;

/// A frame: the channel asks only its length.
pub trait Frame {
    /// Length in bytes, below 2^31.
    fn frame_len(&self) -> u32;
}

/// A first-in-first-out list of frames that allocates nothing.
pub trait FrameList: Sized {
    /// What the list holds.
    type Frame: Frame;
    /// An empty list.
    fn empty() -> Self;
    /// How many frames it holds.
    fn len(&self) -> u32;
    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Length in bytes of the first frame, 0 when there is none.
    fn first_len(&self) -> u32;
    /// Appends a frame.
    fn push(&mut self, frame: Self::Frame);
    /// Takes the first frame.
    fn pop(&mut self) -> Option<Self::Frame>;
}

/// Those outside of the channel who want to know: pollers, knotes, and the gauge of the queue's
/// length. Called with the lock held.
pub trait Listeners {
    /// So many frames wait now.
    fn length(&self, frames: u32);
    /// A frame has come, or the node is revoked: there is something to see.
    fn readable(&self);
    /// The interface is gone.
    fn gone(&self);
}

/// Who has the interface open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opener {
    /// Nobody.
    None,
    /// A device node.
    Node,
    /// The descriptor of a cloning open.
    Cloner,
}

/// Whom SIGIO goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigIo {
    /// A process, or a process group when negative; 0 is nobody.
    pub owner: i32,
    /// Whether the interface runs, that is whether the news is data rather than a hang-up.
    pub running: bool,
}

/// What the lock guards.
pub struct State<L> {
    /// Detach has begun.
    dying: bool,
    opener: Opener,
    /// The node is being revoked or closed by force.
    cancelled: bool,
    /// The stack has called if_init and not if_stop since.
    running: bool,
    frames: L,
    /// Readers inside [`Channel::next`], asleep or not.
    readers: u32,
    /// Those of them that are asleep.
    sleepers: u32,
    /// Another thread closes the descriptor: readers must not sleep, but return.
    restart: bool,
    /// Somebody has been recorded by selrecord since the last notification.
    polled: bool,
    /// Knotes attached that wait for frames.
    knotes: u32,
    /// FIOASYNC.
    async_io: bool,
    /// FIOSETOWN.
    owner: i32,
}

/// What became of a frame that the stack sent.
#[must_use]
pub enum Pushed<F> {
    /// It waits for a reader; the flag asks for SIGIO.
    Queued {
        /// Whether the owner wants a signal.
        sigio: bool,
    },
    /// Nobody has the interface open, or it does not run.
    Closed(F),
    /// The queue is full, or the frame is empty.
    Full(F),
}

/// One interface's channel to user space.
#[repr(C)]
pub struct Channel<L, W> {
    state: Mutex<State<L>>,
    calls: Gate,
    /// The first frame's length, 0 when there is none, and [`GONE`]: written under the lock, read
    /// without it by who wants no more than that.
    head: AtomicU32,
    /// Readers and the drain sleep here.
    cv: Condvar,
    /// Pollers and knotes.
    pub listeners: W,
}

/// A call in flight: as long as it lives, the interface stays attached.
pub struct Call<'a, L: FrameList, W: Listeners>(&'a Channel<L, W>);

impl<L: FrameList, W: Listeners> Drop for Call<'_, L, W> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl<L: FrameList, W: Listeners> Channel<L, W> {
    /// A channel of an interface that nobody can reach yet.
    pub fn new(opener: Opener, listeners: W) -> Self {
        Channel {
            state: Mutex::new(State {
                dying: false,
                opener,
                cancelled: false,
                running: false,
                frames: L::empty(),
                readers: 0,
                sleepers: 0,
                restart: false,
                polled: false,
                knotes: 0,
                async_io: false,
                owner: 0,
            }),
            cv: Condvar::new(),
            calls: Gate::new(),
            head: AtomicU32::new(0),
            listeners,
        }
    }

    /// Prepares the lock and the condition variable, at the channel's final address.
    pub fn pin_init(&mut self) {
        self.state.init();
        self.cv.init(c"tapread");
    }

    /// Length of the first waiting frame in bytes, 0 when there is none; `None` when the interface
    /// is gone or about to go. Takes no lock.
    pub fn look(&self) -> Option<u32> {
        let head = self.head.load(Ordering::Acquire);
        (head & GONE == 0).then_some(head)
    }

    /// Whether the interface is gone or about to go. Takes no lock.
    pub fn is_gone(&self) -> bool {
        self.look().is_none()
    }

    /// Enters a section in which the interface stays attached; `None` once it is dying.
    pub fn enter(&self) -> Option<Call<'_, L, W>> {
        if self.calls.enter() {
            Some(Call(self))
        } else {
            self.leave();
            None
        }
    }

    fn leave(&self) {
        if self.calls.leave() == Left::Last {
            self.wake_drain();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_drain(&self) {
        // Under the lock, so that the drain cannot miss it between its look and its sleep.
        let _state = self.state.lock();
        self.cv.broadcast();
    }

    /// A device node is opened. One opener at a time; the decision is made under the lock.
    pub fn open(&self) -> Result {
        let mut state = self.state.lock();
        if state.dying {
            return Err(Errno::ENXIO);
        }
        if state.opener != Opener::None {
            return Err(Errno::EBUSY);
        }
        state.opener = Opener::Node;
        state.cancelled = false;
        Ok(())
    }

    /// Whether `opener` has the interface open.
    pub fn is_open_by(&self, opener: Opener) -> bool {
        self.state.lock().opener == opener
    }

    /// `opener` closes. Nothing of its use is left for the next one. Returns the frames that it
    /// did not read, for the caller to count and free outside of the lock.
    pub fn close(&self, opener: Opener) -> L {
        let mut state = self.state.lock();
        if state.opener != opener {
            return L::empty();
        }
        state.opener = Opener::None;
        state.cancelled = false;
        state.async_io = false;
        state.owner = 0;
        self.purge(&mut state)
    }

    /// The node is revoked: readers return and pollers look again, and the kernel then closes it.
    /// Nothing happens to a cloned descriptor that has the interface open: an open of the node
    /// beside it, which is refused, can be revoked too.
    pub fn cancel(&self) {
        let mut state = self.state.lock();
        if state.opener == Opener::Node {
            state.cancelled = true;
            self.cv.broadcast();
            self.notify(&mut state);
        }
    }

    /// Another thread closes a descriptor that a reader sleeps on, as in fo_restart.
    ///
    /// The wish stays until the readers that are inside have left. One that is past the descriptor
    /// table and comes to sleep only afterwards does not see it, as in pipe(2): the close then
    /// waits for its frame. A reader through a duplicate of the descriptor merely enters again.
    pub fn restart(&self) {
        let mut state = self.state.lock();
        state.restart = true;
        self.cv.broadcast();
    }

    /// The stack has brought the interface up (if_init) or down (if_stop). Down, the frames that
    /// wait are returned for the caller to count and free, and every sleeper looks again. The flag
    /// asks for SIGIO.
    pub fn set_running(&self, running: bool) -> (L, bool) {
        let mut state = self.state.lock();
        state.running = running && !state.dying;
        if running {
            return (L::empty(), false);
        }
        let purged = self.purge(&mut state);
        self.cv.broadcast();
        (purged, state.async_io)
    }

    /// Detach has begun: nobody gets in or sleeps any more, and everybody who did wakes up.
    /// Returns the frames that wait, and whom to tell by signal.
    pub fn die(&self) -> (L, Option<SigIo>) {
        self.calls.close();
        let mut state = self.state.lock();
        let sigio = Self::sigio_of(&state);
        state.dying = true;
        state.running = false;
        let purged = self.purge(&mut state);
        self.cv.broadcast();
        self.listeners.gone();
        (purged, sigio)
    }

    /// Waits until the calls in flight have left. After [`die`](Self::die).
    pub fn drain(&self) {
        let mut state = self.state.lock();
        while !self.calls.empty() {
            self.cv.wait(&mut state);
        }
    }

    /// The stack sends a frame. `max` is the queue's bound.
    pub fn push(&self, frame: L::Frame, max: u32) -> Pushed<L::Frame> {
        let mut state = self.state.lock();
        if !state.running || state.opener == Opener::None {
            return Pushed::Closed(frame);
        }
        if state.frames.len() >= max || frame.frame_len() == 0 {
            return Pushed::Full(frame);
        }
        state.frames.push(frame);
        self.publish(&state);
        if state.sleepers != 0 {
            self.cv.signal();
        }
        self.notify(&mut state);
        Pushed::Queued { sigio: state.async_io }
    }

    /// Takes the next frame, and sleeps for one unless `nonblock`.
    ///
    /// ENXIO when the interface is gone, EIO when the node is revoked, EHOSTDOWN while it is down,
    /// EWOULDBLOCK, or what a signal ends the sleep with. It never comes back empty-handed
    /// without an error, so a read never returns 0, which clients take for end of file.
    pub fn next(&self, nonblock: bool) -> Result<L::Frame> {
        let mut state = self.state.lock();
        loop {
            // A frame that waits says that the interface is alive and runs: its end purges.
            if let Some(frame) = state.frames.pop() {
                self.publish(&state);
                return Ok(frame);
            }
            self.wait_for_frame(&mut state, nonblock)?;
        }
    }

    /// Returns once a frame waits, or with the error that [`next`](Self::next) ends with.
    #[cold]
    #[inline(never)]
    fn wait_for_frame(&self, state: &mut Guard<'_, State<L>>, nonblock: bool) -> Result {
        state.readers = state.readers.wrapping_add(1);
        let waited = self.sleep_for_frame(state, nonblock);
        state.readers = state.readers.wrapping_sub(1);
        if state.readers == 0 {
            state.restart = false;
        }
        if waited.is_err() && state.sleepers != 0 && !state.frames.is_empty() {
            // The wake-up for that frame may have been spent on this reader: pass it on.
            self.cv.signal();
        }
        waited
    }

    fn sleep_for_frame(&self, state: &mut Guard<'_, State<L>>, nonblock: bool) -> Result {
        loop {
            if state.dying {
                return Err(Errno::ENXIO);
            }
            if state.cancelled {
                return Err(Errno::EIO);
            }
            if !state.running {
                return Err(Errno::EHOSTDOWN);
            }
            if !state.frames.is_empty() {
                return Ok(());
            }
            if nonblock {
                return Err(Errno::EWOULDBLOCK);
            }
            if state.restart {
                return Err(Errno::ERESTART);
            }
            state.sleepers = state.sleepers.wrapping_add(1);
            let woken = self.cv.wait_sig(state);
            state.sleepers = state.sleepers.wrapping_sub(1);
            woken?;
        }
    }

    /// Looks again, under the lock, and runs `record` if the interface is there, so that a frame
    /// that comes later, or the end, finds the poller recorded. One for whom a frame waits may have
    /// asked for something else.
    pub fn look_and_record(&self, record: impl FnOnce(&W)) -> Option<u32> {
        let mut state = self.state.lock();
        let look = self.look();
        if look.is_some() {
            record(&self.listeners);
            state.polled = true;
        }
        look
    }

    /// Runs `attach` under the lock unless the interface is gone, and counts one more knote that
    /// waits for frames when `reads`.
    pub fn attach_knote(&self, reads: bool, attach: impl FnOnce(&W)) -> Result {
        let mut state = self.state.lock();
        if state.dying {
            return Err(Errno::ENXIO);
        }
        attach(&self.listeners);
        if reads {
            state.knotes = state.knotes.wrapping_add(1);
        }
        Ok(())
    }

    /// The reverse of [`attach_knote`](Self::attach_knote).
    pub fn detach_knote(&self, reads: bool, detach: impl FnOnce(&W)) {
        let mut state = self.state.lock();
        detach(&self.listeners);
        if reads {
            state.knotes = state.knotes.wrapping_sub(1);
        }
    }

    /// FIOASYNC.
    pub fn set_async(&self, on: bool) {
        self.state.lock().async_io = on;
    }

    /// FIOSETOWN, with an owner that fsetown(9) has checked.
    pub fn set_owner(&self, owner: i32) {
        self.state.lock().owner = owner;
    }

    /// FIOGETOWN.
    pub fn owner(&self) -> i32 {
        self.state.lock().owner
    }

    /// Whom a signal goes to now, if to anybody.
    pub fn sigio(&self) -> Option<SigIo> {
        Self::sigio_of(&self.state.lock())
    }

    fn sigio_of(state: &State<L>) -> Option<SigIo> {
        let wanted = state.async_io && state.owner != 0;
        wanted.then_some(SigIo { owner: state.owner, running: state.running })
    }

    /// Has pollers and knotes look again, if there are any.
    fn notify(&self, state: &mut State<L>) {
        if state.polled || state.knotes != 0 {
            state.polled = false;
            self.listeners.readable();
        }
    }

    /// Takes all frames out.
    fn purge(&self, state: &mut State<L>) -> L {
        let purged = core::mem::replace(&mut state.frames, L::empty());
        self.listeners.length(0);
        self.head.store(if state.dying { GONE } else { 0 }, Ordering::Release);
        purged
    }

    /// Shows the queue of a live interface to those who look without the lock. The caller holds it.
    fn publish(&self, state: &State<L>) {
        self.listeners.length(state.frames.len());
        self.head.store(state.frames.first_len(), Ordering::Release);
    }
}
