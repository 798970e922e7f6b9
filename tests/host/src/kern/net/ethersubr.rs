// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What all Ethernet interfaces have in common, as sys/net/if_ethersubr.c has it: their beginning
//! and end, and the ioctl(2) commands that their drivers pass on.

use std::ffi::{c_int, c_void};

use crate::kern::field::{peek, poke};
use crate::kern::net::ifaddr::Ifa;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kern::net::{ether_input, ether_output};
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, kassert};

/// Everybody.
pub const BROADCAST: [u8; 6] = [0xff; 6];
static BROADCAST_ADDRESS: [u8; 6] = BROADCAST;

const EINVAL: c_int = kpi::EINVAL as c_int;
const ENETRESET: c_int = kpi::ENETRESET as c_int;
const UP_AND_RUNNING: u32 = kpi::IFF_UP | kpi::IFF_RUNNING;
/// Where struct if_laddrreq has its address.
const LADDR: usize = kpi::IFNAMSIZ as usize + 2 * size_of::<u32>();

/// Whether an address is one of a group.
pub fn is_group(address: &[u8]) -> bool {
    address[0] & 1 != 0
}

impl World {
    /// ether_ifattach: from its end on callbacks may come.
    pub(super) fn ether_ifattach(&mut self, ifp: Ifp, address: Option<&[u8; 6]>) {
        let raw = ifp.raw();
        self.interface(ifp, "ether_ifattach").attached_ether = true;
        if address.is_some_and(|address| is_group(address)) {
            crate::kern::prf::log(self, "The multicast bit is set in the MAC address.\n");
        }
        poke!(raw, if_type = kpi::IFT_ETHER as _);
        poke!(raw, if_hdrlen = kpi::ETHER_HDR_LEN as _);
        poke!(raw, if_dlt = kpi::DLT_EN10MB as _);
        poke!(raw, if_mtu = u64::from(kpi::ETHERMTU));
        poke!(raw, if_output = Some(ether_output::ether_output));
        poke!(raw, _if_input = Some(ether_input::entry()));
        if peek!(raw, if_baudrate) == 0 {
            poke!(raw, if_baudrate = 10_000_000);
        }
        if let Some(address) = address {
            self.if_set_sadl(ifp, address);
        }
        let lock = self.mutex_obj_alloc(true);
        poke!(ifp.ethercom(), ec_lock = lock);
        poke!(ifp.ethercom(), ec_flags = 0);
        poke!(raw, if_broadcastaddr = BROADCAST_ADDRESS.as_ptr());
        self.bpf_attach(ifp);
    }

    /// ether_ifdetach: no ioctl comes from its beginning on.
    pub(super) fn ether_ifdetach(&mut self, ifp: Ifp) {
        let raw = ifp.raw();
        let attached = self.interface(ifp, "ether_ifdetach").attached_ether;
        kassert!(attached, "ether_ifdetach: {} is not attached", ifp.name());
        poke!(raw, if_ioctl = Some(super::if_attach::if_nullioctl));
        self.vlan_parent_gone(ifp);
        self.bridge_member_gone(ifp);
        self.bpf_detach(ifp);
        let lock = peek!(ifp.ethercom(), ec_lock);
        self.mutex_enter(lock as usize);
        kassert!(
            peek!(ifp.ethercom(), ec_nvlans) == 0,
            "ether_ifdetach: {} still has a vlan",
            ifp.name()
        );
        self.interface(ifp, "ether_ifdetach").groups.clear();
        poke!(ifp.ethercom(), ec_multicnt = 0);
        self.mutex_exit(lock as usize);
        self.mutex_obj_free(lock);
        poke!(ifp.ethercom(), ec_lock = std::ptr::null_mut());
        self.interface(ifp, "ether_ifdetach").attached_ether = false;
    }

