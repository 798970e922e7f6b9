// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The machine that inputs run on: the host with the module loaded, which an open descriptor of an
//! interface that is gone keeps from being unloaded.

use std::ffi::{CStr, CString};
use std::sync::OnceLock;

use tap_conformance::abi::{
    makedev, IfDataReq, IfReq, AF_INET, CLONER_MINOR, IFF_UP, O_NONBLOCK, O_RDWR, SIOCGIFDATA,
    SIOCIFCREATE, SIOCIFDESTROY, SIOCSIFFLAGS, SIOCSIFMTU, SOCK_DGRAM, S_IFCHR, TAPGIFNAME,
};
use tap_conformance::ctx::{find_major, put_name};
use tap_conformance::errno::{Errno, Result};
use tap_conformance::run::set_int;
use tap_conformance::sys::System;
use tap_conformance::text::until_nul;
use tap_conformance::user::{Out, Plain};
use tap_host::sys::HOST;
use tap_host::world::enter;
use tap_host::{host_panic, kassert, sched};

/// Where the module is, in the environment.
const MODULE: &str = "TAP_MODULE";
/// The module's name.
pub const NAME: &CStr = c"if_tap_rs";
/// The process that makes the calls.
pub const PID: sched::Pid = 1;
/// Units that have a node, beside the cloning one.
pub const UNITS: u32 = 4;
/// Descriptors that are looked for when an input ends.
const DESCRIPTORS: i32 = 64;
/// Milliseconds of the host's time in which everything that is due has happened.
const SETTLED: u32 = 60;

/// A machine between two inputs.
pub struct Machine {
    /// System calls.
    pub sys: System,
    /// A socket for the commands of interfaces.
    pub socket: i32,
    /// The descriptor that keeps the module.
    stale: i32,
    /// What the host has between two inputs.
    before: Vec<String>,
}

/// The machine, made by the first who asks, on the thread that all inputs run on. A seed chooses
/// between its threads at every call of the kernel, or else they take turns.
pub fn machine(seeded: bool) -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| match Machine::new(seeded) {
        Ok(machine) => machine,
        Err(error) => host_panic!("no machine: {error}"),
    })
}

impl Machine {
    fn new(seeded: bool) -> Result<Machine> {
        let Some(path) = std::env::var_os(MODULE) else { host_panic!("{MODULE} is not set") };
        let Ok(path) = CString::new(path.as_encoded_bytes()) else { host_panic!("{MODULE}: NUL") };
        sched::adopt(PID, "fuzzer");
        if seeded {
            enter().seed(1);
        } else {
            enter().take_turns();
        }
        let sys = HOST;
        sys.modload(&path)?;
        #[cfg(feature = "libfuzzer")]
        tap_host::kern::kcov::count(NAME);
        let major = find_major(sys)?;
        for unit in 0..UNITS {
            let Ok(path) = CString::new(format!("/dev/tap{unit}")) else { continue };
            sys.mknod(&path, S_IFCHR | 0o600, makedev(major, unit))?;
        }
        sys.mknod(c"/dev/tap", S_IFCHR | 0o600, makedev(major, CLONER_MINOR))?;
        sys.mknod(c"/dev/bpf", S_IFCHR | 0o600, makedev(sys.major("bpf")?, 0))?;
        sys.sigio_watch(false)?;
        // The stack sends nothing of its own accord.
        set_int(sys, "net.inet.ip.dad_count", 0)?;
        set_int(sys, "net.inet6.ip6.auto_linklocal", 0)?;
        let socket = sys.socket(AF_INET, SOCK_DGRAM, 0)?;
        let stale = sys.open(c"/dev/tap", O_RDWR)?;
        let mut machine = Machine { sys, socket, stale, before: Vec::new() };
        let name = machine.ifname(stale)?;
        machine.destroy(&name)?;
        sys.sleep_ms(SETTLED);
        machine.before = enter().leftovers();
        Ok(machine)
    }

    /// Before an input: interleavings are those of its seed.
    pub fn begin(&self, seed: u64) {
        enter().reseed(seed);
    }

