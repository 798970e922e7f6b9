// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The offload header: asking for it, and reading and writing frames behind it.

use crate::abi::offload::{
    IfCapReq, VnetHdr, IFCAP_LRO, SIOCGIFCAP, SIOCSIFCAP, TAPGOFFLOAD, TAPGVNETHDR, TAPSOFFLOAD,
    TAPSVNETHDR, VNET_HDR,
};
use crate::abi::BRDGADD;
use crate::case::{Failure, Fallible, On};
use crate::cases::foreign;
use crate::ctx::{put_name, Ctx};
use crate::errno::{Errno, Result};
use crate::frames;
use crate::net::Live;
use crate::packets::FAR_MAC;
use crate::user::{In, Out, Plain};

impl VnetHdr {
    /// A frame that stands for itself, nothing left to do.
    pub const NONE: Self = Self {
        flags: 0,
        gso_type: 0,
        hdr_len: 0,
        gso_size: 0,
        csum_start: 0,
        csum_offset: 0,
        num_buffers: 1,
    };
}

impl Ctx<'_> {
    /// TAPSVNETHDR.
    pub fn set_header(&self, fd: i32, mut len: i32) -> Result<()> {
        self.sys.ioctl(fd, TAPSVNETHDR, Out::value(&mut len)).map(drop)
    }

    /// TAPGVNETHDR.
    pub fn header(&self, fd: i32) -> Result<i32> {
        let mut len = -1;
        self.sys.ioctl(fd, TAPGVNETHDR, Out::value(&mut len)).map(|_| len)
    }

    /// TAPSOFFLOAD.
    pub fn set_offload(&self, fd: i32, mut bits: u32) -> Result<()> {
        self.sys.ioctl(fd, TAPSOFFLOAD, Out::value(&mut bits)).map(drop)
    }

    /// TAPGOFFLOAD.
    pub fn offload(&self, fd: i32) -> Result<u32> {
        let mut bits = u32::MAX;
        self.sys.ioctl(fd, TAPGOFFLOAD, Out::value(&mut bits)).map(|_| bits)
    }

    /// What the interface can do and does, LRO aside.
    pub fn capabilities(&self, name: &str) -> Fallible<[u64; 2]> {
        let mut req = IfCapReq::zeroed();
        put_name(&mut req.name, name);
        self.sys.ioctl(self.socket, SIOCGIFCAP, Out::value(&mut req)).on("SIOCGIFCAP")?;
        Ok([req.capabilities & !IFCAP_LRO, req.enabled & !IFCAP_LRO])
    }

    /// `ifconfig` says what the interface is to do.
    pub fn enable(&self, name: &str, bits: u64) -> Result<()> {
        let mut req = IfCapReq::zeroed();
        put_name(&mut req.name, name);
        req.enabled = bits;
        self.sys.ioctl(self.socket, SIOCSIFCAP, Out::value(&mut req)).map(drop)
    }

    /// tap0 as [`Ctx::live`] has it, then with a header of 12 bytes and a reader that takes `bits`.
    pub fn live_with_header(&self, bits: u32) -> Fallible<Live> {
        let live = self.live(0, 1)?;
        self.drain(live.fd)?;
        self.set_header(live.fd, VNET_HDR as i32).on("TAPSVNETHDR")?;
        self.set_offload(live.fd, bits).on("TAPSOFFLOAD")?;
        Ok(live)
    }

    /// Writes a frame behind a header of 12 bytes: bytes of the frame.
    pub fn put(&self, fd: i32, header: VnetHdr, frame: &[u8]) -> Result<usize> {
        let n = self.sys.writev(fd, &[In::bytes(header.as_bytes()), In::bytes(frame)])?;
        Ok(n - VNET_HDR)
    }

    /// Reads a frame behind a header of 12 bytes: the header, and bytes of the frame. `None` where
    /// none comes within the time.
    pub fn take(
        &self,
        fd: i32,
        frame: &mut [u8],
        timeout_ms: i32,
    ) -> Fallible<Option<(VnetHdr, usize)>> {
        if !self.readable(fd, timeout_ms) {
            return Ok(None);
        }
        let mut header = VnetHdr::garbage();
        match self.sys.readv(fd, &mut [Out::value(&mut header), Out::bytes(frame)]) {
            Ok(n) if n >= VNET_HDR => Ok(Some((header, n - VNET_HDR))),
            Ok(n) => Err(Failure::of(format_args!("a read of {n} bytes, less than the header"))),
            Err(Errno::EAGAIN) => Ok(None),
            Err(e) => Err(e).on("read"),
        }
    }

    /// tap0 with a header of 12 bytes and tap1 without, up, non-blocking and bridged; tap1 leads to
    /// [`FAR_MAC`].
    pub fn bridged(&self) -> Fallible<[i32; 2]> {
        self.fresh("bridge77")?;
        let ends = foreign::pair(self)?;
        for member in ["tap0", "tap1"] {
            foreign::bridge(self, BRDGADD, member).on("BRDGADD")?;
        }
        self.set_up("bridge77", true).on("bridge up")?;
        // The far machine speaks, and is heard; the first frames may meet a bridge that wakes.
        let mut frame = [0; 60];
        frames::plain(&mut frame, frames::BROADCAST);
        frame[6..12].copy_from_slice(&FAR_MAC);
        let heard =
            self.wait_for(|| self.send(ends[1], &frame).is_ok() && self.readable(ends[0], 100));
        if !heard {
            return Err(Failure::of(format_args!("no frame crossed the bridge")));
        }
        self.settle();
        self.drain(ends[0])?;
        self.drain(ends[1])?;
        self.set_header(ends[0], VNET_HDR as i32).on("TAPSVNETHDR")?;
        Ok(ends)
    }

    /// tap1, up and non-blocking, and a bridge that is up and has no members: tap1's descriptor.
    pub fn beside_a_bridge(&self) -> Fallible<i32> {
        let far = foreign::end(self, "tap1", 1)?;
        self.fresh("bridge77")?;
        self.set_up("bridge77", true).on("bridge up")?;
        Ok(far)
    }
}
