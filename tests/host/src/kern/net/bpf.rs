// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! bpf(4)'s side of the interfaces, as sys/net/bpf.c has it: the table of functions behind
//! `bpf_ops`, and who listens. There are no filter programs: every frame is taken.

use std::ffi::{c_int, c_void};

use litemap::LiteMap;

use crate::export::{Address, Export};
use crate::kern::field::{peek, poke};
use crate::kern::kmem::Kind;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::bpf_buffer::Listener;
use crate::kern::net::ifnet::Ifp;
use crate::kpi;
use crate::world::{enter, World};
use crate::{host_panic, kassert};

const BPF_IF: Kind = Kind::Object("bpf_if");

/// Interfaces that can be listened to, and listeners.
pub struct Bpf {
    booted: bool,
    /// The interface of each `struct bpf_if`.
    interfaces: LiteMap<usize, Ifp>,
    /// Open descriptors, by their numbers.
    pub(super) listeners: LiteMap<usize, Listener>,
    pub(super) last: usize,
    /// Whether a driver may call bpf with a spin mutex held. The kernel does not notice, but a
    /// listener's wake-up may then take an adaptive lock.
    pub allow_spin: bool,
}

impl Default for Bpf {
    fn default() -> Self {
        let (interfaces, listeners) = (LiteMap::new(), LiteMap::new());
        Bpf { booted: false, interfaces, listeners, last: 0, allow_spin: false }
    }
}

impl Bpf {
    /// What was not detached or closed.
    pub fn leftovers(&self) -> Vec<String> {
        let interfaces = self.interfaces.keys().map(|_| "a bpf_if".to_string());
        interfaces.chain(self.listeners.keys().map(|_| "a bpf descriptor".into())).collect()
    }
}

static BPF_MTX: u64 = 0;

/// bpf_mtx, which guards who listens to what.
fn bpf_mtx() -> usize {
    (&raw const BPF_MTX) as usize
}

impl World {
    /// Runs `f` under bpf_mtx.
    pub(super) fn with_bpf<R>(&mut self, f: impl FnOnce(&mut World) -> R) -> R {
        if !self.bpf.booted {
            self.bpf.booted = true;
            self.mutex_init(bpf_mtx(), false);
        }
        self.mutex_enter(bpf_mtx());
        let result = f(self);
        self.mutex_exit(bpf_mtx());
        result
    }

    /// bpf_attach.
    pub(super) fn bpf_attach(&mut self, ifp: Ifp) {
        self.assert_sleepable("bpf_attach");
        self.with_bpf(|world| {
            let bpf_if = world.allocate(size_of::<usize>(), BPF_IF, true);
            world.bpf.interfaces.insert(bpf_if as usize, ifp);
            poke!(ifp.raw(), if_bpf = std::ptr::null_mut());
        });
    }

    /// bpf_detach: whoever listens hears no more.
    pub(super) fn bpf_detach(&mut self, ifp: Ifp) {
        self.with_bpf(|world| {
            let deaf: Vec<usize> = world.bpf_listeners(ifp);
            for id in deaf {
                world.bpf_detach_listener(id);
            }
            let Some(bpf_if) = world.bpf_if(ifp) else {
                host_panic!("bpf_detach: {} is not attached", ifp.name());
            };
            world.bpf.interfaces.remove(&bpf_if);
            world.free(bpf_if as *mut c_void, None, BPF_IF);
        });
    }

    /// The `struct bpf_if` of an interface.
    fn bpf_if(&self, ifp: Ifp) -> Option<usize> {
        let of = |(_, other): &(&usize, &Ifp)| **other == ifp;
        self.bpf.interfaces.iter().find(of).map(|(bpf_if, _)| *bpf_if)
    }

    /// Who listens to an interface.
    fn bpf_listeners(&self, ifp: Ifp) -> Vec<usize> {
        let listeners = self.bpf.listeners.iter();
        listeners.filter(|(_, l)| l.ifp == Some(ifp)).map(|(id, _)| *id).collect()
    }

    /// bpf_attachd, under bpf_mtx. ENXIO when there is nothing to listen to.
    pub(super) fn bpf_attach_listener(&mut self, id: usize, name: &str) -> c_int {
        let found = self.bpf.interfaces.iter().find(|(_, ifp)| ifp.name() == name);
        let Some((bpf_if, ifp)) = found.map(|(bpf_if, ifp)| (*bpf_if, *ifp)) else {
            return kpi::ENXIO as c_int;
        };
        let before = self.bpf.listeners.get(&id).and_then(|listener| listener.ifp);
        if before != Some(ifp) {
            if before.is_some() {
                self.bpf_detach_listener(id);
            }
            if let Some(listener) = self.bpf.listeners.get_mut(&id) {
                listener.ifp = Some(ifp);
            }
            poke!(ifp.raw(), if_bpf = bpf_if as *mut kpi::bpf_if);
        }
        0
    }