    /// ether_ioctl.
    pub(super) fn ether_ioctl(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let ec = ifp.ethercom();
        match u32::try_from(command).unwrap_or(0) {
            kpi::SIOCINITIFADDR => self.ether_init_address(ifp, arg.raw().cast()),
            kpi::SIOCSIFMTU => self.ether_set_mtu(ifp, command, arg),
            kpi::SIOCSIFFLAGS => match self.ifioctl_common(ifp, command, arg) {
                0 => self.ether_reinit(ifp),
                error => error,
            },
            kpi::SIOCGETHERCAP => {
                arg.put(DATA, peek!(ec, ec_capabilities));
                arg.put(DATA + size_of::<c_int>(), peek!(ec, ec_capenable));
                0
            }
            kpi::SIOCSETHERCAP => {
                let wanted: c_int = arg.get(DATA + size_of::<c_int>());
                if wanted & !peek!(ec, ec_capabilities) != 0 {
                    return EINVAL;
                }
                if wanted == peek!(ec, ec_capenable) {
                    return 0;
                }
                poke!(ec, ec_capenable = wanted);
                self.ether_reinit(ifp)
            }
            kpi::SIOCADDMULTI => self.ether_addmulti(ifp, arg),
            kpi::SIOCDELMULTI => self.ether_delmulti(ifp, arg),
            kpi::SIOCSIFMEDIA | kpi::SIOCGIFMEDIA => {
                let media = peek!(ec, ec_ifmedia);
                if media.is_null() {
                    return kpi::ENOTTY as c_int;
                }
                self.ifmedia_ioctl(ifp, media, command, arg)
            }
            kpi::SIOCALIFADDR => match refused_lladdr(arg) {
                true => EINVAL,
                false => self.ifioctl_common(ifp, command, arg),
            },
            _ => self.ifioctl_common(ifp, command, arg),
        }
    }

    /// SIOCINITIFADDR: an interface that gets its first address comes up.
    fn ether_init_address(&mut self, ifp: Ifp, ifa: *mut kpi::ifaddr) -> c_int {
        let address = peek!(ifa, ifa_addr);
        let family = u32::from(peek!(address, sa_family));
        if family != kpi::AF_LINK && !ifp.has(UP_AND_RUNNING) {
            ifp.set_flags(ifp.flags() | kpi::IFF_UP);
            let error = self.if_init(ifp);
            if error != 0 {
                return error;
            }
        }
        if family == kpi::AF_INET {
            self.arp_ifinit(ifp, Ifa::from_raw(ifa));
        }
        0
    }

    fn ether_set_mtu(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let jumbo = peek!(ifp.ethercom(), ec_capabilities) as u32 & kpi::ETHERCAP_JUMBO_MTU != 0;
        let most = if jumbo { kpi::ETHERMTU_JUMBO } else { kpi::ETHERMTU };
        let wanted: c_int = arg.get(DATA);
        if wanted < kpi::ETHERMIN as c_int || wanted > most as c_int {
            return EINVAL;
        }
        match self.ifioctl_common(ifp, command, arg) {
            ENETRESET if ifp.has(kpi::IFF_UP) => self.if_init(ifp),
            ENETRESET => 0,
            error => error,
        }
    }

    /// ether_ioctl_reinit: the driver follows the flags.
    fn ether_reinit(&mut self, ifp: Ifp) -> c_int {
        self.assert_ifnet_locked(ifp, "ether_ioctl_reinit");
        let up_and_running = ifp.flags() & UP_AND_RUNNING;
        if up_and_running == kpi::IFF_RUNNING {
            self.if_stop(ifp, true);
        } else if up_and_running == kpi::IFF_UP {
            return self.if_init(ifp);
        } else if up_and_running == UP_AND_RUNNING {
            let Some(callback) = peek!(ifp.ethercom(), ec_ifflags_cb) else {
                return self.if_init(ifp);
            };
            // SAFETY: the driver's own function for its interface.
            let error = self.outside(|| unsafe { callback(ifp.ethercom()) });
            return if error == ENETRESET { self.if_init(ifp) } else { error };
        }
        0
    }
}

/// An address of a group, or all zeros, in a struct if_laddrreq.
fn refused_lladdr(arg: Arg) -> bool {
    let sdl = arg.bytes(LADDR, size_of::<kpi::sockaddr_dl>());
    let start = 8 + usize::from(sdl[5]);
    let Some(address) = sdl.get(start..start + 6) else { return true };
    u32::from(sdl[1]) == kpi::AF_LINK && (is_group(address) || address == [0; 6])
}

unsafe extern "C" fn ether_ifattach(raw: *mut kpi::ifnet, address: *const u8) {
    // SAFETY: NULL, or the caller's address of that length.
    let address = unsafe { address.cast::<[u8; 6]>().as_ref() };
    enter().ether_ifattach(Ifp::from_raw(raw), address);
}

unsafe extern "C" fn ether_ifdetach(raw: *mut kpi::ifnet) {
    enter().ether_ifdetach(Ifp::from_raw(raw));
}

unsafe extern "C" fn ether_ioctl(
    raw: *mut kpi::ifnet,
    command: kpi::u_long,
    data: *mut c_void,
) -> c_int {
    enter().ether_ioctl(Ifp::from_raw(raw), command, Arg::new(command, data))
}

exports!(ether_ifattach, ether_ifdetach, ether_ioctl);
