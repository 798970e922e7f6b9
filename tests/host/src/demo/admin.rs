// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What an administrator does: modload(8), ifconfig(8), sysctl(8), tcpdump(8), netstat(1).

use std::cell::Cell;

use tap_conformance::abi::{
    makedev, BpfHdr, IfMediaReq, IfReq, BIOCGBLEN, BIOCIMMEDIATE, BIOCSETIF, FIONBIO,
    IFF_BROADCAST, IFF_MULTICAST, IFF_RUNNING, IFF_SIMPLEX, IFF_UP, IFM_ACTIVE, LINK_STATE_UP,
    O_RDWR, SIOCGIFMEDIA, S_IFCHR,
};
use tap_conformance::case::{Failure, Fallible, On};
use tap_conformance::ctx::{put_name, Ctx};
use tap_conformance::frames::our_ip;
use tap_conformance::run::set_int;
use tap_conformance::text::until_nul;
use tap_conformance::user::{In, Out, Plain};
use tap_conformance::{Errno, Module};
use tap_host::stack;
use tap_host::sys::HOST;
use tap_host::world;

use super::Machine;

thread_local! {
    /// How much of the kernel's messages has been shown.
    static SHOWN: Cell<usize> = const { Cell::new(0) };
}

/// A command, as typed.
pub fn prompt(command: &str) {
    println!("\n# {command}");
}

/// A remark.
pub fn comment(text: &str) {
    println!("\n-- {text}");
}

/// What the kernel has said since last asked.
fn dmesg() {
    let text = world::enter().messages.text().to_string();
    print!("{}", &text[SHOWN.get()..]);
    SHOWN.set(text.len());
}

/// modload(8).
pub fn modload<'a>(module: Module<'a>) -> Fallible<Machine<'a>> {
    prompt(&format!("modload {}", module.path.to_string_lossy()));
    HOST.modload(module.path).on("modload")?;
    dmesg();
    Ctx::new(HOST, module).on("the driver's major number")
}

/// Keeps the stack from speaking of its own accord, so that the transcript is the same each time.
pub fn quiet(machine: &Machine<'_>) -> Fallible<()> {
    const NAMES: [&str; 2] = ["net.inet.ip.dad_count", "net.inet6.ip6.auto_linklocal"];
    prompt(&format!("sysctl -w {}=0 {}=0", NAMES[0], NAMES[1]));
    for name in NAMES {
        set_int(machine.sys, name, 0).on(name)?;
        println!("{name} -> 0");
    }
    Ok(())
}

/// ifconfig create.
pub fn create(machine: &Machine<'_>, name: &str) -> Fallible<()> {
    prompt(&format!("ifconfig {name} create"));
    machine.create(name).on("SIOCIFCREATE")?;
    dmesg();
    Ok(())
}

/// ifconfig destroy.
pub fn destroy(machine: &Machine<'_>, name: &str) -> Fallible<()> {
    prompt(&format!("ifconfig {name} destroy"));
    machine.destroy(name).on("SIOCIFDESTROY")
}

/// ifconfig inet … up.
pub fn inet_up(machine: &Machine<'_>, name: &str, net: u8) -> Fallible<()> {
    let [a, b, c, d] = our_ip(net);
    prompt(&format!("ifconfig {name} inet {a}.{b}.{c}.{d}/24 up"));
    machine.inet(name, net).on("SIOCAIFADDR")?;
    machine.set_up(name, true).on("SIOCSIFFLAGS")
}

/// ifconfig of one interface.
pub fn ifconfig(machine: &Machine<'_>, name: &str) -> Fallible<()> {
    const NAMES: [(i16, &str); 5] = [
        (IFF_UP, "UP"),
        (IFF_BROADCAST, "BROADCAST"),
        (IFF_RUNNING, "RUNNING"),
        (IFF_SIMPLEX, "SIMPLEX"),
        (IFF_MULTICAST, "MULTICAST"),
    ];
    prompt(&format!("ifconfig {name}"));
    let flags = machine.flags(name).on("SIOCGIFFLAGS")?;
    let mtu = machine.mtu(name).on("SIOCGIFMTU")?;
    let words: Vec<_> = NAMES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, w)| *w).collect();
    println!("{name}: flags={:#x}<{}> mtu {mtu}", flags as u16, words.join(","));
    println!("\taddress: {}", mac(machine, name)?);
    let (count, active) = media(machine, name)?;
    println!("\tmedia: Ethernet, {count} to choose from");
    println!("\tstatus: {}", if active { "active" } else { "no carrier" });
    Ok(())
}

/// How many media there are to choose from, and whether there is a carrier.
fn media(machine: &Machine<'_>, name: &str) -> Fallible<(i32, bool)> {
    let mut media = IfMediaReq::zeroed();
    put_name(&mut media.name, name);
    machine.sys.ioctl(machine.socket, SIOCGIFMEDIA, Out::value(&mut media)).on("SIOCGIFMEDIA")?;
    Ok((media.count, media.status & IFM_ACTIVE != 0))
}