    /// Wakes whoever sleeps in the driver: closes every descriptor, destroys every interface.
    pub fn sweep(&self) {
        let names = enter().net.names();
        for name in names {
            // Another thread may have been faster.
            self.destroy(&name).unwrap_or(());
        }
        for fd in (0..DESCRIPTORS).filter(|fd| *fd != self.socket && *fd != self.stale) {
            // Most are not open.
            self.sys.close(fd).unwrap_or(());
        }
    }

    /// After an input: nothing is left of it.
    pub fn end(&self) {
        let mut world = enter();
        world.memory.fail_in = None;
        world.copies.fault_in = None;
        world.sched.interrupt_in = None;
        drop(world);
        self.sweep();
        self.sys.sleep_ms(SETTLED);
        // What the second sweep finds could not be destroyed the first time.
        self.sweep();
        self.sys.sigio_take();
        // It may look for interfaces that only a call on its way out had kept.
        let unloaded = self.sys.modunload(NAME);
        kassert!(unloaded == Err(Errno::EBUSY), "unloaded under a descriptor: {unloaded:?}");
        let after = enter().leftovers();
        kassert!(after == self.before, "left behind: {after:?} instead of {:?}", self.before);
    }

    /// TAPGIFNAME.
    pub fn ifname(&self, fd: i32) -> Result<String> {
        let mut req = IfReq::garbage();
        self.sys.ioctl(fd, TAPGIFNAME, Out::value(&mut req))?;
        Ok(String::from_utf8_lossy(until_nul(&req.name)).into_owned())
    }

    /// A command of an interface by name, with what its ifreq holds besides.
    pub fn if_ioctl(&self, command: u64, name: &str, data: &[u8]) -> Result<()> {
        let mut req = IfReq::zeroed();
        put_name(&mut req.name, name);
        req.data[..data.len()].copy_from_slice(data);
        self.sys.ioctl(self.socket, command, Out::value(&mut req)).map(drop)
    }

    /// ifconfig create.
    pub fn create(&self, name: &str) -> Result<()> {
        self.if_ioctl(SIOCIFCREATE, name, &[])
    }

    /// ifconfig destroy.
    pub fn destroy(&self, name: &str) -> Result<()> {
        self.if_ioctl(SIOCIFDESTROY, name, &[])
    }

    /// ifconfig up and down.
    pub fn set_up(&self, name: &str, up: bool) -> Result<()> {
        let flags = if up { IFF_UP } else { 0 };
        self.if_ioctl(SIOCSIFFLAGS, name, &flags.to_ne_bytes())
    }

    /// ifconfig mtu.
    pub fn set_mtu(&self, name: &str, mtu: i32) -> Result<()> {
        self.if_ioctl(SIOCSIFMTU, name, &mtu.to_ne_bytes())
    }

    /// The interface's counters.
    pub fn counters(&self, name: &str) -> Result<IfDataReq> {
        let mut req = IfDataReq::zeroed();
        put_name(&mut req.name, name);
        self.sys.ioctl(self.socket, SIOCGIFDATA, Out::value(&mut req))?;
        Ok(req)
    }

    /// An interface that is up, by a cloned descriptor of it.
    pub fn clone_up(&self) -> (i32, String) {
        let made = self.sys.open(c"/dev/tap", O_RDWR | O_NONBLOCK).and_then(|fd| {
            let name = self.ifname(fd)?;
            self.set_up(&name, true)?;
            Ok((fd, name))
        });
        made.unwrap_or_else(|error| host_panic!("no interface: {error}"))
    }

    /// An interface that is up, by its node.
    pub fn node_up(&self) -> (i32, String) {
        let made = self.create("tap0").and_then(|()| {
            let fd = self.sys.open(c"/dev/tap0", O_RDWR | O_NONBLOCK)?;
            self.set_up("tap0", true)?;
            Ok((fd, "tap0".into()))
        });
        made.unwrap_or_else(|error| host_panic!("no interface: {error}"))
    }
}
