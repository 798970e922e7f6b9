// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A peer on the wire side of the tap that speaks TCP to a socket of the program's: a handshake,
//! packets as they are asked for, and acknowledgements. It loses nothing and sends nothing twice.

use core::sync::atomic::{AtomicU16, Ordering};

use crate::abi::offload::{VnetHdr, VNET_HDR};
use crate::abi::{AF_INET, AF_INET6, SOCK_STREAM, SOL_SOCKET, SO_LINGER, SO_RCVBUF, SO_SNDBUF};
use crate::case::{Failure, Fallible, On, Verdict};
use crate::cases::foreign;
use crate::check;
use crate::ctx::{Ctx, HANG_MS};
use crate::errno::{Errno, Result};
use crate::frames::{self, checksum, PEER_MAC};
use crate::net::Live;
use crate::packets::{Packet, ACK, OUR_IP6, PEER_IP6, SYN, TCP};
use crate::user::{In, Out, Plain};
use crate::view::{consistent, View};

/// The ports of the next connection, so that none is taken for one before.
static NEXT_PORT: AtomicU16 = AtomicU16::new(7070);
/// Bytes of the sockets' buffers.
const BUFFER: i32 = 192 * 1024;

/// Options of a SYN: the longest segment, and a window to be multiplied by 8.
pub static MSS_1460: [u8; 8] = [2, 4, 0x05, 0xb4, 1, 3, 3, 3];
/// The same with segments of which 45 and their headers are more than IP can say.
pub static MSS_1456: [u8; 8] = [2, 4, 0x05, 0xb0, 1, 3, 3, 3];
/// The longest segment of the widest MTU.
pub static MSS_65481: [u8; 8] = [2, 4, 0xff, 0xc9, 1, 3, 3, 3];
/// The same for IPv6.
pub static MSS_1440: [u8; 8] = [2, 4, 0x05, 0xa0, 1, 3, 3, 3];
/// In IPv6, 52 of these segments and the header are 65540 bytes: a jumbogram.
pub static MSS_1260: [u8; 8] = [2, 4, 0x04, 0xec, 1, 3, 3, 3];
/// In IPv6, 46 of these segments are longer than TAP_MAXFRAME, but no jumbogram.
pub static MSS_1424: [u8; 8] = [2, 4, 0x05, 0x90, 1, 3, 3, 3];
/// The longest segment, and a window of at most 65535.
pub static MSS_1460_UNSCALED: [u8; 4] = [2, 4, 0x05, 0xb4];

/// An open connection.
pub struct Peer {
    live: Live,
    /// Whether frames stand behind an offload header.
    behind: bool,
    /// The program's end.
    pub socket: i32,
    /// The headers of the next packet.
    pub next: Packet,
    /// The sequence number of the first byte from the program.
    pub first: u32,
    /// The longest segment that was agreed on.
    pub mss: usize,
}

impl Peer {
    /// Runs `f` with a connection, of which nothing is left at its end.
    pub fn talk<T>(
        c: &Ctx,
        live: &Live,
        v6: bool,
        options: &'static [u8],
        f: impl FnOnce(&mut Self) -> Fallible<T>,
    ) -> Fallible<T> {
        let mut peer = Self::connect(c, live, v6, options)?;
        let result = f(&mut peer);
        // Lest it be heard in the next case.
        let at_once = [1_i32, 0];
        let linger = In::bytes(at_once.as_bytes());
        c.sys.setsockopt(peer.socket, SOL_SOCKET, SO_LINGER, linger).on("setsockopt")?;
        c.close(peer.socket).on("close of the program's socket")?;
        result
    }

