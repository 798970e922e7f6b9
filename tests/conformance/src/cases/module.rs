// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The module: loading, unloading, and what stands in the way of it.

use crate::abi::{Kev, EVFILT_READ, EV_ADD, O_RDWR};
use crate::case::{case, Case, On, Verdict};
use crate::check;
use crate::ctx::Ctx;
use crate::errno::Errno;
use crate::sys::{Need, System};

/// The cases of this topic.
pub fn cases() -> &'static [Case] {
    const {
        &[
            case("module_stat", "modctl(2): the module is there under its name", stat),
            case("modload_twice", "modctl(2): EEXIST when it is loaded", twice).guards(&["F40"]),
            case(
                "modload_stock_beside",
                "NetBSD's own module does not load beside this one: EEXIST",
                beside,
            )
            .guards(&["F40", "F44"])
            .needs(&[Need::StockFile]),
            case("modunload_busy", "EBUSY while any tap exists", busy),
            case("modunload_busy_clone", "EBUSY while a cloned one exists", busy_clone),
            case("modunload_stale_descriptor", "a stale cloned descriptor keeps the module", stale)
                .dangerous(&["F22"]),
            case(
                "modunload_after_clone",
                "unload works however a tap was made and ended",
                after_clone,
            )
            .dangerous(&["F22"]),
            case(
                "modunload_after_failed_unload",
                "an unload refused leaves the driver whole",
                refused,
            ),
            case("modunload_unloaded", "unloaded: no cloner, no sysctl node, no device", gone),
            case(
                "unload_then_other_interface",
                "unload leaves the kernel's sysctl tree whole: another interface can be made",
                other,
            )
            .dangerous(&["F22", "F34"])
            .needs(&[Need::Bridge]),
            case("load_unload_churn", "load, use, unload, many times", churn).dangerous(&["F22"]),
            case(
                "unload_against_open",
                "unload against opens on two CPUs: EBUSY or clean",
                against_open,
            )
            .dangerous(&["F34"])
            .guards(&["F39"])
            .needs(&[Need::Smp]),
        ]
    }
}

fn stat(c: &Ctx) -> Verdict {
    let stat = c.sys.modstat(c.module.name).on("MODCTL_STAT")?;
    check!(stat.refcnt == 0, "refcnt {}", stat.refcnt);
    Ok(())
}

fn twice(c: &Ctx) -> Verdict {
    // A module whose symbols are global is refused for those, before its name is looked at.
    let second = c.sys.modload(c.module.path);
    let refused = matches!(second, Err(Errno::EEXIST | Errno::ENOEXEC));
    check!(refused, "second load: {second:?}");
    c.create("tap0").on("create afterwards")
}

/// NetBSD's own module does not load beside the driver. Beside itself it is refused for its global
/// symbols, before anything else is looked at.
pub fn refuses_stock(c: &Ctx, what: &str) -> Verdict {
    let is_itself = c.module.name == c"if_tap";
    c.sys.try_stock().fails_with(if is_itself { Errno::ENOEXEC } else { Errno::EEXIST }, what)
}

fn beside(c: &Ctx) -> Verdict {
    refuses_stock(c, "loading NetBSD's own module")?;
    c.create("tap0").on("create")?;
    refuses_stock(c, "loading it beside an interface")?;
    c.destroy("tap0").on("destroy")?;
    // And nothing of that attempt stands in the way.
    unloads(c, "after NetBSD's own module was refused")?;
    refuses_stock(c, "loading it after this one was loaded again")
}

fn busy(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    c.unload().fails_with(Errno::EBUSY, "unload with an interface")?;
    let fd = c.open_unit(0, O_RDWR)?;
    c.unload().fails_with(Errno::EBUSY, "unload with an open interface")?;
    c.close(fd).on("close")?;
    c.destroy("tap0").on("destroy")
}

fn busy_clone(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.unload().fails_with(Errno::EBUSY, "unload with a cloned interface")?;
    check!(c.exists(name.as_str()), "{name} went with a refused unload");
    c.close(fd).on("close")
}

/// The module can be unloaded, and then loaded again.
pub fn unloads(c: &Ctx, when: &str) -> Verdict {
    // The last close may still be on its way out.
    let unloaded = c.wait_for(|| c.unload().is_ok());
    check!(unloaded, "cannot be unloaded {when}");
    c.load().on("load again")
}

fn stale(c: &Ctx) -> Verdict {
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.destroy(name.as_str()).on("destroy")?;
    c.unload().fails_with(Errno::EBUSY, "unload with a stale descriptor")?;
    c.close(fd).on("close")?;
    unloads(c, "after a stale descriptor was closed")
}

