// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The beginning and the end of an interface, as sys/net/if.c has them.

use std::ffi::{c_char, c_int, c_void, CStr};

use crate::kern::field::{peek, poke};
use crate::kern::kmem::Kind;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ifnet::{Ifp, Interface};
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic, kassert};

const PFIL_HEAD: Kind = Kind::Object("pfil head");

impl World {
    /// if_initialize: the interface has an index, counters and locks, and is on no list yet.
    pub(super) fn if_initialize(&mut self, ifp: Ifp) {
        self.net_boot();
        self.assert_sleepable("if_initialize");
        kassert!(
            !self.net.interfaces.contains_key(&ifp),
            "if_initialize: {ifp:x?} is an interface already"
        );
        let raw = ifp.raw();
        if peek!(raw, if_snd.ifq_maxlen) == 0 {
            poke!(raw, if_snd.ifq_maxlen = kpi::IFQ_MAXLEN as c_int);
        }
        poke!(raw, if_link_state = kpi::LINK_STATE_UNKNOWN as c_int);
        poke!(raw, if_capenable = 0);
        poke!(raw, if_csum_flags_tx = 0);
        poke!(raw, if_csum_flags_rx = 0);
        let queue_lock = self.mutex_obj_alloc(true);
        poke!(raw, if_snd.ifq_lock = queue_lock);
        let pfil = self.allocate(size_of::<usize>(), PFIL_HEAD, true);
        poke!(raw, if_pfil = pfil.cast());
        let lock = self.mutex_obj_alloc(false);
        poke!(raw, if_ioctl_lock = lock);
        let stats = self.percpu_alloc(kpi::if_stat_t_IF_NSTATS as usize * size_of::<u64>());
        poke!(raw, if_stats = stats);
        let index = self.new_index();
        poke!(raw, if_index = index);
        self.net.interfaces.insert(ifp, Interface { index, ..Interface::default() });
    }

    /// if_getindex: the last one that was given out if it is free again, or else the next.
    fn new_index(&mut self) -> kpi::if_index_t {
        let taken = |index| self.net.interfaces.values().any(|i| i.index == index);
        let mut index = self.net.last_index.max(1);
        while taken(index) {
            index = index.checked_add(1).unwrap_or(1);
        }
        self.net.last_index = index;
        index
    }

    /// if_register: from now on the interface can be found.
    pub(super) fn if_register(&mut self, ifp: Ifp) {
        let raw = ifp.raw();
        let name = ifp.name();
        kassert!(!name.is_empty(), "if_register: an interface without a name");
        let twin = self.net.list.iter().any(|other| other.name() == name);
        kassert!(!twin, "if_register: there is a {name} already");
        if peek!(raw, if_ioctl).is_none() {
            poke!(raw, if_ioctl = Some(super::ifioctl::ifioctl_common));
        }
        if peek!(raw, if_stop).is_none() {
            poke!(raw, if_stop = Some(if_nullstop));
        }
        if peek!(raw, if_transmit).is_none() {
            poke!(raw, if_transmit = Some(super::ifq::if_transmit));
        }
        self.sndq_sysctl(ifp);
        self.interface(ifp, "if_register").registered = true;
        self.net.list.push(ifp);
    }

    /// if_deactivate: every call of the driver becomes an error.
    fn if_deactivate(&mut self, ifp: Ifp) {
        let raw = ifp.raw();
        poke!(raw, if_output = Some(if_nulloutput));
        poke!(raw, _if_input = Some(if_nullinput));
        poke!(raw, if_start = Some(if_nullstart));
        poke!(raw, if_transmit = Some(if_nulltransmit));
        poke!(raw, if_ioctl = Some(if_nullioctl));
        poke!(raw, if_init = Some(if_nullinit));
        poke!(raw, if_stop = Some(if_nullstop));
        poke!(raw, if_snd.ifq_maxlen = 0);
        self.interface(ifp, "if_detach").deactivated = true;
    }

    /// if_detach: waits for everybody who still uses the interface.
    pub(super) fn if_detach(&mut self, ifp: Ifp) {
        self.assert_sleepable("if_detach");
        let name = ifp.name();
        let interface = self.interface(ifp, "if_detach");
        kassert!(interface.registered, "if_detach: {name} was not registered");
        kassert!(!interface.attached_ether, "if_detach: {name} before ether_ifdetach");
        self.interfaces_sysctl_teardown(ifp);
        self.ifnet_lock(ifp);
        self.link_state_end(ifp);
        self.if_deactivate(ifp);
        self.ifnet_unlock(ifp);
        self.net.list.retain(|other| *other != ifp);
        self.cross_call();
        self.if_down_notify(ifp);
        self.stack_barrier();
        self.if_purge_addresses(ifp);
        self.if_wait_unreferenced(ifp);
        let raw = ifp.raw();
        self.free(peek!(raw, if_pfil).cast(), None, PFIL_HEAD);
        let percpuq = peek!(raw, if_percpuq);
        if !percpuq.is_null() {
            self.if_percpuq_destroy(percpuq);
            poke!(raw, if_percpuq = std::ptr::null_mut());
        }
        self.mutex_obj_free(peek!(raw, if_ioctl_lock));
        poke!(raw, if_ioctl_lock = std::ptr::null_mut());
        self.mutex_obj_free(peek!(raw, if_snd.ifq_lock));
        self.percpu_free(peek!(raw, if_stats));
        poke!(raw, if_stats = std::ptr::null_mut());
        let description = peek!(raw, if_description);
        if !description.is_null() {
            self.free(description.cast(), None, super::ifdescr::DESCRIPTION);
        }
        self.net.interfaces.remove(&ifp);
    }

