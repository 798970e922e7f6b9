// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The concurrency core of an interface: its life, its one opener, the frames that wait for user
//! space, and all who sleep on them.
//!
//! It is generic over frames and listeners ([`port`]), so that the tests run the same code under
//! loom with types of their own. `docs/lifetimes.md` states its invariants.
//!
//! | file | what it is |
//! | --- | --- |
//! | this one | life: open, close, up, down, death, and the calls that are in flight meanwhile |
//! | [`queue`] | the frames: push, and read with its sleep |
//! | [`opener`] | who has it open, and whether the interface goes with that |
//! | [`interest`] | pollers, knotes and SIGIO |
//! | [`port`] | what the channel asks of frames and listeners |
//!
//! Locks: one adaptive mutex guards [`State`]. It is taken by user threads and by the stack's soft
//! interrupts. It is never held during a copy to user space, an allocation, a call of bpf, or a
//! call into the stack. `selnotify` and `knote` are called with it held, as sys/kern/sys_select.c
//! and kern_event.c require (object lock first, then kq_lock).
#![forbid(unsafe_code)]

pub mod interest;
pub mod opener;
pub mod port;
pub mod queue;

pub use self::opener::Opener;
use self::port::{FrameList, Listeners, SigIo};
use crate::gate::{Gate, Left};
use crate::kern::condvar::Condvar;
use crate::kern::errno::{Errno, Result};
use crate::kern::mutex::Mutex;
use crate::lockfree::atomic::{AtomicBool, AtomicU32, Ordering};

/// Set in [`Channel::head`] once the interface is gone.
const GONE: u32 = 1 << 31;

/// What the lock guards.
pub struct State<L> {
    /// Detach has begun.
    dying: bool,
    /// The node is being revoked or closed by force.
    cancelled: bool,
    /// The stack has called if_init, and has not called if_stop since.
    running: bool,
    frames: L,
    /// How often all frames have been taken out, modulo 2^32.
    purges: u32,
    /// The number of bytes that a reader gets before each frame.
    before: u32,
    /// Readers inside [`Channel::next`], asleep or not.
    readers: u32,
    /// Those of them that are asleep.
    sleepers: u32,
    /// Another thread closes the descriptor. Readers must return instead of sleeping.
    restart: bool,
    /// selrecord has recorded a poller since the last notification.
    polled: bool,
    /// The number of attached knotes that wait for frames.
    knotes: u32,
    /// FIOASYNC.
    async_io: bool,
    /// FIOSETOWN.
    owner: i32,
}

/// One interface's channel to user space.
#[repr(C)]
pub struct Channel<L, W> {
    state: Mutex<State<L>>,
    calls: Gate,
    /// What a reader gets of the first frame (0 if the queue is empty), and [`GONE`]. It is written with
    /// the lock held, and can be read without it.
    head: AtomicU32,
    /// The [`Opener`]: written under the lock.
    opener: AtomicU32,
    /// The interface goes with its close, TAPSTRANSIENT. It is set only while it is open, and stays
    /// set after that close.
    transient: AtomicBool,
    /// Readers and the drain sleep here.
    cv: Condvar,
    /// Pollers and knotes.
    pub listeners: W,
}

/// A call in flight. The interface stays attached until this is dropped.
pub struct Call<'a, L: FrameList, W: Listeners>(&'a Channel<L, W>);

