// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Creates and destroys interfaces, and loads and unloads the module.
//!
//! An interface is created by `ifconfig tapN create` or by an open of the cloning device. It is
//! destroyed by `ifconfig tapN destroy`, or after the close of its device if it is transient. Both
//! go through the stack's SIOCIFDESTROY. This is the only way to exclude another destroy that already
//! holds a pointer to the interface.
//!
//! [`CREATION`] serialises all attaches and detaches, because two at the same time can panic the
//! kernel in its sysctl tree.
#![forbid(unsafe_code)]

use core::ptr;

use crate::channel::Opener;
use crate::event;
use crate::input;
use crate::kern::device;
use crate::kern::errno::{Errno, Result};
use crate::kern::file::{FileFlags, NewFile};
use crate::kern::log;
use crate::kern::mutex::StaticMutex;
use crate::kern::register::{self, Autoconf, CharDevice};
use crate::kern::sysctl::TapNode;
use crate::kern::systm::{pause_a_tick, LwpCell};
use crate::kern::workqueue::Workqueue;
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

/// Held during every creation and every detach. It guards what they share.
static CREATION: StaticMutex<Creation> =
    StaticMutex::new(Creation { open: false, lowest: Unit::FIRST });
/// Interfaces to destroy, after the close of their node.
static ENDS: Workqueue = Workqueue::new();
/// Held by whoever destroys an interface after its close.
static CLOSE: StaticMutex<()> = StaticMutex::new(());
/// That thread, and the softc that it destroys, which stays alive meanwhile. The values matter only
/// to that thread itself, so they need no lock.
static CLOSER: LwpCell = LwpCell::new();
static CLOSING: AtomicPtr<Softc> = AtomicPtr::new(ptr::null_mut());
/// The thread that detaches a device, with [`CREATION`] held.
pub static DETACHER: LwpCell = LwpCell::new();
/// How many interfaces are attached.
static ATTACHED: AtomicU32 = AtomicU32::new(0);

/// How many clock ticks unload waits for softcs that only a returning call still holds, and how
/// many for a softc to which there is another reference.
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
            // Skip the unit this time, but try it again in the next creation.
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

/// Creates the interface of a unit. EEXIST if the unit exists, EBUSY if autoconf still has its
/// former device. The caller holds [`CREATION`].
fn attach_unit(unit: Unit, opener: Opener) -> Result<Arc<Softc>> {
    let slot = TABLE.vacant(unit)?;
    let softc = Softc::new(unit, opener);
    softc.device.attach(unit, &*softc)?;
    slot.occupy(softc.clone());
    ATTACHED.fetch_add(1, Ordering::AcqRel);
    Ok(softc)
}

/// ifc_create: `ifconfig tapN create`. EINVAL if the unit is too large, EEXIST if it exists.
pub fn clone_create(number: i32) -> Result {
    let unit = Unit::from_int(number).ok_or(Errno::EINVAL)?;
    create(Some(unit), Opener::None).map(drop)
}

/// ifc_destroy: `ifconfig tapN destroy`, or the last part of a close. It is called with
/// if_clone_mtx held. Interfaces are destroyed only here, so the softc is attached.
pub fn clone_destroy(softc: &Softc) -> Result {
    if CLOSER.is_current() && !ptr::eq(CLOSING.load(Ordering::Relaxed), softc) {
        // The interface that was closed is already gone, and another one has its name now.
        return Err(Errno::EBUSY);
    }
    let in_table = {
        // The stack may know the interface before its creation has put it into the table.
        let _creation = CREATION.lock();
        retire(softc)
    };
    drain(softc);
    let mut creation = CREATION.lock();
    DETACHER.set_current();
    softc.device.detach();
    DETACHER.clear();
    ATTACHED.fetch_sub(1, Ordering::AcqRel);
    creation.lowest = creation.lowest.min(softc.unit);
    drop(in_table);
    GRAVEYARD.reap();
    Ok(())
}

/// Begins a destruction. The caller holds [`CREATION`]. Returns the table's reference, which
/// the caller keeps until the interface is detached. The order of the whole is:
///
/// 1. Mark the channel as dying. No call enters, no reader sleeps, and pollers and knotes are
///    notified.
/// 2. Remove the softc from the table, so that new calls through a node do not find it.
/// 3. [`drain`]: revoke the vnodes of the nodes. This drains the calls that found the softc before
///    step 2.
/// 4. Drain the calls in flight through cloned descriptors and from the stack.
/// 5. [`attach::detach`](crate::attach::detach): no call uses the interface any more, so detach it.
///
/// It never waits for a descriptor to be closed.
fn retire(softc: &Softc) -> Option<Arc<Softc>> {
    let (frames, sigio) = softc.channel.die();
    event::signal_gone(sigio);
    softc.discard(frames);
    TABLE.remove(softc.unit)
}

