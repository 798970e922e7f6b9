// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The callbacks of `struct ifnet` and `struct ifmedia`, which `kern::ifnet` and `kern::media` fill
//! in.

use core::ffi::{c_int, c_ulong, c_void};

use super::softc_of;
use crate::ifnet;
use crate::ioctl;
use crate::kern::errno::{to_int, Errno};
use crate::kern::ioctl::Request;
use crate::kern::kpi;
use crate::kern::mbuf::Mbuf;
use crate::kern::media;

declared!(
    tap_rs_if_ioctl,
    tap_rs_if_init,
    tap_rs_if_stop,
    tap_rs_if_transmit,
    tap_rs_media_change,
    tap_rs_media_status,
);

/// if_ioctl.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_ioctl(
    ifp: *mut kpi::ifnet,
    command: c_ulong,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the stack's callbacks come to attached interfaces only.
    let softc = unsafe { softc_of(ifp) };
    // A thread that joins a multicast group holds no other reference that detach waits for.
    let Some(_call) = softc.channel.enter() else { return Errno::ENXIO.raw() };
    // SAFETY: the stack's buffer; for the driver's own commands it has the length they state.
    let request = unsafe { Request::new(command, data) };
    let result = ioctl::interface(softc, request).unwrap_or_else(|| {
        // SAFETY: the argument is passed on as it came.
        unsafe { softc.interface.ether_ioctl(command, data) }
    });
    match result {
        // The change has been made, and there is no hardware to program.
        Err(Errno::ENETRESET) => 0,
        other => to_int(other),
    }
}

/// if_init.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_init(ifp: *mut kpi::ifnet) -> c_int {
    // SAFETY: the stack's callbacks come to attached interfaces only.
    ifnet::init(unsafe { softc_of(ifp) });
    0
}

/// if_stop.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_stop(ifp: *mut kpi::ifnet, _disable: c_int) {
    // SAFETY: the stack's callbacks come to attached interfaces only.
    ifnet::stop(unsafe { softc_of(ifp) });
}

/// if_transmit.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_transmit(ifp: *mut kpi::ifnet, packet: *mut kpi::mbuf) -> c_int {
    // SAFETY: the stack gives the packet away.
    let Some(frame) = (unsafe { Mbuf::from_raw(packet) }) else { return 0 };
    // SAFETY: the stack's callbacks come to attached interfaces only.
    to_int(ifnet::transmit(unsafe { softc_of(ifp) }, frame))
}

/// ifm_change: every medium of the list is accepted.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_media_change(_ifp: *mut kpi::ifnet) -> c_int {
    0
}

/// ifm_status.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_media_status(ifp: *mut kpi::ifnet, request: *mut kpi::ifmediareq) {
    // SAFETY: the request is the caller's for the length of the call.
    let mut request = media::Request::new(unsafe { &mut *request });
    // SAFETY: the stack's callbacks come to attached interfaces only.
    ifnet::media_status(unsafe { softc_of(ifp) }, &mut request);
}
