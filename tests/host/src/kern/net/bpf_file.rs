// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What a descriptor of bpf(4) can be asked and told, as sys/net/bpf.c has it.

use std::ffi::{c_int, c_void};

use crate::kern::field::peek;
use crate::kern::net::bpf_buffer::SIZES;
use crate::kern::net::ether_output::{sockaddr, HEADER};
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::sched::HZ;
use crate::world::World;

const EINVAL: c_int = kpi::EINVAL as c_int;

impl World {
    /// ioctl(2) on a descriptor. The argument is the kernel's copy.
    pub fn bpf_ioctl(&mut self, id: usize, command: u64, data: *mut c_void) -> c_int {
        let arg = Arg::new(command, data);
        let listener = self.bpf_listener(id);
        match u32::try_from(command).unwrap_or(0) {
            kpi::FIONREAD => arg.put(0, listener.readable() as i32),
            kpi::FIONBIO => {}
            kpi::BIOCGBLEN => arg.put(0, listener.size as u32),
            kpi::BIOCSBLEN if listener.ifp.is_some() => return EINVAL,
            kpi::BIOCSBLEN => {
                let size = arg.get::<u32>(0).clamp(*SIZES.start(), *SIZES.end());
                listener.size = size as usize;
                arg.put(0, size);
            }
            kpi::BIOCFLUSH => self.bpf_flush(id),
            kpi::BIOCSETIF => return self.bpf_set_interface(id, &arg.name()),
            kpi::BIOCIMMEDIATE => listener.immediate = arg.get::<u32>(0) != 0,
            kpi::BIOCGHDRCMPLT => arg.put(0, u32::from(listener.header_complete)),
            kpi::BIOCSHDRCMPLT => listener.header_complete = arg.get::<u32>(0) != 0,
            kpi::BIOCGDIRECTION => arg.put(0, listener.direction),
            kpi::BIOCSDIRECTION => match arg.get::<u32>(0) {
                way @ (kpi::BPF_D_IN | kpi::BPF_D_INOUT | kpi::BPF_D_OUT) => {
                    listener.direction = way;
                }
                _ => return EINVAL,
            },
            kpi::BIOCSRTIMEOUT => {
                let [seconds, micros] = arg.get::<[i64; 2]>(0);
                let (Ok(seconds), 0..=999_999) = (u32::try_from(seconds), micros) else {
                    return EINVAL;
                };
                let ticks = micros as u32 / (1_000_000 / HZ) + u32::from(micros != 0);
                listener.timeout = seconds.saturating_mul(HZ).saturating_add(ticks);
            }
            kpi::BIOCPROMISC => return self.bpf_set_promiscuous(id),
            kpi::BIOCGDLT if listener.ifp.is_some() => arg.put(0, kpi::DLT_EN10MB),
            kpi::BIOCGETIF => match listener.ifp {
                Some(ifp) => arg.put(0, peek!(ifp.raw(), if_xname)),
                None => return EINVAL,
            },
            kpi::BIOCGSTATS => {
                let [came, taken, dropped] = listener.counts;
                arg.put(0, [came, dropped, taken]);
            }
            kpi::BIOCVERSION => {
                arg.put(0, [kpi::BPF_MAJOR_VERSION as u16, kpi::BPF_MINOR_VERSION as u16]);
            }
            _ => return EINVAL,
        }
        0
    }

    /// BIOCSETIF.
    fn bpf_set_interface(&mut self, id: usize, name: &str) -> c_int {
        let error = self.with_bpf(|world| world.bpf_attach_listener(id, name));
        if error == 0 {
            self.bpf_flush(id);
        }
        error
    }

    /// BIOCPROMISC.
    fn bpf_set_promiscuous(&mut self, id: usize) -> c_int {
        let listener = self.bpf_listener(id);
        let Some(ifp) = listener.ifp else { return EINVAL };
        if listener.promiscuous {
            return 0;
        }
        let error = self.bpf_promiscuous(ifp, true);
        if error == 0 {
            self.bpf_listener(id).promiscuous = true;
        }
        error
    }

    /// A frame that was written. EMSGSIZE when its payload is longer than the MTU.
    pub(super) fn bpf_send(&mut self, ifp: Ifp, frame: &[u8], complete: bool) -> c_int {
        if frame.is_empty() {
            return 0;
        }
        let mtu = peek!(ifp.raw(), if_mtu) as usize;
        if frame.len() < HEADER || frame.len() - HEADER > mtu {
            return kpi::EMSGSIZE as c_int;
        }
        match self.new_packet(&frame[HEADER..]) {
            Some(m) => self.if_output(ifp, m, &sockaddr(frame, complete)),
            None => kpi::ENOBUFS as c_int,
        }
    }
}
