// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Units: how interfaces come and go, and with them the module.
//!
//! An interface is made by `ifconfig tapN create` or by an open of the cloning device. It ends by
//! `ifconfig tapN destroy` or with the close of the descriptor that made it. Every end goes
//! through the stack's SIOCIFDESTROY, the close's too: only so does it exclude another destroy
//! that already holds a pointer to the interface.
//!
//! [`CREATION`] serialises all attaches and detaches, because the kernel's sysctl tree does not
//! bear two at once.
#![forbid(unsafe_code)]

use core::ptr;

use crate::channel::Opener;
use crate::event;
use crate::input;
use crate::kern::errno::{Errno, Result};
use crate::kern::file::{FileFlags, NewFile};
use crate::kern::log;
use crate::kern::mutex::StaticMutex;
use crate::kern::register::{self, Autoconf, CharDevice};
use crate::kern::sysctl::TapNode;
use crate::kern::systm::{pause_a_tick, LwpCell};
use crate::lockfree::arc::Arc;
use crate::lockfree::atomic::{AtomicPtr, AtomicU32, Ordering};
use crate::lockfree::table::Table;
use crate::softc::{Softc, GRAVEYARD};
use crate::unit::Unit;

/// The interfaces that are attached, by unit.
pub static TABLE: Table<Softc> = Table::new();
/// The character device.
pub static DEVICE: CharDevice = CharDevice::new();
/// The driver in autoconf(9).
static AUTOCONF: Autoconf = Autoconf::new();
/// net.link.tap.
pub static SYSCTL: TapNode = TapNode::new();

/// Held round every creation and destruction, and what they share.
static CREATION: StaticMutex<Creation> =
    StaticMutex::new(Creation { open: false, lowest: Unit::FIRST });
/// Held by a close that destroys its interface.
static CLOSE: StaticMutex<()> = StaticMutex::new(());
/// The thread of that close, and the softc that it means; it stays alive meanwhile. Only that
/// thread itself ever learns anything from them, so they need no lock.
static CLOSER: LwpCell = LwpCell::new();
static CLOSING: AtomicPtr<Softc> = AtomicPtr::new(ptr::null_mut());
/// The thread that detaches a device, with [`CREATION`] held.
pub static DETACHER: LwpCell = LwpCell::new();
/// How many interfaces are attached.
static ATTACHED: AtomicU32 = AtomicU32::new(0);

/// How many clock ticks unload waits for softcs that a call on its way out still holds, and how
/// many for one that somebody else refers to.
const PATIENCE: u32 = 50;
const SHORT_PATIENCE: u32 = 2;

struct Creation {
    /// Loaded, and not about to be unloaded.
    open: bool,
    /// No unit below this one is free.
    lowest: Unit,
}

/// Makes and attaches an interface: the unit asked for, or the lowest free one.
fn create(wanted: Option<Unit>, opener: Opener) -> Result<Arc<Softc>> {
    let mut creation = CREATION.lock();
    if !creation.open {
        return Err(Errno::ENXIO);
    }
    GRAVEYARD.reap();
    let mut unit = wanted.unwrap_or(creation.lowest);
    let mut all_taken = wanted.is_none();
    loop {
        match attach_unit(unit, opener) {
            Err(Errno::EEXIST) if wanted.is_none() => {}
            // Passed over this time.
            Err(Errno::EBUSY) if wanted.is_none() => all_taken = false,
            made => {
                if all_taken {
                    creation.lowest = unit;
                }
                return made;
            }
        }
        unit = unit.next().ok_or(Errno::ENXIO)?;
    }
}

/// EEXIST when the unit is taken, EBUSY when autoconf still has its former device. The caller holds
/// [`CREATION`].
fn attach_unit(unit: Unit, opener: Opener) -> Result<Arc<Softc>> {
    let slot = TABLE.vacant(unit)?;
    let softc = Softc::new(unit, opener);
    softc.device.attach(unit, &*softc)?;
    slot.occupy(softc.clone());
    ATTACHED.fetch_add(1, Ordering::AcqRel);
    Ok(softc)
}

/// ifc_create: `ifconfig tapN create`. EINVAL beyond the last unit, EEXIST when it is there.
pub fn clone_create(number: i32) -> Result {
    let unit = Unit::from_int(number).ok_or(Errno::EINVAL)?;
    create(Some(unit), Opener::None).map(drop)
}

