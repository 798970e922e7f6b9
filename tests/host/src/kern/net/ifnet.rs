// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Network interfaces as sys/net/if.c keeps them: the list, references, counters, and the calls
//! into a driver with the locks that the stack holds then. NET_MPSAFE is off, as in GENERIC.

use std::ffi::{c_int, c_void};

use litemap::LiteMap;
use tap_conformance::sys::PfilCount;

use crate::kern::field::{peek, poke};
use crate::kern::klock;
use crate::kern::kmem::first_inside;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::bridge::Bridge;
use crate::kern::net::domain::Inet;
use crate::kern::net::ether_multi::Group;
use crate::kern::net::ifaddr::Ifa;
use crate::kern::net::linkstate::LinkQueue;
use crate::kern::net::percpuq::Percpuq;
use crate::kern::net::probe::Probe;
use crate::kern::net::udp_socket::Udp;
use crate::kern::net::vlan::Vlan;
use crate::kpi;
use crate::sched::{chan, Chan};
use crate::stack::Stack;
use crate::world::World;
use crate::{host_panic, kassert};

/// A `struct ifnet`, whose memory is its driver's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ifp(usize);

impl Ifp {
    /// The interface behind a pointer of the module's.
    pub fn from_raw(raw: *mut kpi::ifnet) -> Ifp {
        Ifp(raw as usize)
    }

    /// The pointer.
    pub fn raw(self) -> *mut kpi::ifnet {
        self.0 as *mut kpi::ifnet
    }

    /// The pointer to the ethercom that an Ethernet interface begins.
    pub fn ethercom(self) -> *mut kpi::ethercom {
        self.0 as *mut kpi::ethercom
    }

    /// if_xname.
    pub fn name(self) -> String {
        let name = peek!(self.raw(), if_xname);
        name.iter().take_while(|c| **c != 0).map(|c| *c as u8 as char).collect()
    }

    /// if_flags.
    pub fn flags(self) -> u32 {
        u32::from(peek!(self.raw(), if_flags))
    }

    /// Sets if_flags.
    pub fn set_flags(self, flags: u32) {
        poke!(self.raw(), if_flags = flags as _);
    }

    /// Whether all of some IFF_* are set.
    pub fn has(self, flags: u32) -> bool {
        self.flags() & flags == flags
    }

    /// if_is_mpsafe.
    pub fn is_mpsafe(self) -> bool {
        peek!(self.raw(), if_extflags) as u32 & kpi::IFEF_MPSAFE != 0
    }
}

/// What the stack knows of one interface, from if_initialize to if_detach.
#[derive(Default)]
pub struct Interface {
    /// Its index.
    pub index: kpi::if_index_t,
    /// On the list: if_register has been called, and if_detach not.
    pub(super) registered: bool,
    /// if_is_deactivated.
    pub(super) deactivated: bool,
    /// Held by that many calls: psref(9).
    pub(super) refs: u32,
    /// Hook runs of pfil(9).
    pub pfil: PfilCount,
    /// Its addresses of all families.
    pub(super) addrs: Vec<Ifa>,
    pub(super) link: LinkQueue,
    pub(super) attached_ether: bool,
    /// Multicast groups joined, with their counts: ec_multiaddrs.
    pub(super) groups: LiteMap<Group, u32>,
    /// Its addresses of the protocols.
    pub(super) inet: Vec<Inet>,
    /// The protocols behind it.
    pub(crate) stack: Option<Stack>,
}

/// All interfaces.
#[derive(Default)]
pub struct Net {
    pub(super) booted: bool,
    pub(super) interfaces: LiteMap<Ifp, Interface>,
    /// The registered ones in the order they came.
    pub(super) list: Vec<Ifp>,
    pub(super) last_index: kpi::if_index_t,
    pub(super) percpuqs: LiteMap<usize, Percpuq>,
    /// The module's interface cloners, `struct if_clone`.
    pub(super) cloners: Vec<usize>,
    /// Interfaces whose link state has changed, for the thread that tells.
    pub(super) link_work: std::collections::VecDeque<Ifp>,
    pub(super) link_working: Option<Ifp>,
    pub(super) link_thread: bool,
    pub(super) vlans: LiteMap<Ifp, Vlan>,
    pub(super) bridges: LiteMap<Ifp, Bridge>,
    /// How many frames bridges are handing to each interface: psref(9) of struct bridge_iflist.
    pub(super) handed: LiteMap<Ifp, u32>,
    /// What tests look at.
    pub(super) probe: Probe,
    /// Sockets of programs.
    pub(crate) udp: Udp,
}