fn after_clone(c: &Ctx) -> Verdict {
    let (fd, _) = c.open_clone(O_RDWR)?;
    c.close(fd).on("close")?;
    unloads(c, "after a cloned interface was closed")?;
    let (fd, name) = c.open_clone(O_RDWR)?;
    c.destroy(name.as_str()).on("destroy from outside")?;
    c.close(fd).on("close")?;
    unloads(c, "after a cloned interface was destroyed from outside")?;
    c.create("tap5").on("create")?;
    c.destroy("tap5").on("destroy")?;
    unloads(c, "after an interface was made by name")
}

fn refused(c: &Ctx) -> Verdict {
    c.create("tap0").on("create")?;
    for _ in 0..5 {
        c.unload().fails_with(Errno::EBUSY, "unload with an interface")?;
    }
    c.create("tap1").on("create after a refused unload")?;
    let fd = c.open_unit(1, O_RDWR)?;
    let name = c.ifname(fd).on("TAPGIFNAME after a refused unload")?;
    check!(name.as_str() == "tap1", "the node opens {name}");
    super::sysctl::read(c, "tap1").on("sysctl after a refused unload").map(drop)
}

fn gone(c: &Ctx) -> Verdict {
    let path = c.node(0)?;
    let unloaded = c.wait_for(|| c.unload().is_ok());
    check!(unloaded, "cannot be unloaded");
    let open = c.open(path.as_cstr(), O_RDWR);
    check!(open.is_err(), "the node opens without a driver");
    let mut mib = [0; 12];
    let node = c.sys.sysctl_mib("net.link.tap", &mut mib);
    c.load().on("load again")?;
    check!(node.is_err(), "net.link.tap outlived the module");
    c.create("tap0").on("create after loading again")
}

fn other(c: &Ctx) -> Verdict {
    for _ in 0..3 {
        c.create("tap0").on("create")?;
        c.destroy("tap0").on("destroy")?;
        // An interface that stays, for the tree's nodes of interfaces to stay too.
        c.fresh("bridge76")?;
        let unloaded = c.wait_for(|| c.unload().is_ok());
        check!(unloaded, "cannot be unloaded");
        c.fresh("bridge77")?;
        for name in ["bridge76", "bridge77"] {
            c.destroy(name).on(name)?;
        }
        c.load().on("load again")?;
    }
    Ok(())
}

fn churn(c: &Ctx) -> Verdict {
    for round in 0..100 * c.sys.effort() {
        c.create("tap3").on("create")?;
        c.set_up("tap3", true).on("up")?;
        let fd = c.open_unit(3, O_RDWR)?;
        let kq = c.keep(c.sys.kqueue().on("kqueue")?);
        let change =
            Kev { ident: fd as usize, filter: EVFILT_READ, flags: EV_ADD, ..Kev::default() };
        c.sys.kevent(kq, &[change], &mut [], 0).on("EV_ADD")?;
        c.close(kq).on("close of the queue")?;
        c.close(fd).on("close")?;
        c.destroy("tap3").on("destroy")?;
        let (fd, _) = c.open_clone(O_RDWR)?;
        c.close(fd).on("close of a clone")?;
        let unloaded = c.wait_for(|| c.unload().is_ok());
        check!(unloaded, "round {round}: cannot be unloaded");
        c.load().on("load again")?;
    }
    Ok(())
}

fn open_many(s: System, _: usize) -> i64 {
    for _ in 0..400 * s.effort() {
        // The driver comes and goes: any answer will do, as long as there is one.
        if let Ok(fd) = s.open(c"/dev/tap", O_RDWR) {
            if s.close(fd).is_err() {
                return -1;
            }
        }
    }
    0
}

fn against_open(c: &Ctx) -> Verdict {
    c.node(crate::abi::CLONER_MINOR)?;
    let threads = [c.sys.spawn(open_many, 0).on("spawn")?, c.sys.spawn(open_many, 0).on("spawn")?];
    for round in 0..100 * c.sys.effort() {
        match c.unload() {
            Ok(()) => c.load().on("load again")?,
            Err(Errno::EBUSY) => {}
            Err(e) => return Err(e).on("unload"),
        }
        check!(c.sys.modstat(c.module.name).is_ok(), "round {round}: the module is gone");
    }
    for thread in threads {
        let value = c.join_long(thread, "opening thread")?;
        check!(value == 0, "a close failed");
    }
    unloads(c, "after the storm")
}
