// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Addresses of interfaces, `struct ifaddr`, and the one of the link layer among them, as
//! sys/net/if.c keeps it. Changing that one leaves the interface without any for a moment, and
//! then with zeros: whoever sends meanwhile sees it, here too.

use std::ffi::{c_int, c_void};

use crate::kern::field::{peek, place, poke};
use crate::kern::kmem::Kind;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

/// What the address stands behind.
const SIZE: usize = size_of::<kpi::in_ifaddr>();
const IFADDR: Kind = Kind::Object("ifaddr");
/// Room behind the ifaddr for its address.
const STORAGE: usize = 64;
/// struct sockaddr_in's length.
const SOCKADDR_IN: usize = 16;
/// struct sockaddr_dl up to its data.
const SDL_HEADER: usize = 8;

/// One `struct ifaddr`, counted by ifa_refcnt. There is room for the `struct in_ifaddr` around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ifa(usize);

impl Ifa {
    pub(super) fn from_raw(raw: *mut kpi::ifaddr) -> Ifa {
        Ifa(raw as usize)
    }

    pub(super) fn raw(self) -> *mut kpi::ifaddr {
        self.0 as *mut kpi::ifaddr
    }

    fn storage(self) -> *mut u8 {
        (self.0 + SIZE) as *mut u8
    }

    /// The address, a `struct sockaddr` of the length that it states.
    pub fn sockaddr(self) -> Vec<u8> {
        let mut bytes = vec![0; STORAGE];
        // SAFETY: the storage lies behind the ifaddr, and is that long.
        unsafe { std::ptr::copy_nonoverlapping(self.storage(), bytes.as_mut_ptr(), STORAGE) };
        bytes.truncate(bytes[0].into());
        bytes
    }

    /// Whether an IPv4 address is detached, in ia4_flags.
    pub(super) fn set_detached(self, detached: bool) {
        let flags = if detached { kpi::IN_IFF_DETACHED } else { 0 };
        poke!(self.0 as *mut kpi::in_ifaddr, ia4_flags = flags as _);
    }

    /// The address family.
    pub fn family(self) -> u8 {
        self.sockaddr().get(1).copied().unwrap_or(0)
    }

    /// Sets the address, and ia_addr, which is where the kernel has one of IPv4.
    pub(super) fn set(self, sockaddr: &[u8]) {
        kassert!(sockaddr.len() <= STORAGE, "an address of {} bytes", sockaddr.len());
        let from = sockaddr.as_ptr();
        // SAFETY: the storage is that long, and not the caller's.
        unsafe { std::ptr::copy_nonoverlapping(from, self.storage(), sockaddr.len()) };
        if u32::from(self.family()) == kpi::AF_INET {
            let ia_addr = place!(self.0 as *mut kpi::in_ifaddr, ia_addr).cast::<u8>();
            // SAFETY: as above; there is room for a struct sockaddr_in, which it is.
            unsafe { std::ptr::copy_nonoverlapping(from, ia_addr, SOCKADDR_IN) };
        }
    }
}

/// A `struct sockaddr_dl` of an interface.
pub(super) fn sockaddr_dl(ifp: Ifp, address: &[u8]) -> Vec<u8> {
    let name = ifp.name();
    let index = peek!(ifp.raw(), if_index).to_ne_bytes();
    let used = SDL_HEADER + name.len() + address.len();
    let kind = peek!(ifp.raw(), if_type);
    let mut sdl = vec![used.next_multiple_of(size_of::<usize>()) as u8, kpi::AF_LINK as u8];
    sdl.extend(index);
    sdl.extend([kind, name.len() as u8, address.len() as u8, 0]);
    sdl.extend(name.as_bytes());
    sdl.extend(address);
    sdl.resize(sdl[0].into(), 0);
    sdl
}

/// The link-level address in a `struct sockaddr_dl`.
pub(super) fn lladdr(sdl: &[u8]) -> &[u8] {
    let start = SDL_HEADER + usize::from(sdl[5]);
    &sdl[start..start + usize::from(sdl[6])]
}

impl World {
    /// A new address with these bytes, referred to once.
    pub(super) fn ifa_create(&mut self, sockaddr: &[u8]) -> Ifa {
        self.assert_sleepable("if_dl_create");
        let len = SIZE + STORAGE;
        let ifa = Ifa(self.allocate(len, IFADDR, true) as usize);
        poke!(ifa.raw(), ifa_addr = ifa.storage().cast());
        ifa.set(sockaddr);
        ifa
    }

    /// ifaref.
    pub(super) fn ifa_ref(&mut self, ifa: Ifa) {
        poke!(ifa.raw(), ifa_refcnt = peek!(ifa.raw(), ifa_refcnt) + 1);
    }

    /// ifafree.
    pub(super) fn ifa_free(&mut self, ifa: Ifa) {
        let count = peek!(ifa.raw(), ifa_refcnt);
        kassert!(count > 0, "ifafree: ifa_refcnt={count}");
        poke!(ifa.raw(), ifa_refcnt = count - 1);
        if count == 1 {
            self.free(ifa.0 as *mut c_void, None, IFADDR);
        }
    }

    fn assert_addresses_locked(&mut self, ifp: Ifp, call: &str) {
        let running = ifp.has(kpi::IFF_RUNNING);
        if ifp.is_mpsafe() && running && !self.is_deactivated(ifp) {
            self.assert_ifnet_locked(ifp, call);
        }
    }

