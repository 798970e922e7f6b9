// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The steps of a storm's threads, with the errnos that each may end in.

use core::sync::atomic::Ordering;

use crate::abi::{
    Kev, PollFd, Stat, AF_LINK, EVFILT_READ, EVFILT_WRITE, EV_ADD, EV_CLEAR, FIOASYNC, FIONREAD,
    FIOSETOWN, F_SETFL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, POLLIN, POLLOUT, SIOCGIFDATA,
    SIOCGIFFLAGS, SIOCGIFMEDIA, SIOCIFCREATE, SIOCIFDESTROY, SIOCSIFFLAGS, SIOCSIFPHYADDR,
    TAPGIFNAME, TAPSTRANSIENT, UNKNOWN_IOCTL,
};
use crate::ctx::put_name;
use crate::errno::Errno;
use crate::frames;
use crate::net::sockaddr_in;
use crate::sys::{Need, System};
use crate::text::Text;
use crate::user::{In, Out, Plain};

use super::{note, Random, SHARED, UNITS};

/// What a thread does: steps, each of a kind that chance picks.
pub fn work(sys: System, seed: usize) -> i64 {
    let mut random = Random(seed as u32);
    for _ in 0..SHARED.steps.load(Ordering::Relaxed) {
        if sys.now_ms() > SHARED.end.load(Ordering::Relaxed) {
            break;
        }
        match random.below(20) {
            0..=2 => create(sys, &mut random),
            3 | 4 => destroy(sys, &mut random),
            5..=8 => configure(sys, &mut random),
            9..=13 => node(sys, &mut random),
            14..=16 => cloned(sys, &mut random),
            17 => address(sys, &mut random),
            18 => revoke(sys, &mut random),
            _ => reload(sys, &mut random),
        }
    }
    0
}

fn unit_name(random: &mut Random) -> Text<16> {
    Text::of(format_args!("tap{}", random.below(UNITS)))
}

fn ask(sys: System, kind: usize, command: u64, name: &str, data: &[u8], allowed: &[Errno]) {
    // Wide enough for every command here.
    #[repr(C, align(8))]
    struct Wide([u8; 512]);
    let mut wide = Wide([0; 512]);
    let mut field = [0; 16];
    put_name(&mut field, name);
    wide.0[..16].copy_from_slice(&field);
    wide.0[16..16 + data.len()].copy_from_slice(data);
    let socket = SHARED.socket.load(Ordering::Relaxed);
    note(kind, sys.ioctl(socket, command, Out::bytes(&mut wide.0)), allowed);
}

fn create(sys: System, random: &mut Random) {
    // EINVAL: no cloner, the module is unloaded.
    let allowed = [Errno::EEXIST, Errno::EINVAL, Errno::ENXIO];
    ask(sys, 0, SIOCIFCREATE, unit_name(random).as_str(), &[], &allowed);
}

fn destroy(sys: System, random: &mut Random) {
    let allowed = [Errno::ENXIO, Errno::EINVAL, Errno::EOPNOTSUPP, Errno::EBUSY];
    ask(sys, 1, SIOCIFDESTROY, unit_name(random).as_str(), &[], &allowed);
}

fn configure(sys: System, random: &mut Random) {
    let name = unit_name(random);
    // The interface may not be there, or be on its way out.
    let allowed = [Errno::ENXIO, Errno::EOPNOTSUPP, Errno::ENOTTY, Errno::EBUSY];
    let mut data = [0; 16];
    match random.below(7) {
        0..=2 => {
            let flags: i16 = if random.one_in(4) { 0 } else { 1 };
            ask(sys, 2, SIOCSIFFLAGS, name.as_str(), &flags.to_ne_bytes(), &allowed);
        }
        3 => {
            sockaddr_in(&mut data, frames::our_ip(random.below(UNITS) as u8));
            let mut pair = [0; 48];
            pair[..16].copy_from_slice(&data);
            sockaddr_in(&mut data, [255, 255, 255, 0]);
            pair[32..].copy_from_slice(&data);
            // EEXIST and EADDRNOTAVAIL: another interface has the address.
            let allowed = [
                Errno::ENXIO,
                Errno::EEXIST,
                Errno::EOPNOTSUPP,
                Errno::EADDRNOTAVAIL,
                Errno::EBUSY,
                Errno::ENOTTY,
            ];
            ask(sys, 2, crate::abi::SIOCAIFADDR, name.as_str(), &pair, &allowed);
        }
        4 => {
            data[..2].copy_from_slice(&[16, AF_LINK as u8]);
            data[2..8].copy_from_slice(&[2, 0x11, 0x22, 0x33, 0x44, random.next() as u8]);
            ask(sys, 2, SIOCSIFPHYADDR, name.as_str(), &data, &allowed);
        }
        5 => ask(sys, 2, SIOCGIFMEDIA, name.as_str(), &[], &allowed),
        _ => {
            ask(sys, 2, SIOCGIFFLAGS, name.as_str(), &[], &allowed);
            ask(sys, 2, SIOCGIFDATA, name.as_str(), &[], &allowed);
        }
    }
}

