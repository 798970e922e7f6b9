// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Many at once: interfaces made, used and destroyed from several threads.

use crate::abi::{O_RDWR, POLLIN};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::frames;
use crate::storm;
use crate::sys::{Need, System};
use crate::text::Text;
use crate::user::{In, Out};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case(
                "stress_clone",
                "FreeBSD if_clone_test: parallel create, up, destroy",
                stress_clone,
            )
            .dangerous(&["F34"])
            .unseen(),
            case("stress_ipv6_up", "FreeBSD if_clone_test _ipv6_up_stress", stress_ipv6)
                .dangerous(&["F34"])
                .unseen()
                .needs(&[Need::Inet6]),
            case("storm", "everything at once, the module's unload too", storm)
                .dangerous(&["F19", "F34"])
                .guards(&["F19", "F34", "F39"]),
            case("stress_cloning_open", "two cloning opens at once", stress_open)
                .dangerous(&["F34"]),
            case(
                "stress_destroy_open",
                "destroy against open, read, write, poll, close",
                stress_destroy,
            )
            .dangerous(&["F19"]),
            case(
                "mac_change_while_sending",
                "the MAC changes under the interface's lock",
                mac_change,
            )
            .dangerous(&["F41"])
            .needs(&[Need::Inet]),
        ]
    }
}

/// How often each thread goes round.
const ROUNDS: usize = 60;

/// Creates, ups and destroys tap0 … tap3 in an order of its own. The argument is a socket and a
/// number packed together.
fn churn(s: System, packed: usize) -> i64 {
    let (socket, which) = ((packed & 0xffff) as i32, packed >> 16);
    let names = ["tap0", "tap1", "tap2", "tap3"];
    let ask = |cmd, name| {
        let mut req = Ctx::ifreq(name);
        req.data[..2].copy_from_slice(&1_i16.to_ne_bytes());
        s.ioctl(socket, cmd, Out::value(&mut req))
    };
    let mut done = 0;
    for round in 0..ROUNDS {
        let name = names[(round + which) % names.len()];
        for cmd in [crate::abi::SIOCIFCREATE, crate::abi::SIOCSIFFLAGS, crate::abi::SIOCIFDESTROY] {
            match ask(cmd, name) {
                Ok(_) => done += 1,
                Err(Errno::EEXIST | Errno::ENXIO | Errno::EBUSY) => {}
                Err(e) => return -i64::from(e.0),
            }
        }
    }
    done
}

fn run_churn(c: &Ctx) -> Verdict {
    let mut threads = [0; 4];
    for (which, thread) in threads.iter_mut().enumerate() {
        let packed = c.socket as usize | which << 16;
        *thread = c.sys.spawn(churn, packed).on("spawn")?;
    }
    let mut done = 0;
    for thread in threads {
        let value = c.join_long(thread, "churning thread")?;
        check!(value >= 0, "a call failed with errno {}", -value);
        done += value;
    }
    check!(done > 0, "no call succeeded");
    Ok(())
}

fn stress_clone(c: &Ctx) -> Verdict {
    run_churn(c)
}

fn stress_ipv6(c: &Ctx) -> Verdict {
    crate::run::set_linklocal(c.sys, true).on("net.inet6.ip6.auto_linklocal")?;
    let result = run_churn(c);
    crate::run::set_linklocal(c.sys, false).on("net.inet6.ip6.auto_linklocal")?;
    result
}

fn open_and_close(s: System, _: usize) -> i64 {
    for _ in 0..ROUNDS {
        match s.open(c"/dev/tap", O_RDWR) {
            Ok(fd) => {
                if s.close(fd).is_err() {
                    return -2;
                }
            }
            Err(e) => return -i64::from(e.0),
        }
    }
    0
}

/// Asks for addresses, with the sysctl tree locked meanwhile: who makes nodes has to wait then, and
/// gives up the kernel lock.
fn ask_addresses(s: System, _: usize) -> i64 {
    let mut text = [0; 18];
    for _ in 0..ROUNDS * 2 {
        for name in ["net.link.tap.tap0", "net.link.tap.tap1"] {
            // They come and go.
            s.sysctl_get(name, Out::bytes(&mut text)).unwrap_or(0);
        }
    }
    0
}

fn stress_open(c: &Ctx) -> Verdict {
    c.node(crate::abi::CLONER_MINOR)?;
    let asking = c.sys.spawn(ask_addresses, 0).on("spawn")?;
    let mut threads = [0; 3];
    for thread in &mut threads {
        *thread = c.sys.spawn(open_and_close, 0).on("spawn")?;
    }
    c.join_long(asking, "sysctl(2)")?;
    for thread in threads {
        let value = c.join_long(thread, "cloning thread")?;
        check!(value == 0, "a cloning open or close failed with errno {}", -value);
    }
    Ok(())
}

fn use_node(s: System, _: usize) -> i64 {
    let mut opened = 0;
    for _ in 0..ROUNDS * 4 {
        let Ok(fd) = s.open(c"/dev/tap0", O_RDWR | crate::abi::O_NONBLOCK) else { continue };
        opened += 1;
        let mut frame = [0; 256];
        let mut fds = [crate::abi::PollFd { fd, events: POLLIN, revents: 0 }];
        // The answers are anybody's guess while the interface comes and goes.
        s.write(fd, In::bytes(&frame[..60])).unwrap_or(0);
        s.read(fd, Out::bytes(&mut frame)).unwrap_or(0);
        s.poll(&mut fds, 0).unwrap_or(0);
        if s.close(fd).is_err() {
            return -1;
        }
    }
    opened
}

fn stress_destroy(c: &Ctx) -> Verdict {
    c.node(0)?;
    let users = [c.sys.spawn(use_node, 0).on("spawn")?, c.sys.spawn(use_node, 0).on("spawn")?];
    for _ in 0..ROUNDS {
        c.create("tap0").on("create")?;
        c.set_up("tap0", true).on("up")?;
        c.destroy("tap0").on("destroy")?;
    }
    for user in users {
        let value = c.join_long(user, "user of the node")?;
        check!(value >= 0, "a close failed");
    }
    Ok(())
}

fn storm(c: &Ctx) -> Verdict {
    let bounds = storm::Bounds { ms: 10_000, steps: 150, seed: 1 };
    let calls = storm::run(c, bounds, true)?;
    check!(calls > 100, "only {calls} calls were made");
    Ok(())
}

fn send_requests(s: System, fd: usize) -> i64 {
    let request = frames::arp_request(1);
    let mut frame = [0; 2048];
    for _ in 0..500 {
        s.write(fd as i32, In::bytes(&request)).unwrap_or(0);
        s.read(fd as i32, Out::bytes(&mut frame)).unwrap_or(0);
    }
    0
}

fn mac_change(c: &Ctx) -> Verdict {
    let live = c.live(0, 1)?;
    let thread = c.sys.spawn(send_requests, live.fd as usize).on("spawn")?;
    for i in 0..200 {
        let text: Text<20> = Text::of(format_args!("02:11:22:33:44:{:02x}", i % 256));
        super::sysctl::write(c, "tap0", text.as_str()).on("sysctl write")?;
    }
    c.join_long(thread, "sender")?;
    c.greet(&live).map(drop)
}
