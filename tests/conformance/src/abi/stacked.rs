// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces that stand upon others: bridge(4), vlan(4), lagg(4), carp(4).

use super::commands::{iow, iowr};
use super::{IfReq, IFNAMSIZ};
use crate::user::Plain;

/// struct ifdrv, and the same layout's commands of bridge(4).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IfDrv {
    /// ifd_name.
    pub name: [u8; IFNAMSIZ],
    /// ifd_cmd.
    pub cmd: u64,
    /// ifd_len.
    pub len: usize,
    /// ifd_data.
    pub data: usize,
}
/// bridge(4): add a member.
pub const BRDGADD: u64 = 0;
/// bridge(4): delete a member.
pub const BRDGDEL: u64 = 1;

/// struct vlanreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct VlanReq {
    /// vlr_parent.
    pub parent: [u8; IFNAMSIZ],
    /// vlr_tag.
    pub tag: u16,
}

/// struct lagg_req with one port and no options.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct LaggReq {
    /// lrq_ioctl.
    pub command: u32,
    /// lrq_proto.
    pub protocol: u32,
    /// lrq_nports.
    pub ports: usize,
    options: [u64; 5],
    /// rp_portname.
    pub port: [u8; IFNAMSIZ],
    rest: [u32; 8],
}
/// lagg(4): what a [`LaggReq`] says is done, through ifr_data.
pub const SIOCSLAGG: u64 = iow::<IfReq>(b'i', 57);
/// lagg(4): sets the protocol.
pub const LAGGIOC_SETPROTO: u32 = 1;
/// lagg(4): adds a port.
pub const LAGGIOC_ADDPORT: u32 = 3;
/// lagg(4): takes a port away.
pub const LAGGIOC_DELPORT: u32 = 4;
/// lagg(4): all ports receive.
pub const LAGG_PROTO_LOADBALANCE: u32 = 3;

/// struct carpreq.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CarpReq {
    /// carpr_state.
    pub state: i32,
    /// carpr_carpdev.
    pub device: [u8; IFNAMSIZ],
    /// carpr_vhid.
    pub vhid: i32,
    /// carpr_advskew.
    pub skew: i32,
    /// carpr_advbase, in seconds.
    pub base: i32,
    /// carpr_key.
    pub key: [u8; 20],
}
/// carp(4): takes what a [`CarpReq`] says, through ifr_data.
pub const SIOCSVH: u64 = iowr::<IfReq>(b'i', 130);

// Where its port is, behind what has no name here.
const _: () = assert!(core::mem::offset_of!(LaggReq, port) == 56);

layouts! { IfDrv = 40, VlanReq = 18, LaggReq = 104, CarpReq = 52 }