/// The stack hears of a link by a thread of its own: waits until it has.
pub fn wait_for_link(machine: &Machine<'_>, name: &str, up: bool) -> Fallible<()> {
    if machine.wait_for(|| media(machine, name).is_ok_and(|(_, active)| active == up)) {
        return Ok(());
    }
    Err(Failure::of(format_args!("the link of {name} does not change")))
}

/// The address that the sysctl node shows.
fn mac(machine: &Machine<'_>, name: &str) -> Fallible<String> {
    let mut mib = [0; 12];
    let depth = machine.sys.sysctl_mib(&node(name), &mut mib).on("the sysctl node")?;
    let mut text = [0; 18];
    machine.sys.sysctl(&mib[..depth], Out::bytes(&mut text), In::none()).on("sysctl")?;
    Ok(String::from_utf8_lossy(until_nul(&text)).into_owned())
}

fn node(name: &str) -> String {
    format!("net.link.tap.{name}")
}

/// sysctl of the address, and sysctl -w of a new one.
pub fn sysctl_mac(machine: &Machine<'_>, name: &str, new: &str) -> Fallible<()> {
    let node = node(name);
    prompt(&format!("sysctl {node}"));
    let old = mac(machine, name)?;
    println!("{node} = {old}");
    prompt(&format!("sysctl -w {node}={new}"));
    let mut mib = [0; 12];
    let depth = machine.sys.sysctl_mib(&node, &mut mib).on("the sysctl node")?;
    machine.sys.sysctl(&mib[..depth], Out::none(), In::bytes(new.as_bytes())).on("sysctl -w")?;
    println!("{node}: {old} -> {}", mac(machine, name)?);
    prompt(&format!("sysctl -w {node}=ff:ff:ff:ff:ff:ff"));
    let group = In::bytes(b"ff:ff:ff:ff:ff:ff");
    machine
        .sys
        .sysctl(&mib[..depth], Out::none(), group)
        .fails_with(Errno::EINVAL, "a group address")?;
    println!("sysctl: {node}: sysctl() failed with Invalid argument");
    Ok(())
}

/// netstat -i -b of one interface.
pub fn netstat(machine: &Machine<'_>, name: &str) -> Fallible<()> {
    prompt(&format!("netstat -I {name} -bd"));
    let data = machine.settled_data(name)?;
    println!("frames in {}, bytes in {}, errors {}", data.ipackets, data.ibytes, data.ierrors);
    println!("frames out {}, bytes out {}, errors {}", data.opackets, data.obytes, data.oerrors);
    println!("link {}", if data.link_state == LINK_STATE_UP { "up" } else { "down" });
    Ok(())
}

/// Opens a bpf(4) tap of the interface.
pub fn start_tcpdump(machine: &Machine<'_>, name: &str) -> Fallible<i32> {
    prompt(&format!("tcpdump -i {name} &"));
    let sys = machine.sys;
    let major = sys.major("bpf").on("the major number of bpf")?;
    sys.mknod(c"/dev/bpf", S_IFCHR | 0o600, makedev(major, 0)).on("mknod")?;
    let fd = machine.open(c"/dev/bpf", O_RDWR).on("open of /dev/bpf")?;
    let mut on: u32 = 1;
    sys.ioctl(fd, BIOCIMMEDIATE, Out::value(&mut on)).on("BIOCIMMEDIATE")?;
    let mut request = IfReq::zeroed();
    put_name(&mut request.name, name);
    sys.ioctl(fd, BIOCSETIF, Out::value(&mut request)).on("BIOCSETIF")?;
    sys.ioctl(fd, FIONBIO, Out::value(&mut on)).on("FIONBIO")?;
    Ok(fd)
}

/// What the bpf(4) tap has seen, a line for each frame.
pub fn tcpdump(machine: &Machine<'_>, fd: i32, name: &str) -> Fallible<()> {
    comment(&format!("what tcpdump saw on {name}"));
    let mut room: u32 = 0;
    machine.sys.ioctl(fd, BIOCGBLEN, Out::value(&mut room)).on("BIOCGBLEN")?;
    let mut buffer = vec![0; room as usize];
    loop {
        let got = match machine.sys.read(fd, Out::bytes(&mut buffer)) {
            Ok(0) | Err(Errno::EAGAIN) => return Ok(()),
            other => other.on("read of /dev/bpf")?,
        };
        let mut rest = &buffer[..got];
        while let Some((frame, next)) = record(rest)? {
            println!("{}", stack::describe(frame));
            rest = next;
        }
    }
}

/// The first record of a bpf(4) buffer: its frame, and what follows.
fn record(buffer: &[u8]) -> Fallible<Option<(&[u8], &[u8])>> {
    if buffer.is_empty() {
        return Ok(None);
    }
    let mut header = BpfHdr::zeroed();
    let size = size_of::<BpfHdr>();
    let bad = || Failure::of(format_args!("bpf: a record of {} bytes", buffer.len()));
    header.as_bytes_mut().copy_from_slice(buffer.get(..size).ok_or_else(bad)?);
    let start = usize::from(header.hdrlen);
    let end = start + header.caplen as usize;
    let frame = buffer.get(start..end).ok_or_else(bad)?;
    // BPF_WORDALIGN.
    let next = buffer.get(end.next_multiple_of(size_of::<i64>())..).unwrap_or(&[]);
    Ok(Some((frame, next)))
}