/// Waits until no call uses an interface that [`retire`] has retired. The caller does not hold
/// [`CREATION`]. An open of the cloning device waits for that mutex, and a revoke of the node of the
/// cloning device waits for the open. Other revokes wait for that revoke.
fn drain(softc: &Softc) {
    device::revoke_nodes(DEVICE.major(), softc.unit);
    softc.channel.drain();
}

/// An open of the cloning device. It creates an interface that is already open, and a descriptor
/// for it. It always returns an error number. EMOVEFD tells open(2) that it succeeded. After any
/// other error, nothing is left behind.
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

/// The close of a cloned descriptor. It destroys the interface, unless that was told to stay.
pub fn close_cloned(softc: &Softc) {
    if softc.close(Opener::Cloner) {
        end(softc);
    }
}

/// The last close of a node. If the interface was told to go, a thread of the module destroys it:
/// the destruction waits until this close has returned, so this close cannot wait for it.
pub fn close_node(softc: &Softc) {
    if softc.channel.is_open_by(Opener::Node) && softc.close(Opener::Node) {
        let reference = Arc::retain(softc).into_raw();
        ENDS.enqueue(reference, &softc.end);
    }
}

/// Destroys an interface that goes with its close, unless it is already gone.
pub fn end(softc: &Softc) {
    if softc.channel.is_gone() {
        return;
    }
    let _one_at_a_time = CLOSE.lock();
    CLOSING.store(ptr::from_ref(softc).cast_mut(), Ordering::Relaxed);
    CLOSER.set_current();
    // An error means that another thread has destroyed the interface, which is as good.
    let _gone = softc.interface.request_destroy();
    CLOSER.clear();
}

/// MODULE_CMD_INIT. EEXIST if another tap driver is active. After a failure, nothing is left
/// behind.
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
    // The cloner is attached before anything can be created. Without it, an interface cannot be
    // destroyed, and a close would leave its interface behind.
    register::attach_cloner();
    CREATION.lock().open = true;
    Ok(())
}

/// Registers everything that can fail. The character device comes last, because it can be opened
/// from then on.
fn register() -> Result {
    event::SOFTINT.establish_signals()?;
    input::SOFTINT.establish_input()?;
    ENDS.create_ends()?;
    AUTOCONF.attach()?;
    SYSCTL.create()?;
    DEVICE.attach()
}

/// Undoes a load that succeeded or failed, in the reverse order, except for the character device.
/// What has not been registered is left alone.
fn unregister() {
    SYSCTL.destroy();
    // This cannot fail: in a failed load there is no device, and in an unload it is already
    // detached.
    let _detached = AUTOCONF.detach();
    ENDS.destroy();
    input::SOFTINT.disestablish();
    event::SOFTINT.disestablish();
    TABLE.destroy();
    CLOSE.destroy();
    CREATION.destroy();
}

/// MODULE_CMD_FINI. If an interface exists, a descriptor is open or a knote is attached, it fails
/// with EBUSY and changes nothing. Otherwise nothing is left behind.
pub fn unload() -> Result {
    {
        let mut creation = CREATION.lock();
        if ATTACHED.load(Ordering::Acquire) != 0 || !all_departed() {
            return Err(Errno::EBUSY);
        }
        AUTOCONF.detach()?;
        // From here on, no interface can be created, so none can be opened.
        creation.open = false;
    }
    register::detach_cloner();
    // Waits for opens that have begun. They all fail now.
    DEVICE.detach();
    unregister();
    Ok(())
}

/// Waits a short time for softcs that only a returning call still holds.
fn all_departed() -> bool {
    for waited in 0..PATIENCE {
        if GRAVEYARD.reap() == 0 {
            return true;
        }
        if waited >= SHORT_PATIENCE && !GRAVEYARD.has_buried() {
            // The reference belongs to a descriptor or a knote, and not to a pending signal.
            return false;
        }
        pause_a_tick();
    }
    GRAVEYARD.reap() == 0
}
