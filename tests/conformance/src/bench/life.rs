// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Beginnings and ends: open and close of both kinds of node, create and destroy.

use super::{work, Tally, Workload};
use crate::abi::{CLONER_MINOR, O_RDWR};
use crate::case::{On, Verdict};
use crate::ctx::{Ctx, Name};
use crate::errno::Result;
use crate::text::Text;

/// The workloads of this topic.
pub fn workloads() -> &'static [Workload] {
    const {
        &[
            work("clone_open_close", "open and close of the cloning node", cloner)
                .rounds(41)
                .grows(),
            work("node_open_close", "open and close of an interface's node", node)
                .rounds(101)
                .grows(),
            work("create_destroy", "SIOCIFCREATE and SIOCIFDESTROY", create).rounds(41).grows(),
        ]
    }
}

fn open_and_close(c: &Ctx, path: &Text<32>) -> Result<()> {
    let fd = c.sys.open(path.as_cstr(), O_RDWR)?;
    c.sys.close(fd)
}

fn cloner(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let path = c.node(CLONER_MINOR)?;
    while t.again() {
        t.count(|| open_and_close(c, &path)).on("open and close")?;
    }
    Ok(())
}

fn own(t: &Tally<'_>) -> Name {
    Text::of(format_args!("tap{}", t.unit()))
}

fn node(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    c.create(own(t).as_str()).on("create")?;
    let path = c.node(t.unit())?;
    while t.again() {
        t.count(|| open_and_close(c, &path)).on("open and close")?;
    }
    Ok(())
}

fn create(c: &Ctx, t: &mut Tally<'_>) -> Verdict {
    let name = own(t);
    while t.again() {
        t.count(|| c.create(name.as_str()).and_then(|()| c.destroy(name.as_str())))
            .on("create and destroy")?;
    }
    Ok(())
}