    /// Connects to a socket of the program's that listens.
    fn connect(c: &Ctx, live: &Live, v6: bool, options: &'static [u8]) -> Fallible<Self> {
        if v6 {
            foreign::add_inet6(c, live.name.as_str())?;
        }
        let domain = if v6 { AF_INET6 } else { AF_INET };
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        let listener = c.bound(domain, SOCK_STREAM, port)?;
        for name in [SO_SNDBUF, SO_RCVBUF] {
            let value = In::bytes(BUFFER.as_bytes());
            c.sys.setsockopt(listener, SOL_SOCKET, name, value).on("setsockopt")?;
        }
        c.sys.listen(listener).on("listen")?;
        let mut next = Packet::tcp(v6, live.mac);
        next.ports = [40_000, port];
        let mss = usize::from(options[2]) << 8 | usize::from(options[3]);
        let behind = c.header(live.fd).is_ok_and(|len| len != 0);
        let mut peer = Self { live: *live, behind, socket: -1, next, first: 0, mss };
        let answer = peer.handshake(c, options)?;
        peer.first = answer.seq.wrapping_add(1);
        peer.next.seq = next.seq.wrapping_add(1);
        peer.acknowledge(c, peer.first)?;
        check!(c.readable(listener, HANG_MS as i32), "no connection to accept");
        peer.socket = c.keep(c.sys.accept(listener).on("accept")?);
        Ok(peer)
    }

    /// Sends SYN until it is answered: an address of IPv6 may be tentative for a while.
    fn handshake(&self, c: &Ctx, options: &'static [u8]) -> Fallible<View> {
        let syn = Packet { flags: SYN, ack: 0, options, ..self.next };
        let mut bytes = [0; 100];
        let bytes = &mut bytes[..syn.headers()];
        syn.completed(bytes, 0);
        let mut room = [0; 1600];
        for _ in 0..10 {
            self.write(c, VnetHdr::NONE, bytes).on("write of SYN")?;
            while let Some((_, view, _)) = self.receive(c, &mut room, 1000)? {
                if view.flags & (SYN | ACK) == SYN | ACK {
                    return Ok(view);
                }
            }
        }
        Err(Failure::of(format_args!("SYN is not answered")))
    }

    /// The connection's next packet, whose place among all bytes is in the view's `seq`; `None`
    /// when none comes within the time. What is asked of the neighbour is answered meanwhile.
    pub fn receive(
        &self,
        c: &Ctx,
        frame: &mut [u8],
        timeout_ms: i32,
    ) -> Fallible<Option<(VnetHdr, View, usize)>> {
        while let Some((header, n)) = self.read(c, frame, timeout_ms)? {
            let bytes = &frame[..n];
            check!(!is_jumbogram(bytes), "TCP behind a hop-by-hop header");
            if let Some(view) = View::of(bytes).filter(|view| view.transport == TCP) {
                check_header(header, bytes, view)?;
                if view.ports == [self.next.ports[1], self.next.ports[0]] {
                    return Ok(Some((header, view, n)));
                }
            } else if let Some(answer) = advertisement(bytes, self.live.mac) {
                self.write(c, VnetHdr::NONE, &answer).on("write of an advertisement")?;
            }
        }
        Ok(None)
    }

    /// Writes a frame, behind the header if frames stand behind one.
    pub fn write(&self, c: &Ctx, header: VnetHdr, frame: &[u8]) -> Result<usize> {
        if self.behind {
            c.put(self.live.fd, header, frame)
        } else {
            c.send(self.live.fd, frame)
        }
    }

    /// Reads a frame, as [`Ctx::take`] does. Without headers, it has the one that says nothing.
    fn read(
        &self,
        c: &Ctx,
        frame: &mut [u8],
        timeout_ms: i32,
    ) -> Fallible<Option<(VnetHdr, usize)>> {
        if self.behind {
            return c.take(self.live.fd, frame, timeout_ms);
        }
        if !c.readable(self.live.fd, timeout_ms) {
            return Ok(None);
        }
        let n = c.sys.read(self.live.fd, Out::bytes(frame)).on("read")?;
        Ok(Some((VnetHdr::NONE, n)))
    }

    /// Reads a frame, if there is one, in one call: how long it is. Its header is not looked at.
    pub fn read_now(&self, c: &Ctx, frame: &mut [u8]) -> Fallible<Option<usize>> {
        let mut header = VnetHdr::NONE;
        let read = if self.behind {
            c.sys.readv(self.live.fd, &mut [Out::value(&mut header), Out::bytes(frame)])
        } else {
            c.sys.read(self.live.fd, Out::bytes(frame))
        };
        match read {
            Ok(n) => Ok(Some(if self.behind { n - VNET_HDR } else { n })),
            Err(Errno::EAGAIN) => Ok(None),
            Err(e) => Err(e).on("read"),
        }
    }

