// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Asserts at compile time that `shim/if_tap_rs.h`, which programs include, and [`crate::offload`]
//! agree.

use super::kpi;
use crate::offload::header;

const _: () = {
    assert!(kpi::TAP_VNET_HDR_LEN as usize == header::SHORT);
    assert!(kpi::TAP_VNET_HDR_MRG_LEN as usize == header::WHOLE);
    assert!(kpi::TAP_MAXFRAME as usize == header::MAX_FRAME);
    assert!(kpi::TAP_VH_NEEDS_CSUM == header::NEEDS_CSUM as u32);
    assert!(kpi::TAP_VH_DATA_VALID == header::DATA_VALID as u32);
    assert!(kpi::TAP_VH_GSO_NONE == header::GSO_NONE as u32);
    assert!(kpi::TAP_VH_GSO_TCPV4 == header::GSO_TCPV4 as u32);
    assert!(kpi::TAP_VH_GSO_TCPV6 == header::GSO_TCPV6 as u32);
    assert!(kpi::TAP_VH_GSO_ECN == header::GSO_ECN as u32);
    assert!(kpi::TAP_F_CSUM == header::TAKES_CSUM);
    assert!(kpi::TAP_F_TSO4 == header::TAKES_TSO4);
    assert!(kpi::TAP_F_TSO6 == header::TAKES_TSO6);
    assert!(kpi::TAP_F_TSO_ECN == header::TAKES_ECN);
};
