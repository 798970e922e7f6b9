// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ip_pktq, as sys/net/pktqueue.c has it, for a driver that queues packets itself.

use crate::export::{Address, Export};
use crate::exports;
use crate::kern::mbuf::Mbuf;
use crate::kern::net::ether_output::HEADER;
use crate::kpi;
use crate::world::enter;
use crate::{host_panic, kassert};

/// What `ip_pktq` points at: nothing looks inside.
static PACKETS: u8 = 0;

/// The variable itself.
static IP_PKTQ: &u8 = &PACKETS;

/// The kernel's variables.
pub const VARIABLES: &[Export] = &[
    Export {
        name: "ip_pktq",
        address: Address((&raw const IP_PKTQ).cast()),
        size: size_of::<usize>(),
    },
    Export {
        name: "pktq_rps_hash_default",
        address: Address((&raw const HASH).cast()),
        size: size_of::<usize>(),
    },
];

/// The hash of a kernel without NET_MPSAFE.
unsafe extern "C" fn zero(_packet: *const kpi::mbuf) -> u32 {
    0
}

/// The variable itself.
static HASH: kpi::pktq_rps_hash_func_t = Some(zero);

unsafe extern "C" fn pktq_rps_hash(
    function: *const kpi::pktq_rps_hash_func_t,
    packet: *const kpi::mbuf,
) -> u32 {
    // SAFETY: a variable of the kernel's.
    let Some(function) = (unsafe { *function }) else { host_panic!("pktq_rps_hash: NULL") };
    // SAFETY: one of the functions above.
    unsafe { function(packet) }
}

/// The packet's Ethernet header has been cut off. The stack behind an interface takes frames, so it
/// is put back.
unsafe extern "C" fn pktq_enqueue(
    queue: *mut kpi::pktqueue_t,
    packet: *mut kpi::mbuf,
    _hash: kpi::u_int,
) -> bool {
    let mut world = enter();
    kassert!(queue.cast_const().cast() == &raw const PACKETS, "pktq_enqueue: of no queue");
    let Some(m) = Mbuf::from_raw(packet) else { host_panic!("pktq_enqueue: NULL") };
    world.check_mbuf(m, "pktq_enqueue");
    let Some(ifp) = world.if_get_byindex(m.rcvif()) else { host_panic!("pktq_enqueue: no rcvif") };
    m.set_data(m.data().wrapping_sub(HEADER), m.data_len() + HEADER);
    m.set_packet_len(m.packet_len() + HEADER);
    world.check_mbuf(m, "m_adj before pktq_enqueue");
    world.probe_input(ifp, m);
    let queued = world.stack_enqueue(ifp, m);
    world.if_put(ifp);
    queued
}

exports!(pktq_enqueue, pktq_rps_hash);
