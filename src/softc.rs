// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The softc of one interface: its parts, and who holds references to it.
//!
//! The lock order, outermost first. The host asserts it.
//!
//! 1. `cloner::CLOSE`, held by whoever destroys an interface after its close
//! 2. the stack's if_clone_mtx
//! 3. `cloner::CREATION`, held during every attach and detach
//! 4. the sysctl tree's lock, the interface's IFNET_LOCK
//! 5. the channel's mutex
//! 6. the kernel's own: kq_lock, sleep queues, selection clusters
//!
//! The kernel lock is taken before IFNET_LOCK where both are wanted, and given up by whoever sleeps.
//!
//! A softc is freed when nobody can reach it any more, see [`crate::lockfree::arc`]; `docs/lifetimes.md`
//! has the whole story.
#![forbid(unsafe_code)]

use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr;

use static_assertions::{assert_impl_all, const_assert_eq};

use crate::adapter::Waiters;
use crate::channel::{Channel, Opener};
use crate::kern::device::PseudoDevice;
use crate::kern::errno::Result;
use crate::kern::file::Times;
use crate::kern::ifnet::{Interface, Link};
use crate::kern::mbuf::{Mbuf, MbufList};
use crate::kern::process::ProcessCell;
use crate::kern::systm::Ticks;
use crate::kern::workqueue::Work;
use crate::lockfree::arc::{Arc, Buried, Graveyard};
use crate::lockfree::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::unit::Unit;
use crate::vnet::{self, mode::Mode, mode::ModeCell, segments};

/// The softcs to which no reference is left, and the count of all softcs.
pub static GRAVEYARD: Graveyard<Softc> = Graveyard::new();

/// The softc of a tap interface.
///
/// The softc begins with the channel, and the channel with its mutex, so all three have the same
/// address. The large parts come last, so that the small ones are within reach of instructions with
/// a short offset.
#[repr(C)]
pub struct Softc {
    /// The queue of frames for user space, and the threads that wait for them.
    pub channel: Channel<MbufList, Waiters>,
    /// The unit number.
    pub unit: Unit,
    /// What the opener has said of offload headers.
    pub vnet: ModeCell,
    access: AtomicU32,
    modification: AtomicU32,
    birth: Ticks,
    /// The number of frames that user space wrote and that the stack has not been given yet.
    pub incoming: AtomicU32,
    /// 1 while the close of the cloned descriptor is still inside the module.
    clone_exit: AtomicU32,
    /// The number of knote detaches that are still in the module.
    knote_exits: AtomicU32,
    /// A SIGIO has been requested and not sent yet, so a second request is not needed.
    pub sigio_queued: AtomicBool,
    /// The process that opened the device. It stays the opener if it passes the descriptor on.
    pub opener: ProcessCell,
    /// For the queue of interfaces whose node has been closed for good.
    pub end: Work,
    /// Its device in autoconf(9).
    pub device: PseudoDevice,
    /// The interface in the network stack.
    pub interface: Interface,
}

const_assert_eq!(offset_of!(Softc, channel), 0);
// Whoever holds a reference may use it, and drop the last one, on any CPU.
assert_impl_all!(Softc: Send, Sync);

impl Buried for Softc {
    fn pin_init(&mut self) {
        self.interface.init(self.unit);
        self.channel.pin_init();
        self.channel.listeners.pin_init(&self.interface);
    }

    fn graveyard() -> &'static Graveyard<Softc> {
        &GRAVEYARD
    }

    fn departed(&self) -> bool {
        let exits = [&self.clone_exit, &self.knote_exits];
        exits.iter().all(|exit| exit.load(Ordering::Acquire) == 0)
    }
}

