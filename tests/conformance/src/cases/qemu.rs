// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! QEMU with the patch of `packaging/examples/qemu`: the calls of its tap backend, in their order,
//! with the pieces of its writev(2) and the buffer of its read(2).

use crate::abi::offload::{
    VnetHdr, SHORT_HDR, TAKES_CSUM, TAKES_ECN, TAKES_TSO4, TAKES_TSO6, VNET_HDR,
};
use crate::abi::O_RDWR;
use crate::case::{case, Case, Failure, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::net::Live;
use crate::packets::{Packet, TCP};
use crate::sys::Need;
use crate::text::Text;
use crate::user::{In, Out, Plain};
use crate::view::{consistent, View};

use super::clients::gifname;
use super::offload_read::{datagram, take_datagram};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[case(
            "client_qemu_offload",
            "QEMU: a header of 10 bytes, a guest that takes all of 12, and its reset under load",
            qemu,
        )
        .added()
        .needs(&[Need::Inet, Need::Udp])]
    }
}

/// NET_BUFSIZE: what each of its reads has room for.
const BUFFER: usize = 4096 + 65536;
/// What a guest of Linux takes.
const ALL: u32 = TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6 | TAKES_ECN;
/// How often the guest is reset.
const RESETS: usize = 3;

/// tap_receive_iov(): the header, and the pages that the guest has its frame in.
fn transmit(
    c: &Ctx,
    fd: i32,
    header: VnetHdr,
    len: usize,
    frame: &[u8],
) -> crate::errno::Result<usize> {
    let (first, rest) = frame.split_at(frame.len().min(54));
    let (second, third) = rest.split_at(rest.len().min(4096));
    let header = In::bytes(&header.as_bytes()[..len]);
    c.sys.writev(fd, &[header, In::bytes(first), In::bytes(second), In::bytes(third)])
}

/// tap_send(): reads until there is nothing more, and finds the frame that is looked for behind a
/// header of `len` bytes.
fn receive(
    c: &Ctx,
    fd: i32,
    len: usize,
    wanted: impl Fn(&[u8]) -> bool,
) -> Fallible<Option<VnetHdr>> {
    let mut buffer = [0; BUFFER];
    let mut found = None;
    loop {
        match c.sys.read(fd, Out::bytes(&mut buffer)) {
            Ok(n) => {
                check!(n > len, "a read of {n} bytes, and a header of {len}");
                let mut header = VnetHdr::NONE;
                header.as_bytes_mut()[..len].copy_from_slice(&buffer[..len]);
                let frame = &buffer[len..n];
                if let Some(view) = View::of(frame) {
                    consistent(header, frame, view)?;
                }
                if wanted(frame) {
                    found = Some(header);
                }
            }
            Err(Errno::EAGAIN) => return Ok(found),
            Err(e) => return Err(e).on("read"),
        }
    }
}

/// Waits for the frame that is looked for.
fn expect(
    c: &Ctx,
    fd: i32,
    len: usize,
    what: &str,
    wanted: impl Fn(&[u8]) -> bool,
) -> Fallible<VnetHdr> {
    for _ in 0..40 {
        if c.readable(fd, 250) {
            if let Some(header) = receive(c, fd, len, &wanted)? {
                return Ok(header);
            }
        }
    }
    Err(Failure::of(format_args!("no {what} came")))
}

/// The guest asks for an address, and is answered.
fn resolve(c: &Ctx, fd: i32, len: usize) -> Verdict {
    let request = frames::arp_request(1);
    let n = transmit(c, fd, VnetHdr::NONE, len, &request).on("writev of an ARP request")?;
    check!(n == len + request.len(), "writev returned {n}");
    let answer = |frame: &[u8]| frames::arp_reply(frame, 1).is_some();
    let header = expect(c, fd, len, "answer to ARP", answer)?;
    check!(header.flags == 0 && header.gso_type == 0, "flags {:#x} of ARP", header.flags);
    Ok(())
}

/// The guest's driver begins, and sends a large packet. Where there is TCP, it says that nobody
/// listens.
fn drive(c: &Ctx, live: &Live) -> Verdict {
    c.set_header(live.fd, VNET_HDR as i32).on("TAPSVNETHDR of the guest's")?;
    c.set_offload(live.fd, ALL).on("TAPSOFFLOAD")?;
    resolve(c, live.fd, VNET_HDR)?;
    let packet = Packet::tcp(false, live.mac);
    let mut frame = [0; 20_054];
    packet.write(&mut frame);
    let n = transmit(c, live.fd, packet.large(1448), VNET_HDR, &frame);
    check!(n == Ok(VNET_HDR + frame.len()), "writev of a large packet: {n:?}");
    if c.sys.has(Need::Tcp) {
        let of_tcp = |frame: &[u8]| View::of(frame).is_some_and(|view| view.transport == TCP);
        expect(c, live.fd, VNET_HDR, "answer of TCP", of_tcp)?;
    }
    Ok(())
}

/// The guest is reset while frames wait for it: they are whole, and so is what follows.
fn reset(c: &Ctx, live: &Live, socket: i32) -> Verdict {
    for _ in 0..4 {
        datagram(c, live, socket, 700)?;
    }
    c.settle();
    c.set_offload(live.fd, 0).on("TAPSOFFLOAD of nothing")?;
    for _ in 0..4 {
        let header = take_datagram(c, live, 700)?;
        check!(header.flags == 0, "flags {:#x} after the reset", header.flags);
    }
    c.set_header(live.fd, SHORT_HDR as i32).on("TAPSVNETHDR of the firmware's")?;
    resolve(c, live.fd, SHORT_HDR)
}

fn qemu(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    let name = name.as_str();
    gifname(c, fd, name)?;
    c.set_nonblocking(fd, true).on("FIONBIO")?;
    // tap_probe_vnet_hdr(), then net_tap_fd_init().
    check!(c.header(fd) == Ok(0), "TAPGVNETHDR at first: {:?}", c.header(fd));
    c.set_offload(fd, 0).on("TAPSOFFLOAD without a header")?;
    c.set_header(fd, SHORT_HDR as i32).on("TAPSVNETHDR")?;
    c.inet(name, 1).on("SIOCAIFADDR")?;
    c.set_up(name, true).on("up")?;
    resolve(c, fd, SHORT_HDR)?;
    let mac = super::lifecycle::link_address(c, name)?;
    let live = Live { fd, name: Text::of(format_args!("{name}")), mac, net: 1 };
    let socket = c.udp_to_peer(1, 9)?;
    for _ in 0..RESETS {
        drive(c, &live)?;
        reset(c, &live, socket)?;
    }
    // A header of 20 bytes is hash=on, which no BSD has.
    c.set_header(fd, 20).fails_with(Errno::EINVAL, "TAPSVNETHDR of 20")?;
    c.destroy(name).on("destroy under QEMU")?;
    c.set_offload(fd, ALL).fails_with(Errno::ENXIO, "TAPSOFFLOAD of what is gone")?;
    c.close(fd).on("close")
}