fn open(sys: System, minor: Option<u32>, random: &mut Random) -> Option<i32> {
    let mode = match random.below(6) {
        0 => O_RDONLY,
        1 => O_WRONLY,
        _ => O_RDWR,
    };
    // Most do not wait, lest all threads sleep.
    let wait = if random.one_in(5) { 0 } else { O_NONBLOCK };
    let path: Text<32> = match minor {
        Some(unit) => Text::of(format_args!("/dev/tap{unit}")),
        None => Text::of(format_args!("/dev/tap")),
    };
    // EIO and EBADF: the node is being revoked. ENODEV: the module is unloaded. EINTR: a SIGIO came
    // while the node's last close was waited for.
    let allowed =
        [Errno::ENXIO, Errno::EBUSY, Errno::EIO, Errno::EBADF, Errno::ENODEV, Errno::EINTR];
    note(3, sys.open(path.as_cstr(), mode | wait), &allowed)
}

fn node(sys: System, random: &mut Random) {
    let unit = random.below(UNITS);
    if let Some(fd) = open(sys, Some(unit), random) {
        for _ in 0..random.below(8) {
            use_descriptor(sys, fd, random);
        }
        if random.one_in(4) {
            tell(sys, fd, 1);
        }
        note(5, sys.close(fd), &[]);
    }
}

/// TAPSTRANSIENT. ENOTTY: NetBSD's own driver.
fn tell(sys: System, fd: i32, value: i32) -> bool {
    let mut value = value;
    let allowed = [Errno::ENXIO, Errno::EIO, Errno::EBADF, Errno::ENOTTY];
    note(4, sys.ioctl(fd, TAPSTRANSIENT, Out::value(&mut value)), &allowed).is_some()
}

fn cloned(sys: System, random: &mut Random) {
    if let Some(fd) = open(sys, None, random) {
        if random.one_in(2) {
            let mut name = [0; 144];
            let got = note(4, sys.ioctl(fd, TAPGIFNAME, Out::bytes(&mut name)), &[Errno::ENXIO]);
            let name = core::str::from_utf8(crate::text::until_nul(&name[..16])).unwrap_or("");
            if got.is_some() {
                let allowed = [Errno::ENXIO];
                ask(sys, 2, SIOCSIFFLAGS, name, &1_i16.to_ne_bytes(), &allowed);
            }
            if got.is_some() && random.one_in(4) && tell(sys, fd, 0) {
                note(5, sys.close(fd), &[]);
                let allowed = [Errno::ENXIO, Errno::EINVAL, Errno::EBUSY];
                return ask(sys, 1, SIOCIFDESTROY, name, &[], &allowed);
            }
        }
        for _ in 0..random.below(8) {
            use_descriptor(sys, fd, random);
        }
        note(5, sys.close(fd), &[]);
    }
}

