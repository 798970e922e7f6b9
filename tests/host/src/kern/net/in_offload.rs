// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Checksums that are left to an interface, or taken from it, as sys/netinet/ip_output.c,
//! udp_usrreq.c, in_offload.c and their like of IPv6 do it, and sys/net/ether_sw_offload.c.
//!
//! TCP is not spoken here, so what is to be cut into segments comes from tests alone.

use crate::host_panic;
use crate::kassert;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ether_output::HEADER;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::in_cksum::{self, Transport, UDP};
use crate::kern::packet::Offload;
use crate::kpi;
use crate::world::World;

const TSO: u32 = kpi::M_CSUM_TSOv4 | kpi::M_CSUM_TSOv6;
/// The bit from which csum_data has the length of the IP header.
const IPHL: u32 = 16;
/// Where an IPv4 header has its checksum.
const IP_SUM: std::ops::Range<usize> = 10..12;

/// TX_OFFLOAD_SUPPORTED: whether an interface with these csum_flags_tx takes a packet as it is.
/// M_CSUM_IPv4 may come beside a TSO flag although the interface does not have it.
pub(super) fn is_supported(tx: u32, flags: u32) -> bool {
    flags & TSO & tx != 0 || flags & !tx == 0
}

/// udp_output, udp6_output: the sum of the pseudo header stands where the checksum is to be.
fn udp_output(packet: &mut [u8], udp: Transport) -> Offload {
    let seed = udp.pseudo_header(packet);
    udp.store(packet, seed);
    Offload { flags: udp.flag(), data: udp.offset() as u32, segsz: 0 }
}

/// The checksums of ip_output and ip6_output for a packet that goes out of an interface whose
/// csum_flags_tx these are: of what the protocol left open, the interface gets what it does itself.
fn ip_output(packet: &mut [u8], mut offload: Offload, tx: u32) -> Offload {
    if packet[0] >> 4 == 4 {
        let len = usize::from(packet[0] & 0xf) * 4;
        offload.data |= (len as u32) << IPHL;
        packet[IP_SUM].fill(0);
        if tx & kpi::M_CSUM_IPv4 != 0 {
            offload.flags |= kpi::M_CSUM_IPv4;
        } else {
            let sum = in_cksum::header(packet, len);
            packet[IP_SUM].copy_from_slice(&sum.to_be_bytes());
        }
    } else {
        offload.data = offload.data & 0xffff | 40 << IPHL;
    }
    if let Some(transport) = Transport::of(packet).filter(|t| offload.flags & t.flag() & !tx != 0) {
        let sum = transport.completed(packet);
        transport.store(packet, sum);
        offload.flags &= !transport.flag();
    }
    offload
}

/// What becomes of an IP packet's checksums, complete as they come, on the way out of an interface:
/// those of UDP and of the IPv4 header are made as the stack makes them, and all others stay.
pub(super) fn output(ifp: Ifp, packet: &mut [u8]) -> Offload {
    let udp = Transport::of(packet).filter(|transport| transport.protocol == UDP);
    // There is no checksum to leave where the sender wanted none.
    let udp = udp.filter(|udp| udp.stored(packet) != 0);
    let offload = udp.map_or_else(Offload::default, |udp| udp_output(packet, udp));
    ip_output(packet, offload, ifp.csum_flags_tx())
}

impl World {
    /// ether_sw_offload_tx: completes the checksums of a frame for an interface that does not do
    /// so itself. `None` if the frame was not one for `ifp`, through which it was sent.
    pub(super) fn ether_sw_offload_tx(&mut self, ifp: Ifp, m: Mbuf) -> Option<Mbuf> {
        let offload = m.offload();
        if offload.flags == 0 {
            return Some(m);
        }
        if !is_supported(ifp.csum_flags_tx(), offload.flags) {
            self.m_freem(m);
            return None;
        }
        if offload.flags & TSO != 0 {
            host_panic!("ether_sw_offload_tx: a packet of {} bytes to cut", m.packet_len());
        }
        let mut frame = m.bytes();
        let packet = &mut frame[HEADER..];
        let len = (offload.data >> IPHL) as usize;
        if offload.flags & kpi::M_CSUM_IPv4 != 0 {
            let sum = in_cksum::header(packet, len);
            packet[IP_SUM].copy_from_slice(&sum.to_be_bytes());
        }
        if let Some(transport) = Transport::of(packet).filter(|t| offload.flags & t.flag() != 0) {
            let told = transport.start as u32;
            kassert!(len == transport.start, "in_undefer_cksum: {len} bytes of header, not {told}");
            let sum = transport.completed(packet);
            transport.store(packet, sum);
        }
        m.copy_back(&frame);
        m.set_offload(Offload { flags: 0, ..offload });
        Some(m)
    }
}

/// What udp4_input_checksum or udp6_input_checksum says of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// Nothing: it is no UDP, or a part of a datagram, or the IPv4 header is damaged.
    Other,
    /// It is taken.
    Good { is_v6: bool },
    /// It is dropped, and counted under this number.
    Bad { is_v6: bool, counter: usize },
}

/// UDP_STAT_BADSUM, which UDP6_STAT_BADSUM is as well, and UDP6_STAT_NOSUM.
const BADSUM: usize = 2;
const NOSUM: usize = 3;

/// Looks at the checksum of an IP packet that is UDP, unless the interface which received it has
/// done so; `rx` is its csum_flags_rx.
pub(crate) fn udp_input(packet: &[u8], offload: Offload, rx: u32) -> Input {
    let udp = Transport::of(packet).filter(|transport| transport.protocol == UDP);
    let Some(udp) = udp else { return Input::Other };
    let is_v6 = udp.is_v6();
    if !is_v6 && in_cksum::header(packet, udp.start) != 0 {
        return Input::Other;
    }
    let bad = |counter| Input::Bad { is_v6, counter };
    let stored = udp.stored(packet);
    if stored == 0 {
        return if is_v6 { bad(NOSUM) } else { Input::Good { is_v6 } };
    }
    const BAD: u32 = kpi::M_CSUM_TCP_UDP_BAD;
    const DATA: u32 = kpi::M_CSUM_DATA;
    let flag = udp.flag();
    let said = offload.flags & (rx & flag | BAD | DATA);
    let good = if said == flag | BAD {
        false
    } else if said == flag | DATA && !is_v6 {
        kassert!(offload.flags & kpi::M_CSUM_NO_PSEUDOHDR == 0, "M_CSUM_NO_PSEUDOHDR is not known");
        offload.data == 0xffff
    } else {
        said == flag || udp.verifies(packet)
    };
    if good {
        Input::Good { is_v6 }
    } else {
        bad(BADSUM)
    }
}