    /// Acknowledges everything before that sequence number.
    pub fn acknowledge(&mut self, c: &Ctx, ack: u32) -> Verdict {
        self.next.ack = ack;
        let mut bytes = [0; 80];
        let bytes = &mut bytes[..self.next.headers()];
        self.next.completed(bytes, 0);
        self.write(c, VnetHdr::NONE, bytes).on("write of an ACK").map(drop)
    }

    /// Sends the stream's next bytes in one large packet.
    pub fn send(&mut self, c: &Ctx, place: usize, payload: usize, size: u16) -> Verdict {
        let mut frame = [0; 65_600];
        let frame = &mut frame[..self.next.headers() + payload];
        self.next.whole(frame, place);
        let n = self.write(c, self.next.large(size), frame).on("write of a large packet")?;
        check!(n == frame.len(), "of {} bytes {n} were written", frame.len());
        self.next.seq = self.next.seq.wrapping_add(payload as u32);
        Ok(())
    }

    /// Waits until the program's end has acknowledged all that was sent.
    pub fn acknowledged(&self, c: &Ctx) -> Verdict {
        let mut room = [0; 1600];
        let mut last = 0;
        while let Some((_, view, _)) = self.receive(c, &mut room, 4000)? {
            last = view.ack;
            if last == self.next.seq {
                return Ok(());
            }
        }
        let missing = self.next.seq.wrapping_sub(last);
        Err(Failure::of(format_args!("{missing} bytes are not acknowledged")))
    }
}

/// A TCP packet of the stack's, large or not, is what its header says.
fn check_header(header: VnetHdr, frame: &[u8], view: View) -> Verdict {
    // What it stands for is the case's business.
    consistent(VnetHdr { gso_type: 0, gso_size: 0, hdr_len: 0, ..header }, frame, view)
}

/// Whether a frame has the header that ip6_output() gives to a jumbogram of TCP.
fn is_jumbogram(frame: &[u8]) -> bool {
    const NEXT: usize = 14 + 6;
    const BEHIND: usize = 14 + 40;
    frame.get(12..14) == Some(&[0x86, 0xdd])
        && frame.get(NEXT) == Some(&0)
        && frame.get(BEHIND) == Some(&TCP)
}

/// The peer's answer to who has its IPv6 address (RFC 4861), if this is the question.
fn advertisement(frame: &[u8], to: frames::Mac) -> Option<[u8; 86]> {
    let asked = frame.len() >= 78
        && frame[12..14] == [0x86, 0xdd]
        && frame[20] == 58
        && frame[54] == 135
        && frame[62..78] == PEER_IP6;
    if !asked {
        return None;
    }
    let mut answer = [0; 86];
    frames::ether(&mut answer, to, PEER_MAC, 0x86dd);
    answer[14] = 0x60;
    answer[18..22].copy_from_slice(&[0, 32, 58, 255]);
    answer[22..38].copy_from_slice(&PEER_IP6);
    let from = &frame[22..38];
    answer[38..54].copy_from_slice(if from == [0; 16] { &OUR_IP6 } else { from });
    // Solicited, and to override what was known; then the address as an option.
    answer[54] = 136;
    answer[58] = 0x60;
    answer[62..78].copy_from_slice(&PEER_IP6);
    answer[78..80].copy_from_slice(&[2, 1]);
    answer[80..86].copy_from_slice(&PEER_MAC);
    // The pseudo header: both addresses, the length, the protocol.
    let mut summed = [0; 72];
    summed[..32].copy_from_slice(&answer[22..54]);
    summed[35] = 32;
    summed[39] = 58;
    summed[40..].copy_from_slice(&answer[54..]);
    let sum = checksum(&summed).to_be_bytes();
    answer[56..58].copy_from_slice(&sum);
    Some(answer)
}
