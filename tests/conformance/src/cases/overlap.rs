// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Two calls at once, of which one makes or ends what the other uses.

use crate::abi::{
    IfReq, Kev, BPF_D_OUT, EVFILT_READ, EV_ADD, O_NONBLOCK, O_RDWR, SIOCGIFADDR, SIOCIFCREATE,
    SIOCIFDESTROY, SIOCSIFFLAGS,
};
use crate::case::{case, Case, Fallible, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::{Errno, Result};
use crate::frames::{self, ARP_LEN, BROADCAST, EXPERIMENTAL};
use crate::sys::{encode, Need, System};
use crate::text::Text;
use crate::user::{In, Out, Plain};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("up_at_once", "an interface is whole when others can see it", up_at_once)
                .guards(&["F8"]),
            case(
                "frames_while_opening",
                "each frame is read or counted as dropped, none by a later opener",
                frames_while_opening,
            )
            .dangerous(&["F16"])
            .needs(&[Need::Bpf]),
            case(
                "fionread_contended",
                "FIONREAD sees the queue as it is between two reads",
                fionread_contended,
            )
            .dangerous(&["F21"])
            .unseen()
            .needs(&[Need::Inet]),
            case("destroy_while_asked", "detach waits until nobody is inside", destroy_asked)
                .guards(&["F19"])
                .added(),
            case(
                "mac_change_while_asked",
                "every change of the MAC is under the interface's lock",
                mac_asked,
            )
            .guards(&["F33"])
            .added(),
            case(
                "revoke_beside_a_clone",
                "a revoked open of a node ends nothing of the descriptor that has it open",
                beside_a_clone,
            )
            .dangerous(&["F22", "F29"])
            .needs(&[Need::Revoke]),
            case(
                "unload_against_close",
                "unload against the last close, and the last knote: EBUSY or clean",
                unload_against_close,
            )
            .dangerous(&["F22"])
            .guards(&["F39"]),
        ]
    }
}

/// How often each thread goes round.
const ROUNDS: usize = 40;

/// Goes round for as long as a thread runs; what that returned.
fn meanwhile(c: &Ctx, thread: usize, mut round: impl FnMut() -> Verdict) -> Fallible<i64> {
    loop {
        if let Some(value) = c.sys.joined(thread) {
            return Ok(value);
        }
        round()?;
    }
}

/// An ioctl of tap0, whose flags are to be IFF_UP where it is about them.
fn tap0(s: System, socket: usize, command: u64) -> Result<()> {
    let mut req = Ctx::ifreq("tap0");
    req.data[..2].copy_from_slice(&crate::abi::IFF_UP.to_ne_bytes());
    s.ioctl(socket as i32, command, Out::value(&mut req)).map(drop)
}

fn bring_up(s: System, socket: usize) -> i64 {
    for _ in 0..ROUNDS * 10 {
        match tap0(s, socket, SIOCSIFFLAGS) {
            Ok(()) | Err(Errno::ENXIO | Errno::EBUSY) => {}
            Err(e) => return -i64::from(e.0),
        }
    }
    0
}

fn up_at_once(c: &Ctx) -> Verdict {
    let thread = c.sys.spawn(bring_up, c.socket as usize).on("spawn")?;
    for _ in 0..ROUNDS {
        // The kernel's own lock is held round a creation by ifconfig(8), but not round this one.
        let (fd, _) = c.open_clone(O_RDWR)?;
        c.close(fd).on("close")?;
        c.create("tap0").on("create")?;
        c.destroy("tap0").on("destroy")?;
    }
    let value = c.join_long(thread, "ifconfig up")?;
    check!(value == 0, "up failed with errno {}", -value);
    Ok(())
}

/// Frames that nobody will read, from net.interfaces.tap0.sndq.drops.
fn drops(c: &Ctx) -> Fallible<u64> {
    let mut drops = 0_u64;
    let name = "net.interfaces.tap0.sndq.drops";
    c.sys.sysctl_get(name, Out::value(&mut drops)).on(name)?;
    Ok(drops)
}

const SENT: u64 = 200;

