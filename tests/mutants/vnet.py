# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
"""Mutants of the driver's side of offload, and of long frames, shown to the cases and the host."""

import functools

from mutant import Mutant, edited

HEADER = "src/offload/header.rs"
MODE, READ, WRITE = "src/vnet/mode.rs", "src/vnet/read.rs", "src/vnet/write.rs"
RECEIVE, SEGMENTS = "src/vnet/receive.rs", "src/vnet/segments.rs"
IO, IFNET, PORT = "src/io.rs", "src/ifnet.rs", "src/channel/port.rs"
CAPABILITY, MBUF = "src/kern/capability.rs", "src/kern/mbuf/mod.rs"
CHECKSUM, WRITABLE = "src/kern/mbuf/checksum.rs", "src/kern/mbuf/writable.rs"
PIECES, HELPER = "src/kern/mbuf/pieces.rs", "shim/helpers/input.c"

case = functools.partial(edited, "offload")


def host(what, test, *edit):
    """A mutant that a test of tests/host/tests/offload catches."""
    return edited("offload", what, f"offload::{test}", *edit, kind="host")


ASKING = [
    case("TAPSVNETHDR accepts any length", "offload_header_length", MODE, "if !is_length(len) {", "if len < 0 {"),
    case("the offloads remain when the header is taken away", "offload_needs_header", MODE, "return Ok((Mode::OFF, Capabilities::empty()));", "return Ok((Mode::new(0, old.takes()), enabled));"),
    case("TAPSOFFLOAD does not look at its bits", "offload_bits", MODE, "if !may_take(bits, old.header() != 0) {", "if !may_take(bits & 1, old.header() != 0) {"),
    case("the next opener of a node inherits the header", "offload_ends_with_close", "src/softc.rs", "if self.vnet.get() != Mode::OFF {", "if false {"),
    case("the header is set, but not what the interface can do", "offload_capabilities", MODE, "RECEIVED | sent(mode.takes())", "sent(mode.takes())"),
    case("what is offered is not enabled", "offload_capabilities", MODE, "enabled & RECEIVED | sent(bits)", "enabled & RECEIVED"),
    case("a capability that the administrator has cleared comes back by itself", "offload_administrator", MODE, "enabled & RECEIVED | sent(bits)", "RECEIVED | sent(bits)"),
    case("a capability that is offered no more can still be enabled", "offload_administrator", CAPABILITY, "unsafe { field.write_volatile(offered.bits()) };", "let _ = (field, offered);"),
    case("FIONREAD does not count the header", "offload_read_waiting", "src/ioctl.rs", "softc.channel.set_before(header);", "let _ = header;"),
]

