// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! bpf(4): who sees every frame of an interface.

use crate::abi::{
    BpfHdr, BIOCFLUSH, BIOCGBLEN, BIOCIMMEDIATE, BIOCSDIRECTION, BIOCSETIF, FIONBIO, O_RDWR,
};
use crate::case::{Fallible, On, Verdict};
use crate::ctx::Ctx;
use crate::user::{Out, Plain};

/// A bpf descriptor on an interface, for one direction.
pub fn tap_on(c: &Ctx, name: &str, direction: u32) -> Fallible<i32> {
    let fd = c.open(c"/dev/bpf", O_RDWR).on("/dev/bpf")?;
    let mut one: u32 = 1;
    let mut direction = direction;
    let mut req = Ctx::ifreq(name);
    c.sys.ioctl(fd, BIOCSETIF, Out::value(&mut req)).on("BIOCSETIF")?;
    c.sys.ioctl(fd, BIOCSDIRECTION, Out::value(&mut direction)).on("BIOCSDIRECTION")?;
    c.sys.ioctl(fd, BIOCIMMEDIATE, Out::value(&mut one)).on("BIOCIMMEDIATE")?;
    c.sys.ioctl(fd, FIONBIO, Out::value(&mut one)).on("FIONBIO")?;
    c.sys.ioctl(fd, BIOCFLUSH, Out::none()).on("BIOCFLUSH")?;
    Ok(fd)
}

/// Calls `f` with every frame that a bpf descriptor has seen.
pub fn each(c: &Ctx, fd: i32, f: &mut dyn FnMut(&[u8])) -> Verdict {
    let mut buffer = [0; 65536];
    let mut length: u32 = 0;
    c.sys.ioctl(fd, BIOCGBLEN, Out::value(&mut length)).on("BIOCGBLEN")?;
    c.settle();
    while let Ok(n) = c.sys.read(fd, Out::bytes(&mut buffer[..length as usize])) {
        let mut at = 0;
        while let Some(bytes) = buffer[..n].get(at..at + size_of::<BpfHdr>()) {
            let mut header = BpfHdr::zeroed();
            header.as_bytes_mut().copy_from_slice(bytes);
            let start = at + usize::from(header.hdrlen);
            let end = start + header.caplen as usize;
            f(buffer.get(start..end).unwrap_or_default());
            // BPF_WORDALIGN.
            at = (end + 7) & !7;
        }
        if n == 0 {
            break;
        }
    }
    Ok(())
}
