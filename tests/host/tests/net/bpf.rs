// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! bpf(4) shows frames, sends them, and wakes who waits for one.

use tap_conformance::abi::{
    makedev, BpfHdr, PollFd, BIOCGBLEN, BIOCIMMEDIATE, BIOCSDIRECTION, BIOCSETIF, BPF_D_IN,
    BPF_D_INOUT, BPF_D_OUT, IFF_UP, O_RDWR, POLLIN, S_IFCHR,
};
use tap_conformance::errno::Errno;
use tap_conformance::frames::PEER_MAC;
use tap_conformance::sys::System;
use tap_conformance::user::Out;
use tap_host::sys::HOST;
use tap_host::world::enter;

use crate::driver::{Driver, MAC};
use crate::traffic::plain;
use crate::user::{adopt, data, ifreq, set_flags, wait_for};

#[test]
fn bpf_sees_each_direction() {
    adopt();
    let driver = Driver::attach("bpf0");
    set_flags("bpf0", IFF_UP).unwrap();
    let listen = |direction: u32| {
        let mut world = enter();
        let id = world.bpf_open();
        let mut request = ifreq("bpf0");
        let mut direction = direction;
        assert_eq!(world.bpf_ioctl(id, BIOCSETIF, (&raw mut request).cast()), 0);
        assert_eq!(world.bpf_ioctl(id, BIOCSDIRECTION, (&raw mut direction).cast()), 0);
        id
    };
    let listeners = [listen(BPF_D_IN), listen(BPF_D_OUT), listen(BPF_D_INOUT)];
    driver.receive(&plain(61, MAC));
    wait_for("input", || data("bpf0").ipackets == 1);
    assert_eq!(enter().bpf_write(listeners[2], &plain(100, PEER_MAC)), Ok(()));
    let mut size: u32 = 0;
    enter().bpf_ioctl(listeners[0], BIOCGBLEN, (&raw mut size).cast());
    let read = |id| enter().bpf_read(id, size as usize, true);
    // The driver of the tests shows bpf nothing that goes out.
    for (id, seen) in listeners.into_iter().zip([Some(61), None, Some(61)]) {
        let bytes = read(id);
        let Some(len) = seen else {
            assert_eq!(bytes, Err(Errno::EAGAIN));
            continue;
        };
        let bytes = bytes.unwrap();
        let (caplen, hdrlen) = (bytes.len() - 34, 34);
        assert!(hdrlen >= size_of::<BpfHdr>());
        assert_eq!(caplen, len);
        assert_eq!(bytes[hdrlen..], plain(len, MAC));
        assert_eq!(enter().bpf_read(id, 10, true), Err(Errno::EINVAL));
    }
    let sent = std::mem::take(&mut *driver.sent.lock().unwrap());
    let mut expected = plain(100, PEER_MAC);
    expected[6..12].copy_from_slice(&MAC);
    assert_eq!(sent, [expected]);
    driver.detach();
    // Whoever listened hears no more, and the descriptor is still there.
    assert_eq!(read(listeners[0]), Err(Errno::EAGAIN));
    assert_eq!(enter().bpf_write(listeners[2], &plain(100, PEER_MAC)), Err(Errno::ENXIO));
    listeners.into_iter().for_each(|id| enter().bpf_close(id));
}

/// Waits for a frame on a descriptor: what poll(2) says, and then how many bytes there were.
fn wait_and_read(sys: System, fd: usize) -> i64 {
    let mut fds = [PollFd { fd: fd as i32, events: POLLIN, revents: 0 }];
    if sys.poll(&mut fds, -1) != Ok(1) || fds[0].revents != POLLIN {
        return -1;
    }
    let mut buffer = vec![0; 32768];
    sys.read(fd as i32, Out::bytes(&mut buffer)).map_or(-2, |n| n as i64)
}

#[test]
fn a_frame_wakes_a_poller() {
    adopt();
    let driver = Driver::attach("poll0");
    set_flags("poll0", IFF_UP).unwrap();
    let major = HOST.major("bpf").unwrap();
    HOST.mknod(c"/dev/bpf", S_IFCHR | 0o600, makedev(major, 0)).unwrap();
    let fd = HOST.open(c"/dev/bpf", O_RDWR).unwrap();
    let mut one: u32 = 1;
    HOST.ioctl(fd, BIOCIMMEDIATE, Out::value(&mut one)).unwrap();
    HOST.ioctl(fd, BIOCSETIF, Out::value(&mut ifreq("poll0"))).unwrap();
    let poller = HOST.spawn(wait_and_read, fd as usize).unwrap();
    HOST.sleep_ms(50);
    assert_eq!(HOST.joined(poller), None);
    driver.receive(&plain(60, MAC));
    let mut read = None;
    wait_for("the poller", || {
        read = HOST.joined(poller);
        read.is_some()
    });
    assert_eq!(read, Some(34 + 60));
    HOST.close(fd).unwrap();
    driver.detach();
}
