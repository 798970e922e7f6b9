// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The network stack's side of an interface: `struct ethercom`, which begins with the
//! `struct ifnet`, and its media list. ifnet(9). What it counts is in [`super::ifcount`].

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int, c_ulong, c_void, CStr};
use core::mem::{offset_of, MaybeUninit};

use bitflags::bitflags;
use static_assertions::const_assert_eq;

use super::errno::{check, Result};
use super::ioctl::{Command, Ifreq};
use super::kpi;
use super::mbuf::Mbuf;
use super::media::{self, Medium};
use super::systm::KernelLock;
use crate::ether::{Addr, ADDR_LEN};
use crate::unit::Unit;

#[repr(C)]
struct Parts {
    ethercom: kpi::ethercom,
    media: kpi::ifmedia,
}

// So that one pointer is to all three.
const_assert_eq!(offset_of!(Parts, ethercom), 0);
const_assert_eq!(offset_of!(kpi::ethercom, ec_if), 0);
const_assert_eq!(ADDR_LEN, kpi::ETHER_ADDR_LEN as usize);

bitflags! {
    /// Flags of an interface, IFF_*.
    #[derive(Clone, Copy)]
    pub struct InterfaceFlags: u16 {
        /// The administrator wants it to run.
        const UP = kpi::IFF_UP as u16;
        /// It can send to all stations.
        const BROADCAST = kpi::IFF_BROADCAST as u16;
        /// It runs.
        const RUNNING = kpi::IFF_RUNNING as u16;
        /// It does not hear its own transmissions.
        const SIMPLEX = kpi::IFF_SIMPLEX as u16;
        /// It can send to groups.
        const MULTICAST = kpi::IFF_MULTICAST as u16;
        // Others are the stack's.
        const _ = !0;
    }

    /// What an Ethernet interface can do, ETHERCAP_*.
    #[derive(Clone, Copy)]
    struct EtherCapabilities: u32 {
        /// Frames that a VLAN tag makes longer than the MTU.
        const VLAN_MTU = kpi::ETHERCAP_VLAN_MTU;
        /// An MTU beyond Ethernet's own.
        const JUMBO_MTU = kpi::ETHERCAP_JUMBO_MTU;
    }
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
/// call in flight: one that the driver waits for before it calls [`detach`](Self::detach).
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

    pub(super) fn ifp(&self) -> *mut kpi::ifnet {
        // The first field of the first of the parts, as asserted above.
        self.0.get().cast()
    }

    fn media(&self) -> *mut kpi::ifmedia {
        // SAFETY: a field of memory owned here.
        unsafe { &raw mut (*self.0.get().cast::<Parts>()).media }
    }

    /// Fills in the interface and hands it to the stack, in the order that ifnet(9) asks for:
    /// from `ether_ifattach` on, callbacks may come. One of the media is automatic choice, which is
    /// the first selection.
    pub fn attach(&self, softc: *const c_void, address: Addr, link: Link, offered: &[Medium]) {
        let ifp = self.ifp();
        // SAFETY: owned here and zeroed, which is a value of its type; the stack does not know it
        // yet.
        let parts = unsafe { &mut *self.0.get().cast::<Parts>() };
        let ifnet = &mut parts.ethercom.ec_if;
        ifnet.if_softc = softc.cast_mut();
        ifnet.if_flags = InterfaceFlags::BROADCAST
            .union(InterfaceFlags::SIMPLEX)
            .union(InterfaceFlags::MULTICAST)
            .bits();
        ifnet.if_ioctl = Some(kpi::tap_rs_if_ioctl);
        ifnet.if_init = Some(kpi::tap_rs_if_init);
        ifnet.if_stop = Some(kpi::tap_rs_if_stop);
        // Only ALTQ has frames started from if_snd, and a module cannot be ready for it.
        ifnet.if_start = Some(kpi::if_nullstart);
        ifnet.if_transmit = Some(kpi::tap_rs_if_transmit);
        parts.ethercom.ec_capabilities =
            EtherCapabilities::VLAN_MTU.union(EtherCapabilities::JUMBO_MTU).bits() as c_int;
        parts.ethercom.ec_ifmedia = &raw mut parts.media;
        // SAFETY: zeroed memory that lives as long as the softc.
        unsafe { media::init(self.media(), offered) };
        // SAFETY: filled in above, and initialised once.
        unsafe { kpi::if_initialize(ifp) };
        // SAFETY: initialised above; the address is ADDR_LEN bytes.
        unsafe { kpi::ether_ifattach(ifp, address.0.as_ptr()) };
        // SAFETY: not registered yet, so nobody else writes the field.
        unsafe { (*ifp).if_link_state = link_state(link) };
        // SAFETY: all of the above has been done.
        unsafe { kpi::if_register(ifp) };
    }

    /// Detaches the interface from the stack. After this, no callback is running and none will
    /// come. if_detach tells the protocols that the interface is down.
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

    /// Its flags.
    pub fn flags(&self) -> InterfaceFlags {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.ifp()).if_flags };
        // SAFETY: the stack writes the field in one piece.
        InterfaceFlags::from_bits_retain(unsafe { field.read_volatile() })
    }

    /// Sets or clears IFF_RUNNING. The caller, the stack, holds IFNET_LOCK.
    pub fn set_running(&self, running: bool) {
        let mut flags = self.flags();
        flags.set(InterfaceFlags::RUNNING, running);
        self.set_flags(flags);
    }

    /// IFNET_LOCK is held.
    fn set_flags(&self, flags: InterfaceFlags) {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw mut (*self.ifp()).if_flags };
        // SAFETY: IFNET_LOCK is held against other writers.
        unsafe { field.write_volatile(flags.bits()) };
    }

    /// Clears IFF_UP and IFF_RUNNING, so that bpf(4) and lagg(4) do not call the driver when they
    /// release the interface.
    fn mark_down(&self) {
        let _locked = self.lock();
        self.set_flags(self.flags() - (InterfaceFlags::UP | InterfaceFlags::RUNNING));
    }

    /// Reports the link state to the stack. Only for a call in flight.
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

    /// Shows bpf(4) a frame that goes out. No spin mutex is held. A call in flight only.
    pub fn tap_output(&self, frame: &Mbuf) {
        // SAFETY: attached, as the caller is in flight.
        if unsafe { (*self.ifp()).if_bpf.is_null() } {
            return;
        }
        // SAFETY: as above; bpf only looks at the frame.
        unsafe { kpi::tap_rs_bpf_mtap_out(self.ifp(), frame.as_ptr()) }
    }

    /// The interface's address. A call in flight or a sysctl handler only.
    pub fn address(&self) -> Addr {
        let _locked = self.lock();
        // SAFETY: attached, and the lock keeps if_sadl in place.
        let bytes = unsafe { kpi::tap_rs_lladdr(self.ifp()) };
        // SAFETY: an Ethernet interface's address has ADDR_LEN bytes.
        Addr(unsafe { bytes.cast::<[u8; ADDR_LEN]>().read() })
    }

    /// Changes the interface's address. The caller holds IFNET_LOCK and the kernel lock.
    ///
    /// The address is changed in place. `if_set_sadl` leaves the interface without an address for a
    /// moment. A sender would fault then, and so would, with NET_MPSAFE, the handling of an ARP
    /// packet on any interface. The interface is not IFEF_MPSAFE, so senders hold the kernel lock
    /// too, and none reads half of an address.
    pub fn set_address(&self, address: Addr) {
        // SAFETY: attached, and if_dl is IFNET_LOCK's; both addresses are ADDR_LEN bytes.
        unsafe { kpi::tap_rs_set_lladdr(self.ifp(), address.0.as_ptr()) }
    }

    /// Takes the kernel lock, then IFNET_LOCK. Only for a call in flight or a sysctl handler.
    pub fn lock(&self) -> Locked<'_> {
        let kernel_lock = KernelLock::take();
        // SAFETY: attached, as the caller is in flight or a sysctl handler.
        unsafe { kpi::tap_rs_ifnet_lock(self.ifp()) };
        Locked { interface: self, _kernel_lock: kernel_lock }
    }

    /// Handles the ioctls that every Ethernet interface has. IFNET_LOCK is held.
    ///
    /// # Safety
    ///
    /// `data` points at the argument of `command`.
    pub unsafe fn ether_ioctl(&self, command: c_ulong, data: *mut c_void) -> Result {
        // SAFETY: the caller's promise.
        check(unsafe { kpi::ether_ioctl(self.ifp(), command, data) })
    }

    /// Changes the MTU to that of a request, without the limits of ether_ioctl. The caller holds
    /// IFNET_LOCK. ENETRESET says that the driver may want to know.
    pub fn set_mtu(&self, mut request: Ifreq<'_>) -> Result {
        // SAFETY: attached, as the stack calls if_ioctl; the argument is of the command's type.
        check(unsafe {
            kpi::ifioctl_common(self.ifp(), Command::SIOCSIFMTU.raw(), request.as_mut_ptr())
        })
    }

    /// The MTU in bytes.
    pub fn mtu(&self) -> u64 {
        // SAFETY: a field of memory owned here.
        let field = unsafe { &raw const (*self.ifp()).if_mtu };
        // SAFETY: the stack writes the field in one piece.
        unsafe { field.read_volatile() }
    }

    /// The medium that is selected.
    pub fn selected_media(&self) -> Medium {
        // SAFETY: attached, so the list is initialised.
        let entry = unsafe { (*self.media()).ifm_cur };
        // SAFETY: NULL, or an entry of the list, which stays until detach.
        let word = unsafe { entry.as_ref() }.map_or(0, |entry| entry.ifm_media);
        Medium::from_bits_retain(word)
    }

    /// Asks the stack to destroy the interface, as ifconfig(8) does.
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

fn link_state(link: Link) -> c_int {
    match link {
        Link::Down => kpi::LINK_STATE_DOWN as c_int,
        Link::Up => kpi::LINK_STATE_UP as c_int,
    }
}