/// Sends frames through bpf(4), each with its number.
fn send_many(s: System, bpf: usize) -> i64 {
    let mut frame = [0; 60];
    frames::plain(&mut frame, BROADCAST);
    for number in 0..SENT {
        frame[14..22].copy_from_slice(&number.to_ne_bytes());
        // A frame that finds no room is dropped, and counted.
        s.write(bpf as i32, In::bytes(&frame)).unwrap_or(0);
    }
    0
}

/// Reads what waits: how many of the frames above.
fn read_waiting(c: &Ctx, fd: i32) -> Fallible<u64> {
    let (mut frame, mut seen) = ([0; 2048], 0);
    loop {
        match c.sys.read(fd, Out::bytes(&mut frame)) {
            Ok(n) => seen += u64::from(n >= 14 && frame[12..14] == EXPERIMENTAL.to_be_bytes()),
            Err(Errno::EAGAIN) => return Ok(seen),
            Err(e) => return Err(e).on("read"),
        }
    }
}

fn frames_while_opening(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.set_up("tap0", true).on("up")?;
    let path = c.node(0)?;
    let bpf = crate::bpf::tap_on(c, "tap0", BPF_D_OUT)?;
    let open = || c.open(path.as_cstr(), O_RDWR | O_NONBLOCK).on("open");
    let before = drops(c)?;
    let thread = c.sys.spawn(send_many, bpf as usize).on("spawn")?;
    let mut seen = 0;
    meanwhile(c, thread, || {
        let fd = open()?;
        seen += read_waiting(c, fd)?;
        c.close(fd).on("close")
    })?;
    let lost = drops(c)? - before;
    // The stack may have sent frames of its own besides.
    check!(seen + lost >= SENT, "of {SENT} frames {seen} were read, {lost} dropped");
    let before = drops(c)?;
    send_many(c.sys, bpf as usize);
    let fd = open()?;
    let late = read_waiting(c, fd)?;
    check!(late == 0, "{late} frames waited for whoever would open next");
    let lost = drops(c)? - before;
    check!(lost >= SENT, "of {SENT} frames for nobody {lost} were counted as dropped");
    Ok(())
}

/// Asks again and again; what FIONREAD must not say, if it does.
fn ask_always(s: System, fd: usize) -> i64 {
    for _ in 0..ROUNDS * 50 {
        let mut n: i32 = 0;
        match s.ioctl(fd as i32, crate::abi::FIONREAD, Out::value(&mut n)) {
            Ok(_) if n == 0 || n == ARP_LEN as i32 => {}
            Ok(_) => return i64::from(n),
            Err(e) => return -i64::from(e.0),
        }
    }
    0
}

fn fionread_contended(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let thread = c.sys.spawn(ask_always, live.fd as usize).on("spawn")?;
    let value = meanwhile(c, thread, || {
        c.provoke(&live)?;
        c.drain(live.fd).map(drop)
    })?;
    check!(value == 0, "FIONREAD of ARP replies of {ARP_LEN} bytes says {value}");
    Ok(())
}

/// Asks again and again; what is no address that the interface ever had, if that is the answer.
fn ask_address(s: System, fd: usize) -> i64 {
    for _ in 0..ROUNDS * 10 {
        let mut req = IfReq::zeroed();
        if let Err(e) = s.ioctl(fd as i32, SIOCGIFADDR, Out::value(&mut req)) {
            return -i64::from(e.0);
        }
        let [first, ..] = req.name;
        if first != 2 && first != 0xf2 {
            return 1 + i64::from(first);
        }
    }
    0
}

fn destroy_asked(c: &Ctx) -> Verdict {
    for _ in 0..10 {
        let (fd, name) = c.open_clone(O_RDWR)?;
        let thread = c.sys.spawn(ask_address, fd as usize).on("spawn")?;
        c.destroy(name.as_str()).on("destroy")?;
        let value = c.join_long(thread, "SIOCGIFADDR")?;
        let ended = value == 0 || value == -i64::from(Errno::ENXIO.0);
        check!(ended, "SIOCGIFADDR under a destroy ended with {value}");
        c.close(fd).on("close")?;
    }
    Ok(())
}