/// ifc_destroy: `ifconfig tapN destroy`, or the end of a close. Called under if_clone_mtx, and
/// only here do interfaces end, so the softc is attached.
pub fn clone_destroy(softc: &Softc) -> Result {
    if CLOSER.is_current() && !ptr::eq(CLOSING.load(Ordering::Relaxed), softc) {
        // A close whose interface went meanwhile, and whose name another one bears now.
        return Err(Errno::EBUSY);
    }
    let mut creation = CREATION.lock();
    // Detach drops the table's reference; this one keeps the softc until the end of the function.
    let softc = Arc::retain(softc);
    DETACHER.set_current();
    softc.device.detach();
    DETACHER.clear();
    ATTACHED.fetch_sub(1, Ordering::AcqRel);
    creation.lowest = creation.lowest.min(softc.unit);
    drop(softc);
    GRAVEYARD.reap();
    Ok(())
}

/// An open of the cloning device: a new interface, open already, and a descriptor of its own.
/// Always an error: EMOVEFD is open(2)'s way of success. On any other nothing is left behind.
pub fn cloning_open(flags: FileFlags) -> Errno {
    let file = match NewFile::allocate() {
        Ok(file) => file,
        Err(error) => return error,
    };
    match create(None, Opener::Cloner) {
        Ok(softc) => file.become_open(flags, softc.into_raw()),
        Err(error) => error,
    }
}

/// The close of a cloned descriptor: its interface goes with it, unless it has gone already. The
/// link is not taken down before: the stack is told that the interface goes.
pub fn close_cloned(softc: &Softc) {
    softc.close(Opener::Cloner);
    if softc.channel.is_gone() {
        return;
    }
    let _one_at_a_time = CLOSE.lock();
    CLOSING.store(ptr::from_ref(softc).cast_mut(), Ordering::Relaxed);
    CLOSER.set_current();
    // An error says that somebody else was quicker, which is as good.
    let _gone = softc.interface.request_destroy();
    CLOSER.clear();
}

/// MODULE_CMD_INIT. EEXIST when a tap driver is at work; on any failure nothing is left behind.
pub fn load() -> Result {
    if register::stock_driver_active() {
        log::message(c"if_tap_rs", c"a tap driver is active, modunload if_tap first");
        return Err(Errno::EEXIST);
    }
    CREATION.init();
    CLOSE.init();
    TABLE.init();
    if let Err(error) = register() {
        log::error(c"if_tap_rs", c"unable to register", error);
        unregister();
        return Err(error);
    }
    // Before anything can be created: an interface without its cloner cannot be destroyed, and a
    // close that tries would leave it behind.
    register::attach_cloner();
    CREATION.lock().open = true;
    Ok(())
}

/// Everything that can fail, the character device last: from then on opens come.
fn register() -> Result {
    event::SOFTINT.establish_signals()?;
    input::SOFTINT.establish_input()?;
    AUTOCONF.attach()?;
    SYSCTL.create()?;
    DEVICE.attach()
}

/// Undoes what has been done of a load, from the last step back, the character device excepted:
/// what has not been registered is left alone.
fn unregister() {
    SYSCTL.destroy();
    // It has no device in a load that fails, and has been detached in an unload.
    let _detached = AUTOCONF.detach();
    input::SOFTINT.disestablish();
    event::SOFTINT.disestablish();
    TABLE.destroy();
    CLOSE.destroy();
    CREATION.destroy();
}

/// MODULE_CMD_FINI. EBUSY while an interface exists, a descriptor is open or a knote is attached;
/// then nothing has changed. Otherwise nothing is left behind.
pub fn unload() -> Result {
    {
        let mut creation = CREATION.lock();
        if ATTACHED.load(Ordering::Acquire) != 0 || !all_departed() {
            return Err(Errno::EBUSY);
        }
        AUTOCONF.detach()?;
        // From here on nothing can be created, so nothing can come to be open.
        creation.open = false;
    }
    register::detach_cloner();
    // Drains opens that are under way, which now all fail.
    DEVICE.detach();
    unregister();
    Ok(())
}

/// Waits a little for softcs that only a call on its way out still holds.
fn all_departed() -> bool {
    for waited in 0..PATIENCE {
        if GRAVEYARD.reap() == 0 {
            return true;
        }
        if waited >= SHORT_PATIENCE && !GRAVEYARD.has_buried() {
            // A descriptor or a knote, then, not a signal on its way.
            return false;
        }
        pause_a_tick();
    }
    GRAVEYARD.reap() == 0
}