impl Softc {
    /// Makes a softc that is not attached yet. If `opener` is not `None`, it is already open.
    #[inline(never)]
    pub fn new(unit: Unit, opener: Opener) -> Arc<Softc> {
        let now = Ticks::now();
        let softc = Arc::new(|| Softc {
            channel: Channel::new(opener, Waiters::new()),
            interface: Interface::new(),
            device: PseudoDevice::new(),
            end: Work::new(),
            unit,
            vnet: ModeCell::new(),
            sigio_queued: AtomicBool::new(false),
            opener: ProcessCell::new(),
            incoming: AtomicU32::new(0),
            clone_exit: AtomicU32::new(0),
            knote_exits: AtomicU32::new(0),
            access: AtomicU32::new(now.get()),
            modification: AtomicU32::new(now.get()),
            birth: now,
        });
        if opener != Opener::None {
            softc.opener.set_current();
        }
        softc
    }

    /// The pointer to this softc that the kernel keeps in `if_softc` and in the sysctl leaf.
    pub fn cookie(&self) -> *const c_void {
        ptr::from_ref(self).cast()
    }

    /// A frame has been read.
    pub fn touch_access(&self) {
        self.access.store(Ticks::now().get(), Ordering::Relaxed);
    }

    /// A frame has been written.
    pub fn touch_modification(&self) {
        self.modification.store(Ticks::now().get(), Ordering::Relaxed);
    }

    /// For fstat(2).
    pub fn times(&self) -> Times {
        Times {
            access: Ticks::from_number(self.access.load(Ordering::Relaxed)),
            modification: Ticks::from_number(self.modification.load(Ordering::Relaxed)),
            birth: self.birth,
        }
    }

    /// The close of the cloned descriptor begins to leave the module. The word that its last
    /// instruction must clear.
    pub fn begin_close_exit(&self) -> &AtomicU32 {
        self.clone_exit.store(1, Ordering::Release);
        &self.clone_exit
    }

    /// Marks that a knote's detach is leaving the module. Returns the word that its last
    /// instruction must decrement.
    pub fn begin_knote_exit(&self) -> &AtomicU32 {
        self.knote_exits.fetch_add(1, Ordering::AcqRel);
        &self.knote_exits
    }

    /// Passes a frame of user space up to the stack. A call in flight only, in a soft interrupt.
    #[inline(always)]
    pub fn receive(&self, frame: Mbuf) {
        if frame.is_large() {
            return vnet::receive::receive(&self.interface, frame);
        }
        self.interface.input(frame);
    }

    /// Frees frames that user space will not read, and counts them as dropped.
    pub fn discard(&self, frames: MbufList) {
        if !frames.is_empty() {
            self.interface.count_drops(frames.len());
        }
    }

    /// Discards the large packets that wait and that the reader takes no more. Only for a call in
    /// flight.
    pub fn discard_refused(&self) {
        let mode = self.vnet.get();
        let refused =
            self.channel.take_out(|frame| frame.is_large() && !segments::is_taken(frame, mode));
        self.discard(refused);
    }

    /// Opens the device node. ENXIO if the interface is gone, EBUSY if it is already open.
    pub fn open_node(&self) -> Result {
        self.channel.open()?;
        self.opener.set_current();
        self.set_link(Link::Up);
        Ok(())
    }

    /// Tells the stack about the link, unless the interface is gone.
    fn set_link(&self, link: Link) {
        if let Some(_call) = self.channel.enter() {
            self.interface.set_link(link);
        }
    }

    /// Closes for `opener`, and resets everything that the next opener must not inherit. Returns
    /// whether the interface goes, for the caller to destroy it.
    ///
    /// If the interface stays, the link goes down first, so that the link change of the next open
    /// comes after it. If it goes, the stack reports that it departs.
    pub fn close(&self, opener: Opener) -> bool {
        let goes = self.channel.is_transient();
        if !goes {
            self.set_link(Link::Down);
        }
        self.opener.clear();
        if self.vnet.get() != Mode::OFF {
            let call = self.channel.enter();
            self.vnet.reset(call.as_ref().map(|_call| &self.interface));
        }
        self.discard(self.channel.close(opener));
        goes
    }
}