WRITING = [
    case("the header is not cut off the frame", "offload_sum_packets", WRITE, "    frame.strip(before);\n", ""),
    case("a header that says nothing is not cut off the frame", "batch_header_send", IO, "            frame.strip(before);\n", ""),
    case("a header that says that the checksum is verified says nothing", "offload_sum_heard", HEADER, "if flags & (NEEDS_CSUM | DATA_VALID) == 0", "if flags & NEEDS_CSUM == 0"),
    case("a header that asks for a checksum says nothing", "offload_sum_packets", HEADER, "if flags & (NEEDS_CSUM | DATA_VALID) == 0", "if flags & DATA_VALID == 0"),
    case("a header with a type says nothing", "offload_refused_header", HEADER, "[flags, GSO_NONE, ..]", "[flags, _, ..]"),
    case("a checksum is not completed", "offload_sum_packets", WRITE, "                complete(&mut frame, partial, verified, len);\n", "                let _ = (partial, complete as fn(&mut Writable, Partial, Option<Packet>, usize));\n"),
    case("a packet's checksum covers the padding behind it", "offload_sum_padded", WRITE, "packet.map_or(len, |packet| packet.end)", "packet.map_or(len, |_| len)"),
    case("a checksum that was completed is not marked as verified", "offload_sum_heard", WRITE, "frame.set_verified(&packet);", "let _ = packet;"),
    case("a header that makes no sense is ENOBUFS, and not EINVAL", "offload_refused_header", WRITE, "Refused::Invalid => Errno::EINVAL", "Refused::Invalid => Errno::ENOBUFS"),
    case("segments beyond the MTU are EINVAL", "offload_cut_mtu", WRITE, "Refused::TooLong => Errno::EMSGSIZE", "Refused::TooLong => Errno::EINVAL"),
    case("a large packet is checked against an MTU of 1500, whatever it is", "offload_cut_mtu", IO, "len, interface.mtu(), whole", "len, 1500, whole"),
    case("bytes behind a packet of one segment are not cut off", "offload_cut_trailing,offload_cut_one", WRITE, "            frame.trim(len);\n", ""),
    case("the checksums of segments are not completed", "offload_cut_v4", SEGMENTS, "    complete(frame, found.start, end, TCP_OFFSET);\n", "    let _ = end;\n"),
    case("a segment's payload begins one byte too late", "offload_whole_others", SEGMENTS, "segment.payload.start.wrapping_add(removed)", "segment.payload.start.wrapping_add(removed + 1)"),
    case("a segment's payload that was read with the headers is lost", "offload_cut_v6", SEGMENTS, "front.get(here).unwrap_or_default()", "front.get(here).unwrap_or_default().get(..0).unwrap_or_default()"),
    case("the bytes behind a large packet that is cut are left in the request", "offload_cut_trailing", SEGMENTS, "while uio.resid() != 0 {", "while uio.resid() == usize::MAX {"),
    host("the checksums of segments are verified by the stack again", "write::a_large_packet_of_ipv4", SEGMENTS, "    frame.set_verified(found);\n", ""),
    host("an IPv6 packet is marked as verified in the flags of IPv4", "write::a_large_packet_of_ipv6", CHECKSUM, "(Transport::Tcp, Family::V6) => Self::TCP6", "(Transport::Tcp, Family::V6) => Self::TCP4"),
    host("an input error is not counted where there is no memory", "memory::a_frame_comes_up_whole_or_not_at_all", IO, "    if error == Errno::ENOBUFS {\n", "    if false {\n"),
    host("a large packet is cut in part where there is no memory", "memory::a_large_packet_comes_up_whole_or_not_at_all", SEGMENTS, "let frame = make(&segment)?;", "let Ok(frame) = make(&segment) else { break };"),
]

WHOLE = [
    case("large packets for the system itself are cut too", "offload_whole", IO, "interface.enabled().contains(Capabilities::WHOLE) && !interface.is_member();", "interface.enabled().contains(Capabilities::WHOLE) && false;"),
    case("the first part of a large packet is lost", "offload_whole", RECEIVE, "            interface.input_local(first.finish());\n            interface.input_local(rest.finish());\n", "            let _ = first;\n            interface.input_local(rest.finish());\n"),
    case("a large packet for another machine is passed up whole", "offload_whole_others", HELPER, "memcmp(eh->ether_dhost", "memcmp(CLLADDR(ifp->if_sadl)"),
    Mutant("offload", "a large packet is passed up whole although a bridge has the interface", ((HELPER, "ifp->_if_input != ether_input || ", ""), (HELPER, "return ifp->if_bridge != NULL || ", "return ")), "offload_whole_bridged"),
    host("a large packet is passed up whole although a bridge has the interface by now", "local::a_bridge_that_takes_the_interface_meanwhile_gets_segments", HELPER, "if (ifp->_if_input != ether_input || tap_rs_is_member(ifp))", "if (ifp->_if_input == NULL)"),
    case("the second part has the checksum of the whole", "offload_whole", RECEIVE, "    segments::verify(&mut rest, found);\n", "    rest.set_verified(found);\n"),
    case("bpf(4) does not see a large packet that is passed up whole", "offload_whole", HELPER, "\tbpf_mtap(ifp, m, BPF_D_IN);\n", ""),
    host("IP is passed a large packet with its Ethernet header", "local::ip_gets_it_in_two_parts", HELPER, "\tm_adj(m, ETHER_HDR_LEN);\n", ""),
    host("the input errors do not tell of a large packet that found no memory", "memory::a_large_packet_comes_up_whole_or_not_at_all", RECEIVE, "Err(_) => interface.count(Counter::InputErrors),\n    }\n}", "Err(_) => {}\n    }\n}"),
]

