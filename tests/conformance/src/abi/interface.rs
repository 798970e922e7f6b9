// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Structures of ioctls that concern interfaces, and what bpf(4) puts before a packet.

use super::IFNAMSIZ;
use crate::user::Plain;

/// struct ifreq: a name and a union.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct IfReq {
    /// ifr_name.
    pub name: [u8; IFNAMSIZ],
    /// ifr_ifru.
    pub data: [u8; 128],
}

/// struct ifaliasreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfAliasReq {
    /// ifra_name.
    pub name: [u8; IFNAMSIZ],
    /// ifra_addr, a struct sockaddr.
    pub addr: [u8; 16],
    /// ifra_dstaddr.
    pub dst: [u8; 16],
    /// ifra_mask.
    pub mask: [u8; 16],
}

/// struct in6_aliasreq.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct In6AliasReq {
    /// ifra_name.
    pub name: [u8; IFNAMSIZ],
    /// ifra_addr, a struct sockaddr_in6.
    pub addr: [u8; 28],
    /// ifra_dstaddr.
    pub dst: [u8; 28],
    /// ifra_prefixmask.
    pub mask: [u8; 28],
    /// ifra_flags.
    pub flags: i32,
    /// ifra_lifetime: two times, two 32-bit lifetimes.
    pub lifetime: [u32; 6],
}

/// struct if_laddrreq.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct IfLaddrReq {
    /// iflr_name.
    pub name: [u8; IFNAMSIZ],
    /// IFLR_*.
    pub flags: u32,
    /// Prefix length.
    pub prefixlen: u32,
    /// struct sockaddr_storage.
    pub addr: [u8; 128],
    /// struct sockaddr_storage.
    pub dst: [u8; 128],
}
/// IFLR_ACTIVE.
pub const IFLR_ACTIVE: u32 = 0x4000;

/// struct ifdatareq: the interface's counters.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfDataReq {
    /// ifdr_name.
    pub name: [u8; IFNAMSIZ],
    /// ifi_type, ifi_addrlen, ifi_hdrlen and a hole.
    pub kind: [u8; 4],
    /// ifi_link_state.
    pub link_state: i32,
    /// ifi_mtu.
    pub mtu: u64,
    /// ifi_metric.
    pub metric: u64,
    /// ifi_baudrate.
    pub baudrate: u64,
    /// Frames in.
    pub ipackets: u64,
    /// Input errors.
    pub ierrors: u64,
    /// Frames out.
    pub opackets: u64,
    /// Output errors.
    pub oerrors: u64,
    /// Collisions.
    pub collisions: u64,
    /// Bytes in.
    pub ibytes: u64,
    /// Bytes out.
    pub obytes: u64,
    /// Multicast frames in.
    pub imcasts: u64,
    /// Multicast frames out.
    pub omcasts: u64,
    /// Frames dropped on input.
    pub iqdrops: u64,
    /// Frames of no known protocol.
    pub noproto: u64,
    /// ifi_lastchange.
    pub lastchange: [u64; 2],
}

/// struct ifmediareq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfMediaReq {
    /// ifm_name.
    pub name: [u8; IFNAMSIZ],
    /// ifm_current.
    pub current: i32,
    /// ifm_mask.
    pub mask: i32,
    /// ifm_status.
    pub status: i32,
    /// ifm_active.
    pub active: i32,
    /// ifm_count: room in the list, then its length.
    pub count: i32,
    hole: i32,
    /// ifm_ulist.
    pub list: usize,
}

/// struct eccapreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EcCapReq {
    /// eccr_name.
    pub name: [u8; IFNAMSIZ],
    /// eccr_capabilities.
    pub capabilities: i32,
    /// eccr_capenable.
    pub enabled: i32,
}

/// struct bpf_hdr.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct BpfHdr {
    /// bh_tstamp.
    pub stamp: [i64; 2],
    /// bh_caplen.
    pub caplen: u32,
    /// bh_datalen.
    pub datalen: u32,
    /// bh_hdrlen.
    pub hdrlen: u16,
    hole: [u16; 3],
}

layouts! {
    IfReq = 144, IfAliasReq = 64, In6AliasReq = 128, IfLaddrReq = 280, IfDataReq = 152,
    IfMediaReq = 48, EcCapReq = 24, BpfHdr = 32,
}