fn mac_asked(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    let fd = c.open_unit(0, O_RDWR)?;
    let thread = c.sys.spawn(ask_address, fd as usize).on("spawn")?;
    let mut number = 0_u8;
    let value = meanwhile(c, thread, || {
        number = number.wrapping_add(1);
        let text: Text<20> = Text::of(format_args!("02:02:02:02:02:{number:02x}"));
        super::sysctl::write(c, "tap0", text.as_str()).on("sysctl write")
    })?;
    check!(value >= 0, "SIOCGIFADDR failed with errno {}", -value);
    check!(value == 0, "an address that begins with {}", value - 1);
    Ok(())
}

/// Opens a node again and again, which somebody else has open, or has gone.
fn open_node_often(s: System, _: usize) -> i64 {
    for _ in 0..ROUNDS {
        if let Ok(fd) = s.open(c"/dev/tap0", O_RDWR) {
            s.close(fd).unwrap_or(());
        }
    }
    0
}

fn destroy_tap0(s: System, socket: usize) -> i64 {
    // The close may have been quicker.
    encode(tap0(s, socket, SIOCIFDESTROY).map(|()| 0))
}

fn revoke_tap0(c: &Ctx) -> Verdict {
    match c.sys.revoke(c"/dev/tap0") {
        // The interface's end has revoked the node just now.
        Ok(()) | Err(Errno::EBADF) => Ok(()),
        Err(e) => Err(e).on("revoke"),
    }
}

fn beside_a_clone(c: &Ctx) -> Verdict {
    c.node(0)?;
    for _ in 0..ROUNDS {
        let (fd, name) = c.open_clone(O_RDWR)?;
        check!(name.as_str() == "tap0", "the lowest free unit is {name}");
        c.set_up("tap0", true).on("up")?;
        let reader = c.sys.spawn(super::read::read_one, fd as usize).on("spawn")?;
        let opener = c.sys.spawn(open_node_often, 0).on("spawn")?;
        meanwhile(c, opener, || revoke_tap0(c))?;
        let early = c.sys.joined(reader);
        check!(early.is_none(), "the cloned descriptor's reader ended with {early:?}");
        // Both ends of the interface at once, and the end of an open that was none.
        c.forget(fd);
        let opener = c.sys.spawn(open_node_often, 0).on("spawn")?;
        let ends = [
            c.sys.spawn(destroy_tap0, c.socket as usize).on("spawn")?,
            c.sys.spawn(super::races::close_it, fd as usize).on("spawn")?,
        ];
        meanwhile(c, opener, || revoke_tap0(c))?;
        for thread in ends {
            c.join(thread, "destroy or close")?;
        }
        c.join(reader, "read under both")?;
    }
    super::module::unloads(c, "afterwards")
}

/// The last to refer to an interface is a knote, or a descriptor of the cloning node. The driver
/// comes and goes meanwhile: any answer will do, as long as there is one.
fn come_and_go(s: System, socket: usize) -> i64 {
    for _ in 0..ROUNDS {
        if let Ok(fd) = s.open(c"/dev/tap", O_RDWR) {
            s.close(fd).unwrap_or(());
        }
        let Ok(kq) = s.kqueue() else { return -1 };
        tap0(s, socket, SIOCIFCREATE).unwrap_or(());
        let fd = s.open(c"/dev/tap0", O_RDWR);
        if let Ok(fd) = fd {
            let change =
                Kev { ident: fd as usize, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
            s.kevent(kq, &[change], &mut [], 0).unwrap_or(0);
        }
        tap0(s, socket, SIOCIFDESTROY).unwrap_or(());
        s.close(kq).unwrap_or(());
        if let Ok(fd) = fd {
            s.close(fd).unwrap_or(());
        }
    }
    0
}

fn unload_against_close(c: &Ctx) -> Verdict {
    c.node(crate::abi::CLONER_MINOR)?;
    c.node(0)?;
    let thread = c.sys.spawn(come_and_go, c.socket as usize).on("spawn")?;
    let value = meanwhile(c, thread, || match c.unload() {
        Ok(()) => c.load().on("load again"),
        Err(Errno::EBUSY) => Ok(()),
        Err(e) => Err(e).on("unload"),
    })?;
    check!(value == 0, "no kqueue");
    super::module::unloads(c, "afterwards")
}
