// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A descriptor of bpf(4) and its buffers, as sys/net/bpf.c has them: one is filled, one waits to
//! be read, one is free.

use std::ffi::c_int;
use std::time::{SystemTime, UNIX_EPOCH};

use tap_conformance::abi::BpfHdr;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::user::Plain;

use crate::host_panic;
use crate::kern::net::ether_output::HEADER;
use crate::kern::net::ifnet::Ifp;
use crate::kern::select::SelInfo;
use crate::kpi;
use crate::sched::{chan, Chan, Sleep, Woken};
use crate::world::World;

/// bpf_bufsize.
const DEFAULT_SIZE: usize = 32768;
/// BPF_MINBUFSIZE and bpf_maxbufsize.
pub(super) const SIZES: std::ops::RangeInclusive<u32> = 32..=(1 << 20);
/// The header's length, so that what follows the frame's own is aligned: bpf_hdrlen.
const HDRLEN: usize = (HEADER + size_of::<BpfHdr>()).next_multiple_of(8) - HEADER;

/// One open descriptor.
pub struct Listener {
    /// What it listens to.
    pub(super) ifp: Option<Ifp>,
    pub(super) size: usize,
    /// The buffer that is being filled.
    store: Vec<u8>,
    /// The buffer that waits to be read.
    hold: Option<Vec<u8>>,
    pub(super) immediate: bool,
    pub(super) direction: u32,
    pub(super) promiscuous: bool,
    pub(super) header_complete: bool,
    /// BIOCSRTIMEOUT in ticks; 0 waits without end.
    pub(super) timeout: u32,
    /// bd_buf_mtx.
    lock: usize,
    /// bd_sel.
    pub(super) pollers: SelInfo,
    /// Frames that came, were taken, and were dropped for want of room.
    pub(super) counts: [u64; 3],
}

/// Where readers of a descriptor sleep.
fn readers(id: usize) -> Chan {
    chan("bpf", id)
}

fn header(len: usize, taken: usize) -> BpfHdr {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut header = BpfHdr::zeroed();
    header.stamp = [now.as_secs() as i64, i64::from(now.subsec_micros())];
    header.caplen = taken as u32;
    header.datalen = len as u32;
    header.hdrlen = HDRLEN as u16;
    header
}

impl Listener {
    fn rotate(&mut self) {
        self.hold = Some(std::mem::take(&mut self.store));
    }

    /// How many bytes a read would get now, if it did not wait for more.
    pub(super) fn readable(&self) -> usize {
        self.hold.as_ref().map_or(0, Vec::len) + self.store.len()
    }

    /// Whether a read would not wait.
    fn is_ready(&self) -> bool {
        self.hold.is_some() || self.immediate && !self.store.is_empty()
    }

    /// catchpacket: false when the frame was dropped, else whether readers are to be woken.
    fn catch(&mut self, frame: &[u8]) -> Option<bool> {
        let total = (HDRLEN + frame.len()).min(self.size);
        let taken = total.saturating_sub(HDRLEN);
        let mut start = self.store.len().next_multiple_of(8);
        let mut wake = self.immediate;
        if start + total > self.size {
            if self.hold.is_some() {
                return None;
            }
            self.rotate();
            wake = true;
            start = 0;
        }
        self.store.resize(start, 0);
        self.store.extend_from_slice(header(frame.len(), taken).as_bytes());
        self.store.resize(start + HDRLEN, 0);
        self.store.extend_from_slice(&frame[..taken]);
        Some(wake)
    }
}

impl World {
    /// An open of /dev/bpf: a new descriptor's number.
    pub fn bpf_open(&mut self) -> usize {
        self.bpf.last += 1;
        let id = self.bpf.last;
        let lock = self.mutex_obj_alloc(true) as usize;
        let pollers = SelInfo::new(self);
        let listener = Listener {
            ifp: None,
            size: DEFAULT_SIZE,
            store: Vec::new(),
            hold: None,
            immediate: false,
            direction: kpi::BPF_D_INOUT,
            promiscuous: false,
            header_complete: false,
            timeout: 0,
            lock,
            pollers,
            counts: [0; 3],
        };
        self.bpf.listeners.insert(id, listener);
        id
    }