    /// bpf_detachd, under bpf_mtx.
    pub(super) fn bpf_detach_listener(&mut self, id: usize) {
        let Some(listener) = self.bpf.listeners.get_mut(&id) else { return };
        let promiscuous = std::mem::take(&mut listener.promiscuous);
        let Some(ifp) = listener.ifp else { return };
        if promiscuous {
            let error = self.bpf_promiscuous(ifp, false);
            // A kernel with DIAGNOSTIC complains of it, and goes on.
            kassert!(error == 0, "bpf_detachd: ifpromisc failed: {error}");
        }
        if let Some(listener) = self.bpf.listeners.get_mut(&id) {
            listener.ifp = None;
        }
        self.cross_call();
        if self.bpf_listeners(ifp).is_empty() {
            poke!(ifp.raw(), if_bpf = std::ptr::null_mut());
        }
    }

    /// ifpromisc, under the kernel lock.
    pub(super) fn bpf_promiscuous(&mut self, ifp: Ifp, on: bool) -> c_int {
        self.kernel_lock(1);
        self.ifnet_lock(ifp);
        let error = self.ifpromisc_locked(ifp, on);
        self.ifnet_unlock(ifp);
        self.kernel_unlock(1);
        error
    }

    /// bpf_mtap: shows a frame to whoever listens to its interface.
    pub(super) fn bpf_mtap(&mut self, ifp: Ifp, m: Mbuf, direction: u32) {
        let bpf_if = peek!(ifp.raw(), if_bpf);
        if !bpf_if.is_null() {
            self.bpf_deliver(bpf_if as usize, m, direction);
        }
    }

    fn bpf_deliver(&mut self, bpf_if: usize, m: Mbuf, direction: u32) {
        let Some(ifp) = self.bpf.interfaces.get(&bpf_if).copied() else {
            host_panic!("bpf_mtap: {bpf_if:#x} is not attached, or no longer");
        };
        let allowed = self.bpf.allow_spin;
        let thread = self.current();
        kassert!(allowed || thread.spin == 0, "bpf_mtap: {} holds a spin mutex", thread.name);
        self.check_mbuf(m, "bpf_mtap");
        let promisc = kpi::M_PROMISC as i32;
        if m.flags() & promisc != 0 && m.rcvif() == 0 {
            m.set_flags(m.flags() & !promisc);
            return;
        }
        let bytes = m.bytes();
        if bytes.is_empty() {
            return;
        }
        for id in self.bpf_listeners(ifp) {
            self.bpf_catch(id, &bytes, direction);
        }
    }
}

unsafe extern "C" fn ops_attach(
    raw: *mut kpi::ifnet,
    _dlt: kpi::u_int,
    _header: kpi::u_int,
    driver: *mut *mut kpi::bpf_if,
) {
    // SAFETY: a field's address; it is not followed.
    let own = unsafe { &raw mut (*raw).if_bpf };
    kassert!(driver == own, "bpf_attach2 is for other links than Ethernet");
    enter().bpf_attach(Ifp::from_raw(raw));
}

unsafe extern "C" fn ops_detach(raw: *mut kpi::ifnet) {
    enter().bpf_detach(Ifp::from_raw(raw));
}

unsafe extern "C" fn ops_mtap(bpf_if: *mut kpi::bpf_if, m: *mut kpi::mbuf, direction: kpi::u_int) {
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("bpf_mtap: NULL") };
    crate::bench::gates::bpf_mtap();
    enter().bpf_deliver(bpf_if as usize, m, direction);
}

/// What `bpf_ops` points at. What no Ethernet driver calls is missing.
static OPS: kpi::bpf_ops = kpi::bpf_ops {
    bpf_attach: Some(ops_attach),
    bpf_detach: Some(ops_detach),
    bpf_change_type: None,
    bpf_mtap: Some(ops_mtap),
    bpf_mtap2: None,
    bpf_mtap_af: None,
    bpf_mtap_sl_in: None,
    bpf_mtap_sl_out: None,
    bpf_mtap_softint_init: None,
    bpf_mtap_softint: None,
    bpf_register_track_event: None,
    bpf_deregister_track_event: None,
};

/// The variable itself.
static BPF_OPS: &kpi::bpf_ops = &OPS;

/// The kernel's variables.
pub const VARIABLES: &[Export] = &[Export {
    name: "bpf_ops",
    address: Address((&raw const BPF_OPS).cast()),
    size: size_of::<usize>(),
}];
