// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! One interface: its parts and who refers to them.
//!
//! Lock order, outermost first; the host asserts it:
//!
//! 1. `cloner::CLOSE`, held by a close that destroys its interface
//! 2. the stack's if_clone_mtx
//! 3. `cloner::CREATION`, held round every attach and detach
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
use crate::kern::mbuf::MbufList;
use crate::kern::process::ProcessCell;
use crate::kern::systm::Ticks;
use crate::lockfree::arc::{Arc, Buried, Graveyard};
use crate::lockfree::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::unit::Unit;

/// The softcs that nobody refers to any more, and the count of all there are.
pub static GRAVEYARD: Graveyard<Softc> = Graveyard::new();

/// The softc of a tap interface.
///
/// Begins with the channel, which begins with its mutex, so that one register leads to all three;
/// the large parts come last, so that the others can be reached by short instructions.
#[repr(C)]
pub struct Softc {
    /// Frames to user space, and who waits for them.
    pub channel: Channel<MbufList, Waiters>,
    /// Its number.
    pub unit: Unit,
    access: AtomicU32,
    modification: AtomicU32,
    birth: Ticks,
    /// Frames that user space wrote and the stack has not been given yet.
    pub incoming: AtomicU32,
    /// 1 while the close of the cloned descriptor is still inside the module.
    clone_exit: AtomicU32,
    /// How many knotes' detaches are still inside the module.
    knote_exits: AtomicU32,
    /// A SIGIO is on its way, so no second one need be sent off.
    pub sigio_queued: AtomicBool,
    /// The process that has opened it. A descriptor that was handed on still counts as its.
    pub opener: ProcessCell,
    /// What autoconf knows it by.
    pub device: PseudoDevice,
    /// The stack's side.
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
    /// A softc that is not attached yet; nobody else can open it if `opener` has it already.
    #[inline(never)]
    pub fn new(unit: Unit, opener: Opener) -> Arc<Softc> {
        let now = Ticks::now();
        let softc = Arc::new(|| Softc {
            channel: Channel::new(opener, Waiters::new()),
            interface: Interface::new(),
            device: PseudoDevice::new(),
            unit,
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

    /// What the kernel keeps for this softc, in `if_softc` and as the sysctl leaf's data.
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

    /// A knote's detach begins to leave the module. The word that it must decrement last.
    pub fn begin_knote_exit(&self) -> &AtomicU32 {
        self.knote_exits.fetch_add(1, Ordering::AcqRel);
        &self.knote_exits
    }

    /// Frees frames that user space will not read, and counts them as dropped.
    pub fn discard(&self, frames: MbufList) {
        if !frames.is_empty() {
            self.interface.count_drops(frames.len());
        }
    }

    /// An open of the device node. ENXIO when the interface is not there, EBUSY when it is open.
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

    /// The device node is closed: the link goes down first, so that a next open's link up comes
    /// after it, and then nothing of this use is left.
    pub fn close_node(&self) {
        if self.channel.is_open_by(Opener::Node) {
            self.set_link(Link::Down);
            self.close(Opener::Node);
        }
    }

    /// `opener` closes: nothing of its use is left.
    pub fn close(&self, opener: Opener) {
        self.opener.clear();
        self.discard(self.channel.close(opener));
    }
}
