// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The network stack's side of an interface: `struct ethercom`, which begins with the
//! `struct ifnet`, and its media list. ifnet(9).

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int, c_ulong, c_void, CStr};
use core::mem::MaybeUninit;

use super::atomic::{AtomicU64, Ordering};
use super::errno::{check, Result};
use super::kpi;
use super::mbuf::Mbuf;
use super::media;
use super::systm::KernelLock;
use crate::ether::{Addr, ADDR_LEN};
use crate::unit::Unit;

#[repr(C)]
struct Parts {
    ethercom: kpi::ethercom,
    media: kpi::ifmedia,
}

/// Error counters of an interface that the driver itself counts in.
#[derive(Clone, Copy)]
pub enum Counter {
    /// Frames that user space wrote and the driver had no memory for.
    InputErrors,
    /// Frames that the stack did not come round to.
    InputDrops,
    /// Frames that a reader got in part, or lost to a fault.
    OutputErrors,
}

/// The state of the link, as the stack is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Nobody has the interface open.
    Down,
    /// Somebody has.
    Up,
}

/// The stack's half of an interface.
///
/// Part of the softc, so it outlives the attachment and its plain fields may be read at any time;
/// what attach makes and detach destroys (counters, addresses) is touched only by a
/// call in flight, see [`crate::gate`].
///
/// # Invariants
///
/// [`init`](Self::init) has run, at its final address, before anybody else can see it.
pub struct Interface(UnsafeCell<MaybeUninit<Parts>>);

// SAFETY: what many threads touch at once is guarded by the stack's own locks.
unsafe impl Send for Interface {}
// SAFETY: as above.
unsafe impl Sync for Interface {}

impl Interface {
    /// An interface that is not initialised yet.
    pub const fn new() -> Self {
        Interface(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Names an interface that is not attached yet: all else in it is zero.
    pub fn init(&mut self, unit: Unit) {
        // SAFETY: the memory is owned here, and may hold anything.
        unsafe { self.0.get().write_bytes(0, 1) };
        // SAFETY: the memory is owned here; the name, 10 characters at most, fits.
        unsafe { kpi::if_initname(self.ifp(), c"tap".as_ptr(), unit.as_int()) };
    }

    fn ifp(&self) -> *mut kpi::ifnet {
        // The ifnet is ethercom's first field, and ethercom the first of the parts.
        self.0.get().cast()
    }

    fn media(&self) -> *mut kpi::ifmedia {
        // SAFETY: a field of memory owned here.
        unsafe { &raw mut (*self.0.get().cast::<Parts>()).media }
    }

    /// Fills in the interface and hands it to the stack, in the order that ifnet(9) asks for:
    /// from `ether_ifattach` on, callbacks may come.
    pub fn attach(&self, softc: *const c_void, address: Addr, link: Link) {
        let ifp = self.ifp();
        // SAFETY: owned here and zeroed, which is a value of its type; the stack does not know it
        // yet.
        let parts = unsafe { &mut *self.0.get().cast::<Parts>() };
        let ifnet = &mut parts.ethercom.ec_if;
        ifnet.if_softc = softc.cast_mut();
        ifnet.if_flags = (kpi::IFF_BROADCAST | kpi::IFF_SIMPLEX | kpi::IFF_MULTICAST) as _;
        ifnet.if_ioctl = Some(kpi::tap_rs_if_ioctl);
        ifnet.if_init = Some(kpi::tap_rs_if_init);
        ifnet.if_stop = Some(kpi::tap_rs_if_stop);
        // Only ALTQ has frames started from if_snd, and a module cannot be ready for it.
        ifnet.if_start = Some(kpi::if_nullstart);
        ifnet.if_transmit = Some(kpi::tap_rs_if_transmit);
        parts.ethercom.ec_capabilities =
            (kpi::ETHERCAP_VLAN_MTU | kpi::ETHERCAP_JUMBO_MTU) as c_int;
        parts.ethercom.ec_ifmedia = &raw mut parts.media;
        // SAFETY: zeroed memory that lives as long as the softc.
        unsafe { media::init(self.media()) };
        // SAFETY: filled in above, and initialised once.
        unsafe { kpi::if_initialize(ifp) };
        // SAFETY: initialised above; the address is ADDR_LEN bytes.
        unsafe { kpi::ether_ifattach(ifp, address.0.as_ptr()) };
        // SAFETY: not registered yet, so nobody else writes the field.
        unsafe { (*ifp).if_link_state = link_state(link) };
        // SAFETY: all of the above has been done.
        unsafe { kpi::if_register(ifp) };
    }

    /// Takes the interface from the stack: afterwards no callback comes or is under way. The
    /// protocols are told by if_detach(9) that it is down.
    pub fn detach(&self) {
        let ifp = self.ifp();
        self.mark_down();
        // SAFETY: attached, and detached once; no IFNET_LOCK is held.
        unsafe { kpi::ether_ifdetach(ifp) };
        // SAFETY: as above.
        unsafe { kpi::if_detach(ifp) };
        // SAFETY: no ioctl can reach the media list any more.
        unsafe { media::fini(self.media()) };
    }

    fn xname(&self) -> &[c_char; kpi::IFNAMSIZ as usize] {
        // SAFETY: written before the softc is shared, and constant since.
        unsafe { &(*self.ifp()).if_xname }
    }

    /// The interface's name, tapN.
    pub fn name(&self) -> &CStr {
        // SAFETY: `init` has written the name and a NUL.
        unsafe { CStr::from_ptr(self.xname().as_ptr()) }
    }

    /// The name as a whole field, with zeros behind it.
    pub fn name_field(&self) -> [c_char; kpi::IFNAMSIZ as usize] {
        *self.xname()
    }

    /// IFF_* flags.
    pub fn flags(&self) -> u16 {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.ifp()).if_flags };
        // SAFETY: the stack writes the field in one piece.
        unsafe { field.read_volatile() }
    }