fn use_descriptor(sys: System, fd: i32, random: &mut Random) {
    // Gone or revoked; EBADF also for the wrong direction.
    let gone = [Errno::ENXIO, Errno::EIO, Errno::EBADF];
    let mut frame = [0; 1600];
    match random.below(10) {
        0..=2 => {
            let length = random.below(1600) as usize;
            frames::plain(&mut frame, frames::BROADCAST);
            let [a, b, c] = gone;
            let allowed = [a, b, c, Errno::EINVAL, Errno::EMSGSIZE, Errno::ENOBUFS];
            note(4, sys.write(fd, In::bytes(&frame[..length])), &allowed);
        }
        3 | 4 => {
            let [a, b, c] = gone;
            let allowed = [a, b, c, Errno::EHOSTDOWN, Errno::EAGAIN, Errno::EINTR];
            note(4, sys.read(fd, Out::bytes(&mut frame)), &allowed);
        }
        5 => {
            let mut fds = [PollFd { fd, events: POLLIN | POLLOUT, revents: 0 }];
            if random.one_in(2) {
                fds[0].events = POLLIN;
            }
            note(4, sys.poll(&mut fds, random.below(20) as i32), &[Errno::EINTR]);
        }
        6 => knote(sys, fd, random),
        7 => {
            let mut value = 1_i32;
            note(4, sys.ioctl(fd, FIOASYNC, Out::value(&mut value)), &gone);
            value = sys.getpid();
            note(4, sys.ioctl(fd, FIOSETOWN, Out::value(&mut value)), &gone);
        }
        8 => {
            let mut value = 0_i32;
            note(4, sys.ioctl(fd, FIONREAD, Out::value(&mut value)), &gone);
            let allowed = [Errno::ENOTTY, Errno::ENXIO, Errno::EBADF, Errno::EIO];
            note(4, sys.ioctl(fd, UNKNOWN_IOCTL, Out::value(&mut value)), &allowed);
        }
        _ => {
            let mut st = Stat::zeroed();
            note(4, sys.fstat(fd, Out::value(&mut st)), &gone);
            note(4, sys.fcntl(fd, F_SETFL, O_NONBLOCK as usize), &gone);
        }
    }
}

fn knote(sys: System, fd: i32, random: &mut Random) {
    let Some(kq) = note(4, sys.kqueue(), &[]) else { return };
    let filter = if random.one_in(3) { EVFILT_WRITE } else { EVFILT_READ };
    let change = Kev { ident: fd as usize, filter, flags: EV_ADD | EV_CLEAR, ..Kev::default() };
    let mut events = [Kev::default()];
    let allowed = [Errno::ENXIO, Errno::EBADF, Errno::EIO, Errno::EINTR];
    note(4, sys.kevent(kq, &[change], &mut events, random.below(20) as i32), &allowed);
    note(5, sys.close(kq), &[]);
}

fn address(sys: System, random: &mut Random) {
    let name: Text<40> = Text::of(format_args!("net.link.tap.{}", unit_name(random).as_str()));
    let text: Text<20> = Text::of(format_args!("02:11:22:33:44:{:02x}", random.next() as u8));
    let mut mib = [0; 12];
    let allowed = [Errno::ENOENT, Errno::ENXIO];
    if let Some(depth) = note(6, sys.sysctl_mib(name.as_str(), &mut mib), &allowed) {
        let new = In::bytes(text.as_str().as_bytes());
        // ENOTDIR, 20: net.link.tap went meanwhile, and its number is another node's.
        let allowed = [Errno::ENOENT, Errno::ENXIO, Errno::EOPNOTSUPP, Errno(20)];
        note(6, sys.sysctl(&mib[..depth], Out::none(), new), &allowed);
    }
}

fn revoke(sys: System, random: &mut Random) {
    if sys.has(Need::Revoke) {
        let path: Text<32> = Text::of(format_args!("/dev/{}", unit_name(random).as_str()));
        // EBADF: the vnode died between its lookup and its turn, by a destroy or another revoke.
        let allowed = [Errno::ENXIO, Errno::ENODEV, Errno::EBADF];
        note(7, sys.revoke(path.as_cstr()), &allowed);
    }
}

fn reload(sys: System, random: &mut Random) {
    let [path, name] = SHARED.module.each_ref().map(|slot| slot.load(Ordering::Relaxed));
    if path == 0 || !random.one_in(3) {
        return;
    }
    // SAFETY: the address of the path that the storm's context borrows for as long as it runs.
    let path = unsafe { core::ffi::CStr::from_ptr(path as usize as *const _) };
    // SAFETY: as above, its name.
    let name = unsafe { core::ffi::CStr::from_ptr(name as usize as *const _) };
    // Busy is the usual answer; ENOENT: another thread was quicker.
    if note(8, sys.modunload(name), &[Errno::EBUSY, Errno::ENOENT]).is_some() {
        note(8, sys.modload(path), &[Errno::EEXIST]);
    }
}
