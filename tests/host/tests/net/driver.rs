// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A small Ethernet driver, as a module would be: it calls the kernel through its symbols only.

use std::ffi::{c_int, c_void};
use std::sync::Mutex;

use tap_host::kern::mbuf::Mbuf;
use tap_host::kern::packet::Offload;
use tap_host::kpi;

pub use crate::symbol::symbol;

type OfIfp = unsafe extern "C" fn(*mut kpi::ifnet);

/// Calls a kernel function that takes an interface.
pub fn of_ifp(name: &str, ifp: *mut kpi::ifnet) {
    // SAFETY: the function's type, and an interface that the test has made.
    unsafe { symbol::<OfIfp>(name)(ifp) }
}

/// One interface and what it was asked to send.
#[repr(C)]
pub struct Driver {
    ec: kpi::ethercom,
    media: kpi::ifmedia,
    /// Frames that went out.
    pub sent: Mutex<Vec<Vec<u8>>>,
    /// What the header of each frame said that went out.
    pub asked: Mutex<Vec<Offload>>,
}

// SAFETY: what many threads touch at once has locks, the kernel's or its own.
unsafe impl Sync for Driver {}

/// The address of every driver's interface.
pub const MAC: [u8; 6] = [0xf2, 0x0b, 0xa4, 1, 2, 3];

unsafe extern "C" fn transmit(ifp: *mut kpi::ifnet, m: *mut kpi::mbuf) -> c_int {
    let copydata: unsafe extern "C" fn(*mut kpi::mbuf, c_int, c_int, *mut c_void) =
        symbol("m_copydata");
    // SAFETY: a packet that the driver was given.
    let packet = unsafe { &*m };
    // SAFETY: a packet has a header.
    let len = unsafe { packet.M_dat.MH.MH_pkthdr.len };
    let mut frame = vec![0; len as usize];
    // SAFETY: a packet of that length, and room for it.
    unsafe { copydata(m, 0, len, frame.as_mut_ptr().cast()) };
    // SAFETY: the driver's own interface.
    let softc = unsafe { (*ifp).if_softc };
    // SAFETY: the driver, which outlives the interface.
    let driver = unsafe { &*softc.cast::<Driver>() };
    driver.sent.lock().unwrap().push(frame);
    let offload = Mbuf::from_raw(m).map(Mbuf::offload);
    driver.asked.lock().unwrap().extend(offload);
    free(m);
    0
}

/// A driver whose hardware is busy for ever.
unsafe extern "C" fn start(ifp: *mut kpi::ifnet) {
    // SAFETY: the driver's own flag, under the kernel lock.
    unsafe { (*ifp).if_flags |= kpi::IFF_OACTIVE as u16 };
}

/// m_freem.
pub fn free(m: *mut kpi::mbuf) {
    let freem: unsafe extern "C" fn(*mut kpi::mbuf) = symbol("m_freem");
    // SAFETY: a packet that the caller gives away.
    unsafe { freem(m) };
}

unsafe extern "C" fn ioctl(ifp: *mut kpi::ifnet, command: u64, data: *mut c_void) -> c_int {
    let ether_ioctl: unsafe extern "C" fn(*mut kpi::ifnet, u64, *mut c_void) -> c_int =
        symbol("ether_ioctl");
    // SAFETY: passed on as it came.
    match unsafe { ether_ioctl(ifp, command, data) } {
        error if error == kpi::ENETRESET as c_int => 0,
        error => error,
    }
}

unsafe extern "C" fn init(ifp: *mut kpi::ifnet) -> c_int {
    // SAFETY: IFNET_LOCK is held.
    unsafe { (*ifp).if_flags |= kpi::IFF_RUNNING as u16 };
    0
}

unsafe extern "C" fn stop(ifp: *mut kpi::ifnet, _disable: c_int) {
    // SAFETY: IFNET_LOCK is held.
    unsafe { (*ifp).if_flags &= !(kpi::IFF_RUNNING as u16) };
}

unsafe extern "C" fn changed(_ifp: *mut kpi::ifnet) -> c_int {
    0
}

unsafe extern "C" fn status(_ifp: *mut kpi::ifnet, request: *mut kpi::ifmediareq) {
    // SAFETY: the caller's request.
    unsafe { (*request).ifm_status = kpi::IFM_AVALID as c_int };
}