impl<L: FrameList, W: Listeners> Drop for Call<'_, L, W> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl<L: FrameList, W: Listeners> Channel<L, W> {
    /// Makes the channel of an interface that no other thread can reach yet.
    pub fn new(opener: Opener, listeners: W) -> Self {
        Channel {
            state: Mutex::new(State {
                dying: false,
                cancelled: false,
                running: false,
                frames: L::empty(),
                purges: 0,
                before: 0,
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
            opener: AtomicU32::new(opener as u32),
            transient: AtomicBool::new(opener == Opener::Cloner),
            listeners,
        }
    }

    /// Prepares the lock and the condition variable, at the channel's final address.
    pub fn pin_init(&mut self) {
        self.state.init();
        self.cv.init(c"tapread");
    }

    /// How many bytes a reader gets of the first frame, 0 when there is none; `None` when the interface
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
            return Some(Call(self));
        }
        self.refuse();
        None
    }

    /// A function of its own, so that the call that is let in leaves by instructions of its own.
    #[cold]
    #[inline(never)]
    fn refuse(&self) {
        self.leave();
    }

    fn leave(&self) {
        if self.calls.leave() == Left::Last {
            self.wake_drain();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_drain(&self) {
        // The lock is held so that the drain cannot miss the wake-up between check and sleep.
        let _state = self.state.lock();
        self.cv.broadcast();
    }

    /// Opens a device node. There is one opener at a time, which is decided with the lock held. An
    /// interface that goes with its close cannot be opened after that.
    pub fn open(&self) -> Result {
        let mut state = self.state.lock();
        if state.dying {
            return Err(Errno::ENXIO);
        }
        if !self.is_open_by(Opener::None) {
            return Err(Errno::EBUSY);
        }
        if self.is_transient() {
            return Err(Errno::ENXIO);
        }
        self.set_opener(Opener::Node);
        state.cancelled = false;
        Ok(())
    }

    /// Closes for `opener`, and resets everything that the next opener must not inherit. A thread
    /// that polled the closed descriptor checks it again. Returns the frames that were not read.
    /// The caller counts and frees them without the lock.
    pub fn close(&self, opener: Opener) -> L {
        let mut state = self.state.lock();
        if !self.is_open_by(opener) {
            return L::empty();
        }
        self.set_opener(Opener::None);
        state.cancelled = false;
        state.async_io = false;
        state.owner = 0;
        state.before = 0;
        self.notify(&mut state);
        self.purge(&mut state)
    }

    /// The node is revoked. Readers return, and the kernel then closes the node, which wakes up the
    /// pollers. If a cloned descriptor has the interface open, nothing happens: the revoked open of
    /// the node is then one that was refused.
    pub fn cancel(&self) {
        let mut state = self.state.lock();
        if self.is_open_by(Opener::Node) {
            state.cancelled = true;
            self.cv.broadcast();
        }
    }

    /// fo_restart: another thread closes a descriptor on which a reader sleeps.
    ///
    /// The flag stays set until the readers inside have left. A reader that has passed the
    /// descriptor table, but goes to sleep only after they have left, does not see the flag, as in
    /// pipe(2). The close then waits until that reader gets a frame. A reader that uses a duplicate
    /// of the descriptor restarts its call.
    pub fn restart(&self) {
        let mut state = self.state.lock();
        state.restart = true;
        self.cv.broadcast();
    }

    /// The stack brings the interface up (if_init) or down (if_stop). When it goes down, readers
    /// wake up, and the queued frames are returned for the caller to count and free. The second
    /// result says whether to send SIGIO.
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

    /// Detach has begun. From now on no call enters and no thread sleeps, and every sleeper wakes
    /// up. Returns the queued frames, and the receiver of SIGIO.
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

    /// Waits until the calls in flight have left. Call it after [`die`](Self::die).
    pub fn drain(&self) {
        let mut state = self.state.lock();
        while !self.calls.empty() {
            self.cv.wait(&mut state);
        }
    }

    /// Whom a signal goes to in that state.
    fn sigio_of(state: &State<L>) -> Option<SigIo> {
        let wanted = state.async_io && state.owner != 0;
        wanted.then_some(SigIo { owner: state.owner, running: state.running })
    }

    /// Notifies pollers and knotes, if there are any.
    fn notify(&self, state: &mut State<L>) {
        if state.polled || state.knotes != 0 {
            state.polled = false;
            self.listeners.readable();
        }
    }

    /// Takes all frames out.
    fn purge(&self, state: &mut State<L>) -> L {
        let purged = core::mem::replace(&mut state.frames, L::empty());
        state.purges = state.purges.wrapping_add(1);
        self.listeners.length(0);
        self.head.store(if state.dying { GONE } else { 0 }, Ordering::Release);
        purged
    }

    /// Updates what can be read of the queue without the lock. The interface is alive, and the
    /// caller holds the lock.
    fn publish(&self, state: &State<L>) {
        let head = if state.frames.is_empty() {
            0
        } else {
            state.frames.first_len().wrapping_add(state.before)
        };
        self.head.store(head, Ordering::Release);
        self.listeners.length(state.frames.len());
    }
}
