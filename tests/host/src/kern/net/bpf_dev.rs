// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! /dev/bpf: each open makes a descriptor of its own, as sys/net/bpf.c has it.

use std::sync::Arc;

use tap_conformance::errno::Result;

use crate::kern::descrip::{File, NativeFile};
use crate::kern::devsw::NativeDevice;
use crate::kern::errno::check;
use crate::kern::uio::Request;
use crate::kpi;
use crate::world::World;

/// The device.
pub struct BpfDevice;

/// An open descriptor, by its number.
struct BpfFile(usize);

impl NativeDevice for BpfDevice {
    fn open(&self, world: &mut World, _minor: u32, _flags: u32) -> Result<Arc<dyn NativeFile>> {
        Ok(Arc::new(BpfFile(world.bpf_open())))
    }
}

impl NativeFile for BpfFile {
    fn name(&self) -> &'static str {
        "bpf"
    }

    fn read(&self, world: &mut World, file: File, request: &mut Request) -> Result<()> {
        let bytes = world.bpf_read(self.0, request.resid(), file.is_nonblocking())?;
        request.give(world, &bytes)
    }

    fn write(&self, world: &mut World, _file: File, request: &mut Request) -> Result<()> {
        let mut frame = vec![0; request.resid()];
        request.take(world, &mut frame)?;
        world.bpf_write(self.0, &frame)
    }

    fn ioctl(&self, world: &mut World, _file: File, cmd: u64, data: &mut [u8]) -> Result<()> {
        check(world.bpf_ioctl(self.0, cmd, data.as_mut_ptr().cast()))
    }

    fn poll(&self, world: &mut World, _file: File, events: u32) -> u32 {
        const READ: u32 = kpi::POLLIN | kpi::POLLRDNORM;
        let read = if events & READ != 0 && world.bpf_poll(self.0) { READ } else { 0 };
        events & (read | kpi::POLLOUT | kpi::POLLWRNORM)
    }

    fn close(&self, world: &mut World, _file: File) -> Result<()> {
        world.bpf_close(self.0);
        Ok(())
    }
}
