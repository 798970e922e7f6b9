// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ether_output of sys/net/if_ethersubr.c: a packet gets its header, passes the filters, and goes
//! to the driver. Whoever sends has resolved the address already, and gives the header's fields.

use std::ffi::c_int;

use crate::host_panic;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::in_offload;
use crate::kern::packet::Offload;
use crate::kpi;
use crate::world::{enter, World};

/// The length of an Ethernet header.
pub const HEADER: usize = kpi::ETHER_HDR_LEN as usize;

/// A `struct sockaddr` of AF_UNSPEC, or of pseudo_AF_HDRCMPLT where the header is complete, that
/// carries an Ethernet header.
pub fn sockaddr(header: &[u8], complete: bool) -> kpi::sockaddr {
    let family = if complete { kpi::pseudo_AF_HDRCMPLT } else { kpi::AF_UNSPEC };
    let mut sockaddr = kpi::sockaddr {
        sa_len: size_of::<kpi::sockaddr>() as _,
        sa_family: family as _,
        sa_data: [0; 14],
    };
    for (to, from) in sockaddr.sa_data.iter_mut().zip(&header[..HEADER]) {
        *to = *from as _;
    }
    sockaddr
}

impl World {
    /// A frame of the stack's goes out: its header is taken off and put on again on the way.
    pub(crate) fn send_frame(&mut self, ifp: Ifp, frame: &[u8]) -> c_int {
        let mut packet = frame[HEADER..].to_vec();
        let offload = match u32::from(u16::from_be_bytes([frame[12], frame[13]])) {
            kpi::ETHERTYPE_IP | kpi::ETHERTYPE_IPV6 => in_offload::output(ifp, &mut packet),
            _ => Offload::default(),
        };
        let Some(m) = self.new_packet(&packet) else { return kpi::ENOBUFS as c_int };
        m.set_offload(offload);
        if is_broadcast(frame) {
            m.set_flags(m.flags() | kpi::M_BCAST as i32);
        } else if crate::kern::net::ethersubr::is_group(frame) {
            m.set_flags(m.flags() | kpi::M_MCAST as i32);
        }
        self.if_output(ifp, m, &sockaddr(frame, false))
    }

    fn ether_output(&mut self, ifp: Ifp, m: Mbuf, to: &kpi::sockaddr) -> c_int {
        self.interface(ifp, "ether_output");
        self.verify_packet(m, "ether_output");
        if !ifp.has(kpi::IFF_UP | kpi::IFF_RUNNING) {
            return self.output_error(ifp, m, kpi::ENETDOWN);
        }
        let mut header: [u8; HEADER] = to.sa_data.map(|byte| byte as u8);
        match u32::from(to.sa_family) {
            kpi::pseudo_AF_HDRCMPLT => {}
            kpi::AF_UNSPEC => {
                let address = self.if_lladdr(ifp, "ether_output");
                header[6..12].copy_from_slice(&address);
            }
            _ => return self.output_error(ifp, m, kpi::EAFNOSUPPORT),
        }
        let Some(m) = self.prepend(m, &header) else {
            self.if_stat(ifp, kpi::if_stat_t_if_oerrors, 1);
            return kpi::ENOBUFS as c_int;
        };
        self.pfil_run(ifp, kpi::PFIL_OUT);
        if self.bridge_output(ifp, m) {
            0
        } else {
            self.if_transmit(ifp, m)
        }
    }

    fn output_error(&mut self, ifp: Ifp, m: Mbuf, error: u32) -> c_int {
        self.if_stat(ifp, kpi::if_stat_t_if_oerrors, 1);
        self.m_freem(m);
        error as c_int
    }
}

fn is_broadcast(frame: &[u8]) -> bool {
    frame[..6] == crate::kern::net::ethersubr::BROADCAST
}

pub(super) unsafe extern "C" fn ether_output(
    raw: *mut kpi::ifnet,
    m: *mut kpi::mbuf,
    to: *const kpi::sockaddr,
    _route: *const kpi::rtentry,
) -> c_int {
    let Some(m) = Mbuf::from_raw(m) else { host_panic!("ether_output: NULL") };
    // SAFETY: the caller's address, for the length of the call.
    let to = unsafe { &*to };
    enter().ether_output(Ifp::from_raw(raw), m, to)
}