    /// if_down and if_up's common end: the protocols are told.
    pub(super) fn if_down_notify(&mut self, ifp: Ifp) {
        ifp.set_flags(ifp.flags() & !kpi::IFF_UP);
        self.stamp(ifp);
        self.ifq_purge(ifp);
        self.protocols_link_down(ifp);
    }

    /// if_down_locked.
    pub(super) fn if_down_locked(&mut self, ifp: Ifp) {
        self.assert_ifnet_locked(ifp, "if_down");
        self.if_down_notify(ifp);
    }

    /// if_up_locked.
    pub(super) fn if_up_locked(&mut self, ifp: Ifp) {
        self.assert_ifnet_locked(ifp, "if_up");
        kassert!(!self.is_deactivated(ifp), "if_up: {} is on its way out", ifp.name());
        ifp.set_flags(ifp.flags() | kpi::IFF_UP);
        self.stamp(ifp);
        self.protocols_up(ifp);
    }

    /// Sets if_lastchange.
    pub(super) fn stamp(&mut self, ifp: Ifp) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.unwrap_or_default();
        poke!(ifp.raw(), if_lastchange.tv_sec = now.as_secs() as _);
        poke!(ifp.raw(), if_lastchange.tv_nsec = now.subsec_nanos() as _);
    }
}

const ENXIO: c_int = kpi::ENXIO as c_int;

/// Frees a packet that nobody takes.
fn discard(m: *mut kpi::mbuf) {
    if let Some(m) = Mbuf::from_raw(m) {
        enter().m_freem(m);
    }
}

unsafe extern "C" fn if_nulloutput(
    _ifp: *mut kpi::ifnet,
    m: *mut kpi::mbuf,
    _to: *const kpi::sockaddr,
    _rt: *const kpi::rtentry,
) -> c_int {
    discard(m);
    ENXIO
}

/// The kernel's own loses the frame here; the leak would hide a driver's.
unsafe extern "C" fn if_nullinput(_ifp: *mut kpi::ifnet, m: *mut kpi::mbuf) {
    discard(m);
}

unsafe extern "C" fn if_nullstart(_ifp: *mut kpi::ifnet) {}

unsafe extern "C" fn if_nulltransmit(_ifp: *mut kpi::ifnet, m: *mut kpi::mbuf) -> c_int {
    discard(m);
    ENXIO
}

pub(super) unsafe extern "C" fn if_nullioctl(
    _ifp: *mut kpi::ifnet,
    _command: u64,
    _data: *mut c_void,
) -> c_int {
    ENXIO
}

unsafe extern "C" fn if_nullinit(_ifp: *mut kpi::ifnet) -> c_int {
    ENXIO
}

unsafe extern "C" fn if_nullstop(_ifp: *mut kpi::ifnet, _disable: c_int) {}

fn known(raw: *mut kpi::ifnet, call: &str) -> Ifp {
    if raw.is_null() {
        host_panic!("{call}: NULL");
    }
    Ifp::from_raw(raw)
}

unsafe extern "C" fn if_initialize(raw: *mut kpi::ifnet) {
    enter().if_initialize(known(raw, "if_initialize"));
}

unsafe extern "C" fn if_register(raw: *mut kpi::ifnet) {
    enter().if_register(known(raw, "if_register"));
}

unsafe extern "C" fn if_detach(raw: *mut kpi::ifnet) {
    enter().if_detach(known(raw, "if_detach"));
}

unsafe extern "C" fn if_down(raw: *mut kpi::ifnet) {
    let ifp = known(raw, "if_down");
    let mut world = enter();
    world.interface(ifp, "if_down");
    world.ifnet_lock(ifp);
    world.if_down_locked(ifp);
    world.ifnet_unlock(ifp);
}

unsafe extern "C" fn if_up(raw: *mut kpi::ifnet) {
    let ifp = known(raw, "if_up");
    let mut world = enter();
    world.interface(ifp, "if_up");
    world.ifnet_lock(ifp);
    world.if_up_locked(ifp);
    world.ifnet_unlock(ifp);
}

/// Names an interface that is not attached yet.
unsafe extern "C" fn if_initname(raw: *mut kpi::ifnet, name: *const c_char, unit: c_int) {
    // SAFETY: the caller's string.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    let text = format!("{name}{unit}");
    kassert!(text.len() < kpi::IFNAMSIZ as usize, "if_initname: {text} is too long");
    // SAFETY: the caller's interface, which nobody else knows yet.
    let field = unsafe { &mut (*raw).if_xname };
    for (slot, byte) in field.iter_mut().zip(text.bytes().chain([0])) {
        *slot = byte as c_char;
    }
}

exports!(if_initialize, if_register, if_detach, if_down, if_up, if_initname, if_nullstart);