    /// ifa_insert.
    pub(super) fn ifa_insert(&mut self, ifp: Ifp, ifa: Ifa) {
        self.assert_addresses_locked(ifp, "ifa_insert");
        poke!(ifa.raw(), ifa_ifp = ifp.raw());
        self.interface(ifp, "ifa_insert").addrs.push(ifa);
        self.ifa_ref(ifa);
    }

    /// ifa_remove.
    pub(super) fn ifa_remove(&mut self, ifp: Ifp, ifa: Ifa) {
        self.assert_addresses_locked(ifp, "ifa_remove");
        let addrs = &mut self.interface(ifp, "ifa_remove").addrs;
        let before = addrs.len();
        addrs.retain(|other| *other != ifa);
        kassert!(addrs.len() < before, "ifa_remove: not an address of {}", ifp.name());
        self.ifa_free(ifa);
    }

    /// The addresses of one family.
    pub(super) fn ifa_of_family(&mut self, ifp: Ifp, family: u32) -> Vec<Ifa> {
        let addrs = &self.interface(ifp, "the addresses").addrs;
        addrs.iter().filter(|ifa| u32::from(ifa.family()) == family).copied().collect()
    }

    /// if_set_sadl, step by step as the kernel does it.
    pub(super) fn if_set_sadl(&mut self, ifp: Ifp, address: &[u8]) {
        self.interface(ifp, "if_set_sadl");
        poke!(ifp.raw(), if_addrlen = address.len() as _);
        self.if_free_sadl(ifp);
        // Here, for as long as the allocation takes, if_sadl is NULL.
        self.outside(|| ());
        let ifa = self.ifa_create(&sockaddr_dl(ifp, &vec![0; address.len()]));
        self.ifa_insert(ifp, ifa);
        self.if_use_sadl(ifp, ifa);
        // Here it is all zeros.
        self.outside(|| ());
        ifa.set(&sockaddr_dl(ifp, address));
    }

    /// if_sadl_setrefs.
    pub(super) fn if_use_sadl(&mut self, ifp: Ifp, ifa: Ifa) {
        self.ifa_ref(ifa);
        poke!(ifp.raw(), if_dl = ifa.raw());
        poke!(ifp.raw(), if_sadl = ifa.storage().cast_const().cast());
    }

    /// if_free_sadl.
    fn if_free_sadl(&mut self, ifp: Ifp) {
        let Some(ifa) = sadl(ifp) else { return };
        self.ifa_remove(ifp, ifa);
        poke!(ifp.raw(), if_sadl = std::ptr::null());
        poke!(ifp.raw(), if_dl = std::ptr::null_mut());
        self.ifa_free(ifa);
    }

    /// if_activate_sadl.
    pub(super) fn if_activate_sadl(&mut self, ifp: Ifp, ifa: Ifa) {
        let old = sadl(ifp);
        self.if_use_sadl(ifp, ifa);
        if let Some(old) = old {
            self.ifa_free(old);
        }
    }

    /// What if_detach does to all addresses.
    pub(super) fn if_purge_addresses(&mut self, ifp: Ifp) {
        self.protocols_purge(ifp);
        self.if_free_sadl(ifp);
        let rest = std::mem::take(&mut self.interface(ifp, "if_detach").addrs);
        for ifa in rest {
            self.ifa_free(ifa);
        }
    }

    /// The address of the link layer as ether_output takes it: a page fault while there is none.
    pub(crate) fn if_lladdr(&mut self, ifp: Ifp, call: &str) -> [u8; 6] {
        let Some(ifa) = sadl(ifp) else {
            host_panic!("{call}: {} has no address now: if_sadl is NULL", ifp.name())
        };
        let mut address = [0; 6];
        address.copy_from_slice(lladdr(&ifa.sockaddr()));
        address
    }
}

/// The address that is in use, if_dl.
pub(super) fn sadl(ifp: Ifp) -> Option<Ifa> {
    let ifa = peek!(ifp.raw(), if_dl);
    (!ifa.is_null()).then_some(Ifa(ifa as usize))
}

unsafe extern "C" fn if_set_sadl(
    raw: *mut kpi::ifnet,
    address: *const c_void,
    len: kpi::u_char,
    _factory: bool,
) {
    let mut world = enter();
    let mut bytes = vec![0; len.into()];
    // SAFETY: the caller's address, of that length.
    unsafe { std::ptr::copy_nonoverlapping(address.cast(), bytes.as_mut_ptr(), len.into()) };
    world.if_set_sadl(Ifp::from_raw(raw), &bytes);
}

/// Without broadcast addresses.
unsafe extern "C" fn ifa_ifwithaddr(sockaddr: *const kpi::sockaddr) -> *mut kpi::ifaddr {
    let world = enter();
    // SAFETY: the caller's address.
    let len = usize::from(unsafe { (*sockaddr).sa_len });
    // SAFETY: it has the length that it states.
    let wanted = unsafe { std::slice::from_raw_parts(sockaddr.cast(), len) };
    let mut all = world.net.interfaces.values().flat_map(|interface| &interface.addrs);
    all.find(|ifa| ifa.sockaddr() == *wanted).map_or(std::ptr::null_mut(), |ifa| ifa.raw())
}

/// Nothing of the host's is freed meanwhile.
extern "C" fn pserialize_read_enter() -> c_int {
    0
}

extern "C" fn pserialize_read_exit(_level: c_int) {}

exports!(if_set_sadl, ifa_ifwithaddr, pserialize_read_enter, pserialize_read_exit);