impl Net {
    /// What modules have left.
    pub fn leftovers(&self) -> Vec<String> {
        let mut left = Vec::new();
        left.extend(self.interfaces.values().map(|i| format!("interface number {}", i.index)));
        left.extend(self.percpuqs.keys().map(|_| "an input queue of an interface".into()));
        left.extend(self.cloners.iter().map(|_| "an interface cloner".into()));
        left
    }

    /// The names of the registered interfaces, in the order they came.
    pub fn names(&self) -> Vec<String> {
        self.list.iter().map(|ifp| ifp.name()).collect()
    }

    /// An interface that lies in a span of memory, which is about to be freed.
    pub fn inside(&self, start: usize, len: usize) -> Option<usize> {
        first_inside(&self.interfaces, Ifp(start)..Ifp(start + len)).map(|ifp| ifp.0)
    }
}

static IF_CLONE_MTX: u64 = 0;

/// if_clone_mtx: creation and destruction of interfaces by name.
pub(super) fn if_clone_mtx() -> usize {
    (&raw const IF_CLONE_MTX) as usize
}

fn unreferenced(ifp: Ifp) -> Chan {
    chan("psref", ifp.0)
}

impl World {
    /// ifinit1: what is there before the first interface.
    pub(super) fn net_boot(&mut self) {
        if !self.net.booted {
            self.net.booted = true;
            self.mutex_init(if_clone_mtx(), false);
        }
    }

    /// What the stack knows of an interface; a panic when it does not.
    pub(crate) fn interface(&mut self, ifp: Ifp, call: &str) -> &mut Interface {
        match self.net.interfaces.get_mut(&ifp) {
            Some(interface) => interface,
            None => host_panic!("{call}: {ifp:x?} is no interface, or no longer one"),
        }
    }

    /// Whether an interface is on its way out: if_is_deactivated.
    pub fn is_deactivated(&mut self, ifp: Ifp) -> bool {
        self.interface(ifp, "if_is_deactivated").deactivated
    }

    /// if_get: an interface by its name, held until [`Self::if_put`].
    pub fn if_get(&mut self, name: &str) -> Option<Ifp> {
        let by_name = |world: &World, ifp: &Ifp| {
            ifp.name() == name && world.net.interfaces.get(ifp).is_some_and(|i| !i.deactivated)
        };
        let ifp = self.net.list.iter().find(|ifp| by_name(self, ifp)).copied()?;
        self.interface(ifp, "if_get").refs += 1;
        Some(ifp)
    }

    /// if_get_byindex.
    pub fn if_get_byindex(&mut self, index: kpi::if_index_t) -> Option<Ifp> {
        let of_index = |(_, i): &(&Ifp, &Interface)| i.index == index && !i.deactivated;
        let found = self.net.interfaces.iter().find(of_index).map(|(ifp, _)| *ifp)?;
        self.interface(found, "if_get").refs += 1;
        Some(found)
    }

    /// if_put.
    pub fn if_put(&mut self, ifp: Ifp) {
        let interface = self.interface(ifp, "if_put");
        kassert!(interface.refs != 0, "if_put: {ifp:x?} is not held");
        interface.refs -= 1;
        if interface.refs == 0 {
            self.wake_all(unreferenced(ifp));
        }
    }

    /// psref_target_destroy: waits until nobody holds an interface.
    pub(super) fn if_wait_unreferenced(&mut self, ifp: Ifp) {
        self.assert_sleepable("psref_target_destroy");
        while self.interface(ifp, "if_detach").refs != 0 {
            self.sleep(unreferenced(ifp), Default::default());
        }
    }

    /// Lets everybody run who waits for the kernel lock, as a cross-call to all CPUs does.
    pub(super) fn cross_call(&mut self) {
        self.assert_sleepable("a cross-call");
        let times = klock::release_all(self);
        self.outside(std::thread::yield_now);
        klock::acquire_again(self, times);
    }