READING = [
    case("a buffer without room for the header takes a frame", "offload_read_short", IO, "if uio.resid() < mode.header() as usize {", "if false {"),
    host("an open checksum is passed to a reader who does not take it", "read::the_reader_takes_no_open_checksum", READ, "mode.takes_all(header.needs())", "mode.header() != 0 || header.needs() == 99"),
    case("a reader without a header gets open checksums", "offload_taken_back_header", IO, "if frame.is_unfinished() {", "if false {"),
    host("a large packet that the reader does not take is queued", "segments::the_reader_takes_no_large_packets", IFNET, "if frame.is_large() && !segments::is_taken(&frame, softc.vnet.get()) {", "if false {"),
    host("what the reader takes no more waits until it is read", "read::a_reader_that_takes_less_than_it_did", "src/ioctl.rs", "as u32)?;\n            softc.discard_refused();", "as u32)?;"),
    host("what a reader without a header does not take waits until it is read", "read::a_reader_that_takes_less_than_it_did", "src/ioctl.rs", "            })?;\n            softc.discard_refused();", "            })?;"),
    host("the frame behind the header is the packet as the stack left it", "read::a_large_packet_of_ipv4", READ, "let header = Header::of_stack(front, len, left);", "let mut copy = [0; FRONT];\n    let copy = copy.get_mut(..front.len()).unwrap_or_default();\n    copy.copy_from_slice(front);\n    let header = Header::of_stack(copy, len, left);"),
    host("the header is written with zeros only", "read::a_large_packet_of_ipv4", READ, "let mut bytes = header.to_bytes();", "let mut bytes = Header::default().to_bytes();\n    let _ = header;"),
    host("only part of a packet is cut where there is no memory", "memory::a_packet_of_the_stack_is_cut_whole_or_not_at_all", SEGMENTS, "let frame = make(&segment)?;", "let Ok(frame) = make(&segment) else { break };"),
    host("a packet of the stack is cut, and its checksums are not left to the reader", "segments::the_reader_takes_no_large_packets", SEGMENTS, "frame.set_unfinished(family, header)", "{ let _ = (family, &frame); }"),
]

MEMORY = [
    case("a frame's bytes beyond the first mbuf are not cut off with it", "offload_cut_trailing", WRITABLE, "raw.m_hdr.mh_len = keep as i32;", "let _ = keep;"),
    case("a piece of a packet is as long as its mbuf, and not as what is left of it", "offload_whole_others", PIECES, "len.wrapping_sub(self.skip).min(self.left)", "len.min(self.left)"),
    Mutant("jumbo", "a long frame waits where only short ones may", ((PORT, "frame_len > LONG && ", "frame_len == 0 && "),), "queue_long_frames"),
    Mutant("jumbo", "an MTU of 65522 is accepted, whose frames cannot be written", (("src/ether.rs", "MAX_FRAME_LEN - HDR_LEN", "MAX_FRAME_LEN - HDR_LEN + 1"),), "mtu_range"),
    Mutant("jumbo", "the length of a long frame is that of its first mbuf", ((MBUF, "packet.len = packet.len.wrapping_add(len as i32);", "let _ = packet;"),), "jumbo_mtu"),
    Mutant("jumbo", "the buffers of a long frame are not read in full", ((MBUF, "rest = rest.wrapping_sub(len);\n        }\n        Ok(())", "rest = rest.wrapping_sub(len + 1);\n        }\n        Ok(())"),), "jumbo_mtu"),
]

MUTANTS = ASKING + WRITING + WHOLE + READING + MEMORY
