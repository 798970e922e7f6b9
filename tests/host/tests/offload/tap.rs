// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! One interface and its descriptor, of a module that is loaded for one test.

use std::ffi::CString;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tap_conformance::abi::{
    makedev, IfDataReq, IfReq, AF_INET, FIONBIO, FIONREAD, IFF_UP, O_RDWR, SIOCGIFDATA,
    SIOCIFCREATE, SIOCIFDESTROY, SIOCSIFFLAGS, SIOCSIFMTU, SOCK_DGRAM, S_IFCHR,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::{Errno, Result};
use tap_conformance::run::set_linklocal;
use tap_conformance::user::{In, Out, Plain};
use tap_host::kern::net::probe::Seen;
use tap_host::kern::packet::Offload;
use tap_host::kpi;
use tap_host::sched;
use tap_host::sys::HOST;
use tap_host::world::enter;

use crate::built::{path, NAME};
use crate::ifconfig::ifconfig;
use crate::tcp::PLAIN;

/// A command of the group of tap(4)'s that takes an int.
const fn command(direction: u64, number: u64) -> u64 {
    direction | 4 << 16 | (b'e' as u64) << 8 | number
}

const TAPSVNETHDR: u64 = command(0x8000_0000, 16);
const TAPSOFFLOAD: u64 = command(0x8000_0000, 18);
/// What a reader takes.
pub const CSUM: i32 = 1;
pub const TSO4: i32 = 2;
pub const TSO6: i32 = 4;
pub const ECN: i32 = 8;
pub const ALL: i32 = CSUM | TSO4 | TSO6 | ECN;
/// What a frame begins with that only marks the end of others, and how many there were.
const MARK: [u8; 60] = [0x55; 60];
static MARKS: AtomicU64 = AtomicU64::new(0);

/// One test at a time, for each counts what is left.
static ALONE: Mutex<()> = Mutex::new(());

/// The interface, up, and its descriptor, which does not block.
pub struct Tap {
    fd: i32,
    socket: i32,
    header: usize,
    /// How many mbufs there are while nothing is on its way.
    mbufs: u64,
    name: &'static str,
    /// Not of one beside another, which the module stays for.
    alone: Option<MutexGuard<'static, ()>>,
}

impl Tap {
    /// With offload headers of that length, for a reader that takes this.
    pub fn open(header: i32, takes: i32) -> Tap {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        sched::adopt(1, "test");
        set_linklocal(HOST, false).unwrap();
        HOST.modload(&path()).unwrap_or_else(|e| panic!("{e}: {}", enter().messages.text()));
        Self::make("tap0", 0, Some(alone)).with(header, takes)
    }

    /// Another one, which must go first.
    pub fn beside(&self, header: i32, takes: i32) -> Tap {
        Self::make("tap1", 1, None).with(header, takes)
    }

    fn make(name: &'static str, unit: u32, alone: Option<MutexGuard<'static, ()>>) -> Tap {
        ifconfig(SIOCIFCREATE, name).unwrap();
        let node = CString::new("/dev/offload").unwrap();
        let major = HOST.major("tap").unwrap();
        HOST.mknod(&node, S_IFCHR | 0o600, makedev(major, unit)).unwrap();
        let fd = HOST.open(&node, O_RDWR).unwrap();
        HOST.unlink(&node).unwrap();
        let socket = HOST.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        Tap { fd, socket, header: 0, mbufs: 0, name, alone }
    }

    fn with(mut self, header: i32, takes: i32) -> Tap {
        self.set_int(FIONBIO, 1).unwrap();
        self.set_up(self.name);
        self.set_header(header).unwrap();
        self.set_takes(takes).unwrap();
        enter().watch_input();
        self.mbufs = enter().mbufs.in_use();
        self
    }

    /// The device's descriptor.
    pub fn descriptor(&self) -> i32 {
        self.fd
    }

    /// The interface's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// `ifconfig up` of this one or another.
    pub fn set_up(&self, name: &str) {
        let mut request = IfReq::zeroed();
        put_name(&mut request.name, name);
        request.data[..2].copy_from_slice(&IFF_UP.to_ne_bytes());
        self.ask(SIOCSIFFLAGS, &mut request).unwrap();
    }

    /// An ioctl(2) of an interface.
    pub fn ask<T: Plain>(&self, command: u64, request: &mut T) -> Result<()> {
        HOST.ioctl(self.socket, command, Out::value(request)).map(drop)
    }

    fn request(&self) -> IfReq {
        let mut request = IfReq::zeroed();
        put_name(&mut request.name, self.name);
        request
    }

    fn set_int(&self, command: u64, mut value: i32) -> Result<()> {
        HOST.ioctl(self.fd, command, Out::value(&mut value)).map(drop)
    }

    /// TAPSVNETHDR.
    pub fn set_header(&mut self, len: i32) -> Result<()> {
        self.set_int(TAPSVNETHDR, len)?;
        self.header = len as usize;
        Ok(())
    }

    /// TAPSOFFLOAD.
    pub fn set_takes(&self, bits: i32) -> Result<()> {
        self.set_int(TAPSOFFLOAD, bits)
    }

    /// SIOCSIFMTU.
    pub fn set_mtu(&self, mtu: i32) {
        let mut request = self.request();
        request.data[..4].copy_from_slice(&mtu.to_ne_bytes());
        self.ask(SIOCSIFMTU, &mut request).unwrap();
    }

    /// SIOCSIFCAP: what is enabled from now on.
    pub fn enable(&self, capenable: u64) -> Result<()> {
        let mut request = [0; 32];
        request[..self.name.len()].copy_from_slice(self.name.as_bytes());
        request[24..].copy_from_slice(&capenable.to_ne_bytes());
        self.ask(kpi::SIOCSIFCAP.into(), &mut request)
    }

    /// FIONREAD.
    pub fn waiting(&self) -> i32 {
        let mut value = 0_i32;
        HOST.ioctl(self.fd, FIONREAD, Out::value(&mut value)).unwrap();
        value
    }

    /// One read(2), of at most so many bytes; `None` when there is nothing.
    pub fn read_at_most(&self, len: usize) -> Result<Option<Vec<u8>>> {
        let mut bytes = vec![0xa5; len];
        match HOST.read(self.fd, Out::bytes(&mut bytes)) {
            Err(Errno::EAGAIN) => Ok(None),
            Err(error) => Err(error),
            Ok(read) => {
                bytes.truncate(read);
                Ok(Some(bytes))
            }
        }
    }

    /// One whole frame: its header's bytes, and its own.
    pub fn read(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut all = self.read_at_most(1 << 17).unwrap()?;
        let frame = all.split_off(self.header);
        Some((all, frame))
    }

    /// Has the stack send a packet of these mbufs; the driver's error.
    pub fn transmit(&self, pieces: &[&[u8]], offload: Offload) -> u32 {
        let mut world = enter();
        let packet = world.packet_of(pieces, offload);
        world.transmit(self.name, packet) as u32
    }

    /// The same, while somebody else refers to the bytes, who must find them as they were once
    /// `read` has been called.
    pub fn transmit_shared<R>(
        &self,
        pieces: &[&[u8]],
        offload: Offload,
        read: impl FnOnce(&Tap) -> R,
    ) -> R {
        let other = {
            let mut world = enter();
            let packet = world.packet_of(pieces, offload);
            let other = world.m_copypacket(packet).unwrap();
            assert_eq!(world.transmit(self.name, packet), 0);
            other
        };
        let result = read(self);
        assert_eq!(other.bytes(), pieces.concat(), "a packet that others see was written to");
        assert_eq!(other.offload(), offload);
        enter().m_freem(other);
        result
    }

    /// One write(2) of a frame behind a header, whose bytes are as many as there are to be.
    pub fn write(&self, header: &[u8; 12], frame: &[u8]) -> Result<()> {
        self.write_bytes(&[&header[..self.header], frame].concat())
    }

    /// One write(2).
    pub fn write_bytes(&self, bytes: &[u8]) -> Result<()> {
        HOST.write(self.fd, In::bytes(bytes)).map(|written| assert_eq!(written, bytes.len()))
    }

    /// What has been handed up since this was last asked. What comes is waited for by a frame that
    /// comes behind it, which is one of several if there was no place for the first.
    pub fn handed_up(&self) -> Vec<Seen> {
        let first = MARKS.load(Relaxed);
        let mut all: Vec<Seen> = Vec::new();
        for _ in 0..1000 {
            let mark = [&MARK[..], &MARKS.fetch_add(1, Relaxed).to_be_bytes()].concat();
            self.write(&PLAIN, &mark).unwrap();
            HOST.sleep_ms(1);
            all.append(&mut enter().watched_input());
            let number = |seen: &Seen| {
                let number = seen.bytes.strip_prefix(&MARK)?;
                number.try_into().ok().map(u64::from_be_bytes)
            };
            if all.iter().filter_map(number).any(|number| number >= first) {
                all.retain(|seen| number(seen).is_none());
                return all;
            }
        }
        panic!("the last frame never came up");
    }

    /// The interface's counters.
    pub fn data(&self) -> IfDataReq {
        let mut request = IfDataReq::zeroed();
        put_name(&mut request.name, self.name);
        self.ask(SIOCGIFDATA, &mut request).unwrap();
        request
    }

    /// Waits until no mbuf is left of all that was on its way.
    pub fn settle(&self) {
        for _ in 0..1000 {
            if enter().mbufs.in_use() == self.mbufs {
                return;
            }
            HOST.sleep_ms(1);
        }
        panic!("{} mbufs instead of {}", enter().mbufs.in_use(), self.mbufs);
    }

    /// Frames that the interface was to send and did not: net.interfaces.tap0.sndq.drops.
    pub fn drops(&self) -> u64 {
        let mut mib = [0; 12];
        let n = HOST.sysctl_mib("net.interfaces.tap0.sndq.drops", &mut mib).unwrap();
        let mut value = 0_u64;
        HOST.sysctl(&mib[..n], Out::value(&mut value), In::none()).unwrap();
        value
    }
}

/// Ends all, and nothing is left.
impl Drop for Tap {
    fn drop(&mut self) {
        let mut ends =
            vec![HOST.close(self.fd), HOST.close(self.socket), ifconfig(SIOCIFDESTROY, self.name)];
        if self.alone.is_none() {
            return;
        }
        ends.push(HOST.modunload(NAME));
        let left = enter().leftovers();
        // What is left of a test that fails says less than its panic.
        if !std::thread::panicking() {
            assert_eq!(ends, [Ok(()); 4]);
            assert_eq!(left, Vec::<String>::new());
        }
    }
}