    /// A mutex of the kernel's own: mutex_obj_alloc(9).
    pub(super) fn mutex_obj_alloc(&mut self, spin: bool) -> *mut kpi::kmutex_t {
        let kind = crate::kern::kmem::Kind::Object("mutex");
        let mutex = self.allocate(size_of::<kpi::kmutex_t>(), kind, true);
        self.mutex_init(mutex as usize, spin);
        mutex.cast()
    }

    /// mutex_obj_free(9).
    pub(super) fn mutex_obj_free(&mut self, mutex: *mut kpi::kmutex_t) {
        self.mutex_destroy(mutex as usize);
        self.free(mutex.cast(), None, crate::kern::kmem::Kind::Object("mutex"));
    }

    /// IFNET_LOCK.
    pub fn ifnet_lock(&mut self, ifp: Ifp) {
        self.mutex_enter(peek!(ifp.raw(), if_ioctl_lock) as usize);
    }

    /// IFNET_UNLOCK.
    pub fn ifnet_unlock(&mut self, ifp: Ifp) {
        self.mutex_exit(peek!(ifp.raw(), if_ioctl_lock) as usize);
    }

    /// IFNET_LOCKED, asserted.
    pub(super) fn assert_ifnet_locked(&mut self, ifp: Ifp, call: &str) {
        let locked = self.mutex_owned(peek!(ifp.raw(), if_ioctl_lock) as usize);
        kassert!(locked, "{call}: IFNET_LOCK of {} is not held", ifp.name());
    }

    /// if_statadd: counts on the CPU that the caller is on.
    pub fn if_stat(&mut self, ifp: Ifp, counter: kpi::if_stat_t, count: u64) {
        let stats = peek!(ifp.raw(), if_stats);
        kassert!(!stats.is_null(), "if_statadd: {} has no counters any more", ifp.name());
        let counters: *mut u64 = self.percpu_getref(stats).cast();
        // SAFETY: IF_NSTATS counters were allocated on each CPU.
        let counter = unsafe { counters.add(counter as usize) };
        // SAFETY: as above.
        let old = unsafe { counter.read() };
        // SAFETY: as above, and this CPU is the caller's.
        unsafe { counter.write(old.wrapping_add(count)) };
        self.percpu_putref(stats);
    }

    /// if_ioctl: asks the driver. IFNET_LOCK is held but for multicast groups.
    pub(super) fn if_ioctl(&mut self, ifp: Ifp, command: u64, data: *mut c_void) -> c_int {
        if command != u64::from(kpi::SIOCADDMULTI) && command != u64::from(kpi::SIOCDELMULTI) {
            self.assert_ifnet_locked(ifp, "if_ioctl");
        }
        let Some(ioctl) = peek!(ifp.raw(), if_ioctl) else { host_panic!("no if_ioctl") };
        // SAFETY: the driver's own function for its interface, with what the command takes.
        self.outside(|| unsafe { ioctl(ifp.raw(), command, data) })
    }

    /// if_init.
    pub(super) fn if_init(&mut self, ifp: Ifp) -> c_int {
        self.assert_ifnet_locked(ifp, "if_init");
        let Some(init) = peek!(ifp.raw(), if_init) else { host_panic!("no if_init") };
        // SAFETY: the driver's own function for its interface.
        self.outside(|| unsafe { init(ifp.raw()) })
    }

    /// if_stop.
    pub(super) fn if_stop(&mut self, ifp: Ifp, disable: bool) {
        self.assert_ifnet_locked(ifp, "if_stop");
        let Some(stop) = peek!(ifp.raw(), if_stop) else { host_panic!("no if_stop") };
        // SAFETY: the driver's own function for its interface.
        self.outside(|| unsafe { stop(ifp.raw(), c_int::from(disable)) });
    }

    /// if_output_lock: sends a packet, under the kernel lock unless the driver needs none. The
    /// packet is gone afterwards, whatever is returned.
    pub(crate) fn if_output(&mut self, ifp: Ifp, m: Mbuf, to: &kpi::sockaddr) -> c_int {
        let Some(output) = peek!(ifp.raw(), if_output) else { host_panic!("no if_output") };
        let locked = !ifp.is_mpsafe();
        if locked {
            self.kernel_lock(1);
        }
        // SAFETY: the interface's own function, and a packet that is given away.
        let error = self.outside(|| unsafe { output(ifp.raw(), m.raw(), to, std::ptr::null()) });
        if locked {
            self.kernel_unlock(1);
        }
        error
    }
}
