// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! `<net/if_tap_rs.h>`: the offload header and frames by batches. And what an interface can do for the stack.

use super::commands::{ior, iow, iowr};
use super::IFNAMSIZ;
use crate::user::Plain;

/// The header's length: 0, 10 or 12.
pub const TAPSVNETHDR: u64 = iow::<i32>(b'e', 16);
/// The header's length.
pub const TAPGVNETHDR: u64 = ior::<i32>(b'e', 17);
/// What the reader takes.
pub const TAPSOFFLOAD: u64 = iow::<u32>(b'e', 18);
/// What the reader takes.
pub const TAPGOFFLOAD: u64 = ior::<u32>(b'e', 19);

/// struct tap_vnet_hdr.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VnetHdr {
    /// vh_flags.
    pub flags: u8,
    /// vh_gso_type.
    pub gso_type: u8,
    /// vh_hdr_len.
    pub hdr_len: u16,
    /// vh_gso_size.
    pub gso_size: u16,
    /// vh_csum_start.
    pub csum_start: u16,
    /// vh_csum_offset.
    pub csum_offset: u16,
    /// vh_num_buffers.
    pub num_buffers: u16,
}

/// TAP_VNET_HDR_LEN.
pub const SHORT_HDR: usize = 10;
/// TAP_VNET_HDR_MRG_LEN.
pub const VNET_HDR: usize = 12;
/// TAP_MAXFRAME.
pub const MAX_FRAME: usize = 14 + 4 + 65535;

/// TAP_VH_NEEDS_CSUM.
pub const NEEDS_CSUM: u8 = 1;
/// TAP_VH_DATA_VALID.
pub const DATA_VALID: u8 = 2;
/// TAP_VH_GSO_NONE.
pub const GSO_NONE: u8 = 0;
/// TAP_VH_GSO_TCPV4.
pub const GSO_TCPV4: u8 = 1;
/// TAP_VH_GSO_TCPV6.
pub const GSO_TCPV6: u8 = 4;
/// TAP_VH_GSO_ECN.
pub const GSO_ECN: u8 = 0x80;

/// TAP_F_CSUM.
pub const TAKES_CSUM: u32 = 1;
/// TAP_F_TSO4.
pub const TAKES_TSO4: u32 = 2;
/// TAP_F_TSO6.
pub const TAKES_TSO6: u32 = 4;
/// TAP_F_TSO_ECN.
pub const TAKES_ECN: u32 = 8;

/// struct ifcapreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfCapReq {
    /// ifcr_name.
    pub name: [u8; IFNAMSIZ],
    /// ifcr_capabilities.
    pub capabilities: u64,
    /// ifcr_capenable.
    pub enabled: u64,
}

/// What the interface can do, and does.
pub const SIOCGIFCAP: u64 = iowr::<IfCapReq>(b'i', 118);
/// What it is to do.
pub const SIOCSIFCAP: u64 = iow::<IfCapReq>(b'i', 117);

/// TCP's and UDP's checksums of both families on frames that come in.
pub const IFCAP_RX: u64 = IFCAP_TCP4_RX | 0x1000 | 0x4000 | 0x1_0000;
/// TCP's in IPv4 on frames that come in.
pub const IFCAP_TCP4_RX: u64 = 0x400;
/// The same as [`IFCAP_RX`] on frames that go out.
pub const IFCAP_TX: u64 = 0x800 | 0x2000 | 0x8000 | 0x2_0000;
/// Large packets of TCP in IPv4 that go out.
pub const IFCAP_TSOV4: u64 = 0x80;
/// The same in IPv6.
pub const IFCAP_TSOV6: u64 = 0x4_0000;
/// Large packets that come in.
pub const IFCAP_LRO: u64 = 0x8_0000;

/// struct tap_frame.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TapFrame {
    /// tf_addr.
    pub addr: u64,
    /// tf_len.
    pub len: u32,
    /// tf_flags.
    pub flags: u32,
}

/// TAP_FRAME_MORE.
pub const MORE: u32 = 1;
/// TAP_FRAME_CUT.
pub const CUT: u32 = 2;

/// struct tap_batch.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TapBatch {
    /// tb_frames.
    pub frames: u64,
    /// tb_count.
    pub count: u32,
    /// tb_done.
    pub done: u32,
}

/// TAP_BATCH_MAX.
pub const BATCH_MAX: usize = 1024;
/// Frames from the program.
pub const TAPSEND: u64 = iowr::<TapBatch>(b'e', 20);
/// Frames to the program.
pub const TAPRECV: u64 = iowr::<TapBatch>(b'e', 21);

const _: () = {
    assert!(size_of::<TapFrame>() == 16);
    assert!(TAPSEND == 0xc010_6514);
    assert!(size_of::<VnetHdr>() == VNET_HDR);
    assert!(size_of::<IfCapReq>() == 32);
    assert!(TAPSVNETHDR == 0x8004_6510);
    assert!(TAPGOFFLOAD == 0x4004_6513);
    assert!(SIOCGIFCAP == 0xc020_6976);
};

// SAFETY: integers without holes.
unsafe impl Plain for VnetHdr {}
// SAFETY: an array of bytes and integers, without holes.
unsafe impl Plain for IfCapReq {}
// SAFETY: integers without holes.
unsafe impl Plain for TapFrame {}
// SAFETY: integers without holes.
unsafe impl Plain for TapBatch {}
