// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What init does before the cases: a console, a writable /dev, the settings, what the kernel has.

use tap_conformance::abi::{
    makedev, IfReq, AF_INET, AF_INET6, AF_ROUTE, O_RDONLY, O_RDWR, SIOCIFCREATE, SIOCIFDESTROY,
    SOCK_DGRAM, SOCK_RAW, S_IFCHR,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::sys::{Need, System};
use tap_conformance::text::Text;
use tap_conformance::user::{In, Out, Plain};

use crate::kernel::{self, grant, KERNEL};
use crate::raw::{call6, nr};

/// Opens the console as standard output.
pub fn console() -> Result<()> {
    let fd = KERNEL.open(c"/dev/console", O_RDWR)?;
    for standard in 0..3 {
        KERNEL.dup2(fd, standard)?;
    }
    Ok(())
}

/// Where a kernel that can hide processes of other users says whether it does.
const CURTAIN: &str = "security.models.extensions.curtain";

/// struct tmpfs_args.
#[repr(C)]
struct TmpfsArgs {
    version: i32,
    nodes: u64,
    size: u64,
    owner: [u32; 3],
}

/// Makes /dev a place for new nodes: a tmpfs, or the root file system mounted for writing.
pub fn writable_dev() -> Result<()> {
    let args = TmpfsArgs { version: 1, nodes: 200, size: 1 << 20, owner: [0, 0, 0o755] };
    let address = core::ptr::from_ref(&args) as usize;
    let kind = c"tmpfs".as_ptr() as usize;
    let dev = c"/dev".as_ptr() as usize;
    let mounted = call6(nr::MOUNT50, [kind, dev, 0, address, size_of::<TmpfsArgs>(), 0]);
    mounted.or_else(|_| remount_root()).map(drop)
}

fn remount_root() -> Result<usize> {
    const MNT_UPDATE: usize = 0x1_0000;
    // struct ufs_args: a device name, which an update does not need.
    let args: usize = 0;
    let address = core::ptr::from_ref(&args) as usize;
    let kind = c"ext2fs".as_ptr() as usize;
    let root = c"/".as_ptr() as usize;
    call6(nr::MOUNT50, [kind, root, MNT_UPDATE, address, size_of::<usize>(), 0])
}

/// The settings of a run, lines of `key=value` in the image's /conf.
pub struct Settings {
    text: [u8; 4096],
    len: usize,
}

impl Settings {
    /// Reads the file; an image without one runs with the defaults.
    pub fn read() -> Self {
        let mut text = [0; 4096];
        let len = KERNEL
            .open(c"/conf", O_RDONLY)
            .and_then(|fd| {
                let n = KERNEL.read(fd, Out::bytes(&mut text))?;
                KERNEL.close(fd).map(|()| n)
            })
            .unwrap_or(0);
        Self { text, len }
    }

    /// A setting's value, or "".
    pub fn get(&self, key: &str) -> &str {
        let text = core::str::from_utf8(&self.text[..self.len]).unwrap_or("");
        let mut values = text.lines().filter_map(|line| {
            let (k, value) = line.split_once('=')?;
            (k == key).then_some(value)
        });
        values.next().unwrap_or("")
    }
}

fn can_create(socket: i32, name: &str) -> bool {
    let mut req = IfReq::zeroed();
    put_name(&mut req.name, name);
    let made = KERNEL.ioctl(socket, SIOCIFCREATE, Out::value(&mut req));
    made.is_ok() && KERNEL.ioctl(socket, SIOCIFDESTROY, Out::value(&mut req)).is_ok()
}

fn has_bpf() -> bool {
    let Ok(major) = KERNEL.major("bpf") else { return false };
    let made = KERNEL.mknod(c"/dev/bpf", S_IFCHR | 0o600, makedev(major, 0));
    if made.is_err() {
        return false;
    }
    KERNEL.open(c"/dev/bpf", O_RDWR).and_then(|fd| KERNEL.close(fd)).is_ok()
}

fn asks_to_trace(sys: System, _: usize) -> i32 {
    i32::from(sys.fktrace(-1, 0, 0, 0) == Err(Errno::EBADF))
}

/// A kernel without ktrace(2) kills who calls it: a child does.
fn can_trace() -> bool {
    let Ok(pid) = KERNEL.fork(asks_to_trace, 0) else { return false };
    loop {
        match KERNEL.reap(pid) {
            Ok(None) => KERNEL.sleep_ms(1),
            ended => return ended == Ok(Some(1)),
        }
    }
}

fn cpus() -> i32 {
    const CTL_HW: i32 = 6;
    const HW_NCPU: i32 = 3;
    let mut n: i32 = 1;
    KERNEL.sysctl(&[CTL_HW, HW_NCPU], Out::value(&mut n), In::none()).map_or(1, |_| n)
}

/// Finds out what a case may need. Interfaces of other kinds are made here, before any module is
/// unloaded: afterwards a creation may meet a fault of the kernel's own.
pub fn probe() -> Result<()> {
    for need in [Need::Process, Need::Privilege, Need::Revoke] {
        grant(need);
    }
    let grant_if = |found, need| {
        if found {
            grant(need);
        }
    };
    grant_if(has_bpf(), Need::Bpf);
    grant_if(cpus() > 1, Need::Smp);
    grant_if(KERNEL.mbufs().is_ok(), Need::MbufStat);
    grant_if(crate::drvctl::prepare(), Need::Drvctl);
    grant_if(can_trace(), Need::Ktrace);
    grant_if(KERNEL.sysctl_mib(CURTAIN, &mut [0; 12]).is_ok(), Need::Curtain);
    let route = KERNEL.socket(AF_ROUTE, SOCK_RAW, 0);
    grant_if(route.is_ok(), Need::Route);
    if let Ok(fd) = route {
        KERNEL.close(fd)?;
    }
    let stock = KERNEL.open(kernel::STOCK_FILE, O_RDONLY);
    grant_if(stock.is_ok() && KERNEL.modstat(c"if_tap").is_err(), Need::StockFile);
    if let Ok(fd) = stock {
        KERNEL.close(fd)?;
    }
    let inet6 = KERNEL.socket(AF_INET6, SOCK_DGRAM, 0);
    grant_if(inet6.is_ok(), Need::Inet6);
    let socket = KERNEL.socket(AF_INET, SOCK_DGRAM, 0)?;
    for need in [Need::Inet, Need::Groups, Need::Udp, Need::Tcp] {
        grant(need);
    }
    grant_if(can_create(socket, "bridge77"), Need::Bridge);
    grant_if(can_create(socket, "vlan77"), Need::Vlan);
    grant_if(can_create(socket, "lagg77"), Need::Lagg);
    grant_if(can_create(socket, "carp77"), Need::Carp);
    grant_if(can_create(socket, "vether77"), Need::Vether);
    if let Ok(fd) = inet6 {
        KERNEL.close(fd)?;
    }
    KERNEL.close(socket)?;
    let text: Text<80> =
        Text::of(format_args!("# kern.osrevision {} cpus {}", kernel::revision(), cpus()));
    KERNEL.line(text.as_str());
    Ok(())
}