    /// The last close of a descriptor.
    pub fn bpf_close(&mut self, id: usize) {
        self.with_bpf(|world| world.bpf_detach_listener(id));
        if let Some(listener) = self.bpf.listeners.remove(&id) {
            listener.pollers.destroy(self);
            self.mutex_obj_free(listener.lock as *mut kpi::kmutex_t);
        }
    }

    pub(super) fn bpf_listener(&mut self, id: usize) -> &mut Listener {
        match self.bpf.listeners.get_mut(&id) {
            Some(listener) => listener,
            None => host_panic!("no bpf descriptor {id}"),
        }
    }

    /// A frame that passes by.
    pub(super) fn bpf_catch(&mut self, id: usize, frame: &[u8], direction: u32) {
        let listener = self.bpf_listener(id);
        let other = if direction == kpi::BPF_D_IN { kpi::BPF_D_OUT } else { kpi::BPF_D_IN };
        if listener.direction == other {
            return;
        }
        let lock = listener.lock;
        self.mutex_enter(lock);
        let listener = self.bpf_listener(id);
        listener.counts[0] += 1;
        let caught = listener.catch(frame);
        listener.counts[if caught.is_some() { 1 } else { 2 }] += 1;
        if caught == Some(true) {
            self.bpf_wakeup(id);
        }
        self.mutex_exit(lock);
    }

    /// Under the buffers' lock.
    fn bpf_wakeup(&mut self, id: usize) {
        self.wake_all(readers(id));
        let pollers = self.bpf_listener(id).pollers;
        pollers.notify(self, 0);
    }

    /// bpf_poll: whether a read would not wait; if it would, the poller is woken when that changes.
    pub(super) fn bpf_poll(&mut self, id: usize) -> bool {
        let lock = self.bpf_listener(id).lock;
        self.mutex_enter(lock);
        let ready = self.bpf_listener(id).is_ready();
        if !ready {
            let pollers = self.bpf_listener(id).pollers;
            pollers.record(self);
        }
        self.mutex_exit(lock);
        ready
    }

    /// bpf_read: the buffer that is full, or what there is of the other one. `resid` must be the
    /// buffers' size.
    pub fn bpf_read(&mut self, id: usize, resid: usize, nonblock: bool) -> Result<Vec<u8>> {
        if resid != self.bpf_listener(id).size {
            return Err(Errno::EINVAL);
        }
        loop {
            let listener = self.bpf_listener(id);
            if let Some(full) = listener.hold.take() {
                return Ok(full);
            }
            if (nonblock || listener.immediate) && !listener.store.is_empty() {
                listener.rotate();
                continue;
            }
            if nonblock {
                return Err(Errno::EAGAIN);
            }
            let ticks = (listener.timeout != 0).then_some(listener.timeout);
            let how = Sleep { interruptible: true, ticks, ..Sleep::default() };
            match self.sleep(readers(id), how) {
                Woken::Awake => {}
                Woken::Signal(error) => return Err(Errno(error)),
                Woken::TimedOut if self.bpf_listener(id).readable() == 0 => return Ok(Vec::new()),
                Woken::TimedOut => {
                    let listener = self.bpf_listener(id);
                    if listener.hold.is_none() {
                        listener.rotate();
                    }
                }
            }
        }
    }

    /// reset_d: forgets what was caught.
    pub(super) fn bpf_flush(&mut self, id: usize) {
        let listener = self.bpf_listener(id);
        listener.store.clear();
        listener.hold = None;
        listener.counts = [0; 3];
    }

    /// bpf_write: a frame, header and all, goes out of the interface.
    pub fn bpf_write(&mut self, id: usize, frame: &[u8]) -> Result<()> {
        let listener = self.bpf_listener(id);
        let complete = listener.header_complete;
        let Some(ifp) = listener.ifp else { return Err(Errno::ENXIO) };
        self.interface(ifp, "bpf_write").refs += 1;
        let error = if self.is_deactivated(ifp) {
            kpi::ENXIO as c_int
        } else {
            self.bpf_send(ifp, frame, complete)
        };
        self.if_put(ifp);
        if error == 0 {
            Ok(())
        } else {
            Err(Errno(error))
        }
    }
}