    /// Sets or clears IFF_RUNNING. The caller, the stack, holds IFNET_LOCK.
    pub fn set_running(&self, running: bool) {
        let bit = kpi::IFF_RUNNING as u16;
        self.set_flags(if running { self.flags() | bit } else { self.flags() & !bit });
    }

    /// IFNET_LOCK is held.
    fn set_flags(&self, flags: u16) {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw mut (*self.ifp()).if_flags };
        // SAFETY: IFNET_LOCK is held against other writers.
        unsafe { field.write_volatile(flags as _) };
    }

    /// Says that the interface is neither up nor running, so that bpf(4) and lagg(4), when they let
    /// go of it, do not have the driver follow.
    fn mark_down(&self) {
        let _locked = self.lock();
        self.set_flags(self.flags() & !((kpi::IFF_UP | kpi::IFF_RUNNING) as u16));
    }

    /// Tells the stack about the link. A call in flight only.
    pub fn set_link(&self, link: Link) {
        // SAFETY: attached, as the caller is in flight.
        unsafe { kpi::if_link_state_change(self.ifp(), link_state(link)) }
    }

    /// The state of the link.
    pub fn link(&self) -> Link {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.ifp()).if_link_state };
        // SAFETY: the stack writes the field in one piece.
        let state = unsafe { field.read_volatile() };
        if u32::try_from(state) == Ok(kpi::LINK_STATE_UP) {
            Link::Up
        } else {
            Link::Down
        }
    }

    /// Passes a frame up: the stack counts it, shows it to bpf(4) and calls `ether_input`. A call
    /// in flight only, in a soft interrupt.
    pub fn input(&self, frame: Mbuf) {
        // SAFETY: attached, as the caller is in flight.
        let index = unsafe { (*self.ifp()).if_index };
        // SAFETY: as above; the frame is given away.
        unsafe { kpi::if_input(self.ifp(), frame.into_received(index)) }
    }

    /// Shows bpf(4) a frame that goes out. No spin mutex is held. A call in flight only.
    pub fn tap_output(&self, frame: &Mbuf) {
        // SAFETY: attached, as the caller is in flight.
        if unsafe { (*self.ifp()).if_bpf.is_null() } {
            return;
        }
        // SAFETY: as above; bpf only looks at the frame.
        unsafe { kpi::tap_rs_bpf_mtap_out(self.ifp(), frame.as_ptr()) }
    }

    /// Counts one event. A call in flight only.
    pub fn count(&self, counter: Counter) {
        let index = match counter {
            Counter::InputErrors => kpi::if_stat_t_if_ierrors,
            Counter::InputDrops => kpi::if_stat_t_if_iqdrops,
            Counter::OutputErrors => kpi::if_stat_t_if_oerrors,
        };
        // SAFETY: attached, as the caller is in flight.
        unsafe { kpi::tap_rs_stat_inc(self.ifp(), index as c_int) }
    }

    /// Counts a frame that user space has read, `truncated` if not all of it. A call in flight
    /// only.
    pub fn count_output(&self, bytes: usize, multicast: bool, truncated: bool) {
        let bytes = bytes as c_ulong;
        // SAFETY: attached, as the caller is in flight.
        unsafe {
            kpi::tap_rs_stat_output(
                self.ifp(),
                bytes,
                c_int::from(multicast),
                c_int::from(truncated),
            )
        }
    }

    fn queue(&self) -> *mut kpi::ifaltq {
        // SAFETY: a field of memory owned here.
        unsafe { &raw mut (*self.ifp()).if_snd }
    }

    /// The bound of the output queue, `net.interfaces.tapN.sndq.maxlen`.
    pub fn queue_limit(&self) -> u32 {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.queue()).ifq_maxlen };
        // SAFETY: sysctl(8) writes the field in one piece.
        let limit = unsafe { field.read_volatile() };
        limit.try_into().unwrap_or(0)
    }

    /// What shows the queue's length. It must not outlive the interface.
    pub fn queue_gauge(&self) -> QueueGauge {
        // SAFETY: a field of memory owned here.
        QueueGauge(unsafe { &raw mut (*self.queue()).ifq_len })
    }

    /// Counts frames dropped, in `net.interfaces.tapN.sndq.drops`.
    pub fn count_drops(&self, frames: u32) {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw mut (*self.queue()).ifq_drops };
        // SAFETY: as above, aligned; all who write it do so in one piece.
        let drops = unsafe { AtomicU64::from_ptr(field) };
        drops.fetch_add(frames.into(), Ordering::Relaxed);
    }

    /// The interface's address. A call in flight or a sysctl handler only.
    pub fn address(&self) -> Addr {
        let _locked = self.lock();
        // SAFETY: attached, and the lock keeps if_sadl in place.
        let bytes = unsafe { kpi::tap_rs_lladdr(self.ifp()) };
        // SAFETY: an Ethernet interface's address has ADDR_LEN bytes.
        Addr(unsafe { bytes.cast::<[u8; ADDR_LEN]>().read() })
    }

    /// Changes the interface's address. IFNET_LOCK is held, and the kernel lock.
    ///
    /// It is written where it lies. `if_set_sadl` leaves the interface without one for a moment, and
    /// who looks meanwhile faults: a sender, or with NET_MPSAFE an ARP packet for any interface.
    /// Senders run under the kernel lock too, as the interface is not IFEF_MPSAFE, so none takes
    /// half an address.
    pub fn set_address(&self, address: Addr) {
        // SAFETY: attached, and if_dl is IFNET_LOCK's; both addresses are ADDR_LEN bytes.
        unsafe { kpi::tap_rs_set_lladdr(self.ifp(), address.0.as_ptr()) }
    }

    /// Takes IFNET_LOCK, and before it the kernel lock. A call in flight or a sysctl handler only.
    pub fn lock(&self) -> Locked<'_> {
        let kernel_lock = KernelLock::take();
        // SAFETY: attached, as the caller is in flight or a sysctl handler.
        unsafe { kpi::tap_rs_ifnet_lock(self.ifp()) };
        Locked { interface: self, _kernel_lock: kernel_lock }
    }

    /// What every Ethernet interface can be asked. IFNET_LOCK is held, and `data` fits
    /// `command`: the stack's promises to if_ioctl, passed on.
    ///
    /// # Safety
    ///
    /// `data` points at the argument of `command`.
    pub unsafe fn ether_ioctl(&self, command: c_ulong, data: *mut c_void) -> Result {
        // SAFETY: the caller's promise.
        check(unsafe { kpi::ether_ioctl(self.ifp(), command, data) })
    }

    /// The media word that is selected.
    pub fn selected_media(&self) -> c_int {
        // SAFETY: attached, so the list is initialised.
        let entry = unsafe { (*self.media()).ifm_cur };
        // SAFETY: NULL, or an entry of the list, which stays until detach.
        unsafe { entry.as_ref() }.map_or(0, |entry| entry.ifm_media as c_int)
    }

    /// Has the stack destroy the interface as ifconfig(8) would.
    pub fn request_destroy(&self) -> Result {
        // SAFETY: only the name is looked at, which `init` has written.
        check(unsafe { kpi::tap_rs_if_destroy(self.ifp()) })
    }
}

/// The right to change what IFNET_LOCK guards; released when dropped.
pub struct Locked<'a> {
    interface: &'a Interface,
    _kernel_lock: KernelLock,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: locked when this was made.
        unsafe { kpi::tap_rs_ifnet_unlock(self.interface.ifp()) }
    }
}

impl Default for Interface {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the length of the driver's queue in `net.interfaces.tapN.sndq.len`.
///
/// # Invariants
///
/// Lives in the same softc as the interface that it came from.
pub struct QueueGauge(*mut c_int);

impl QueueGauge {
    /// Shows a length. The channel's lock is held.
    pub fn set(&self, len: u32) {
        // SAFETY: the interface's memory lives as long as this does; the lock keeps others out.
        unsafe { self.0.write_volatile(len as c_int) }
    }
}

fn link_state(link: Link) -> c_int {
    match link {
        Link::Down => kpi::LINK_STATE_DOWN as c_int,
        Link::Up => kpi::LINK_STATE_UP as c_int,
    }
}