impl Driver {
    /// Attaches an interface of that name, with an if_transmit of its own.
    pub fn attach(name: &str) -> &'static Driver {
        Self::attach_with(name, true)
    }

    /// Attaches an interface of that name that leaves what it is to send in if_snd.
    pub fn attach_queueing(name: &str) -> &'static Driver {
        Self::attach_with(name, false)
    }

    fn attach_with(name: &str, transmits: bool) -> &'static Driver {
        // SAFETY: integers and pointers, for which all zeros is a value.
        let ec: kpi::ethercom = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let media: kpi::ifmedia = unsafe { std::mem::zeroed() };
        let (sent, asked) = (Mutex::default(), Mutex::default());
        let driver = Driver { ec, media, sent, asked };
        let driver: &'static mut Driver = Box::leak(Box::new(driver));
        driver.ec.ec_capabilities = (kpi::ETHERCAP_VLAN_MTU | kpi::ETHERCAP_JUMBO_MTU) as c_int;
        driver.ec.ec_ifmedia = &raw mut driver.media;
        let softc = (&raw mut *driver).cast();
        let ifnet = &mut driver.ec.ec_if;
        for (to, from) in ifnet.if_xname.iter_mut().zip(name.bytes()) {
            *to = from as _;
        }
        ifnet.if_softc = softc;
        ifnet.if_flags = (kpi::IFF_BROADCAST | kpi::IFF_SIMPLEX | kpi::IFF_MULTICAST) as u16;
        ifnet.if_ioctl = Some(ioctl);
        ifnet.if_init = Some(init);
        ifnet.if_stop = Some(stop);
        ifnet.if_transmit = if transmits { Some(transmit) } else { None };
        ifnet.if_start = Some(start);
        driver.register();
        driver
    }

    fn register(&self) {
        let media = (&raw const self.media).cast_mut();
        let ifmedia_init: unsafe extern "C" fn(
            *mut kpi::ifmedia,
            c_int,
            kpi::ifm_change_cb_t,
            kpi::ifm_stat_cb_t,
        ) = symbol("ifmedia_init");
        // SAFETY: zeroed memory that stays.
        unsafe { ifmedia_init(media, 0, Some(changed), Some(status)) };
        let auto = (kpi::IFM_ETHER | kpi::IFM_AUTO) as c_int;
        let add: unsafe extern "C" fn(*mut kpi::ifmedia, c_int, c_int, *mut c_void) =
            symbol("ifmedia_add");
        // SAFETY: initialised above.
        unsafe { add(media, auto, 0, std::ptr::null_mut()) };
        let set: unsafe extern "C" fn(*mut kpi::ifmedia, c_int) = symbol("ifmedia_set");
        // SAFETY: initialised above.
        unsafe { set(media, auto) };
        let ifp = self.ifp();
        of_ifp("if_initialize", ifp);
        let create: unsafe extern "C" fn(*mut kpi::ifnet) -> *mut kpi::if_percpuq =
            symbol("if_percpuq_create");
        // SAFETY: initialised above.
        let percpuq = unsafe { create(ifp) };
        // SAFETY: the stack does not use the field yet.
        unsafe { (*ifp).if_percpuq = percpuq };
        let attach: unsafe extern "C" fn(*mut kpi::ifnet, *const u8) = symbol("ether_ifattach");
        // SAFETY: initialised above, with an address of that length.
        unsafe { attach(ifp, MAC.as_ptr()) };
        of_ifp("if_register", ifp);
    }

    /// The interface.
    pub fn ifp(&self) -> *mut kpi::ifnet {
        (&raw const self.ec.ec_if).cast_mut()
    }

    /// What the interface does by itself, IFCAP_*.
    pub fn set_capabilities(&self, capabilities: u64) {
        // SAFETY: the driver's own interface.
        unsafe { (*self.ifp()).if_capabilities = capabilities };
    }

    /// if_csum_flags_tx and if_csum_flags_rx.
    pub fn csum_flags(&self) -> (u32, u32) {
        // SAFETY: the driver's own interface.
        let ifnet = unsafe { &*self.ifp() };
        (ifnet.if_csum_flags_tx as u32, ifnet.if_csum_flags_rx as u32)
    }

    /// if_flags.
    pub fn flags(&self) -> u32 {
        // SAFETY: the driver's own interface.
        u32::from(unsafe { (*self.ifp()).if_flags })
    }

    /// Ends the interface, in the order that ifnet(9) asks for.
    pub fn detach(&self) {
        for call in ["if_down", "ether_ifdetach", "if_detach"] {
            of_ifp(call, self.ifp());
        }
        let fini: unsafe extern "C" fn(*mut kpi::ifmedia) = symbol("ifmedia_fini");
        // SAFETY: no ioctl can reach the list any more.
        unsafe { fini((&raw const self.media).cast_mut()) };
    }

    /// Tells the stack of the link.
    pub fn link(&self, state: u32) {
        let change: unsafe extern "C" fn(*mut kpi::ifnet, c_int) = symbol("if_link_state_change");
        // SAFETY: the driver's own interface, which is attached.
        unsafe { change(self.ifp(), state as c_int) };
    }

    /// A frame comes in, in one cluster.
    pub fn receive(&self, frame: &[u8]) {
        self.receive_with(frame, 0);
    }

    /// The same, with M_CSUM_* for what was done about its checksums.
    pub fn receive_with(&self, frame: &[u8], flags: u32) {
        let getcl: unsafe extern "C" fn(c_int, c_int, c_int) -> *mut kpi::mbuf = symbol("m_getcl");
        let how = kpi::M_NOWAIT as c_int;
        // SAFETY: no preconditions.
        let m = unsafe { getcl(how, kpi::MT_DATA as c_int, kpi::M_PKTHDR as c_int) };
        assert!(!m.is_null());
        // SAFETY: a packet of the driver's own.
        let packet = unsafe { &mut *m };
        packet.m_hdr.mh_len = frame.len() as c_int;
        packet.M_dat.MH.MH_pkthdr.len = frame.len() as c_int;
        packet.M_dat.MH.MH_pkthdr.csum_flags = flags as c_int;
        // SAFETY: the driver's own interface.
        packet.M_dat.MH.MH_pkthdr._rcvif.index = unsafe { (*self.ifp()).if_index };
        let to = packet.m_hdr.mh_data.cast();
        // SAFETY: a cluster holds every frame of the tests.
        unsafe { std::ptr::copy_nonoverlapping(frame.as_ptr(), to, frame.len()) };
        self.enqueue(m);
    }

    /// Hands a packet up.
    pub fn enqueue(&self, m: *mut kpi::mbuf) {
        let enqueue: unsafe extern "C" fn(*mut kpi::if_percpuq, *mut kpi::mbuf) =
            symbol("if_percpuq_enqueue");
        // SAFETY: the driver's own interface.
        let percpuq = unsafe { (*self.ifp()).if_percpuq };
        // SAFETY: as above, and a packet that is given away.
        unsafe { enqueue(percpuq, m) };
    }
}
