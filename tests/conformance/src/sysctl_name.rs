// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! sysctl(3) by name, the drivers' major numbers, and the count of mbufs.

use crate::abi::{
    KinfoDriver, MbStat, SysctlNode, CTL_KERN, CTL_QUERY, KERN_DRIVERS, KERN_MBUF, MBUF_STATS,
    SYSCTL_VERSION,
};
use crate::errno::{Errno, Result};
use crate::sys::{Sys, System};
use crate::text::{until_nul, Text};
use crate::user::{In, Out, Plain};

/// How many children of one node can be looked through; net.interfaces and net.link.tap are the
/// largest met here.
const CHILDREN: usize = 600;

/// Turns "net.link.tap.tap0" into numbers, a query for each level.
pub fn resolve(sys: &dyn Sys, name: &str, mib: &mut [i32; 12]) -> Result<usize> {
    let mut depth = 0;
    for part in name.split('.') {
        if depth + 1 >= mib.len() {
            return Err(Errno::EINVAL);
        }
        mib[depth] = child(sys, mib, depth, part)?;
        depth += 1;
    }
    Ok(depth)
}

fn child(sys: &dyn Sys, mib: &mut [i32; 12], depth: usize, part: &str) -> Result<i32> {
    mib[depth] = CTL_QUERY;
    let mut query = SysctlNode::zeroed();
    query.flags = SYSCTL_VERSION;
    let mut nodes = [SysctlNode::zeroed(); CHILDREN];
    let buffer = Out::bytes(bytes_of(&mut nodes));
    let length = sys.sysctl(&mib[..=depth], buffer, In::bytes(query.as_bytes()))?;
    let count = (length / size_of::<SysctlNode>()).min(CHILDREN);
    let found = nodes[..count].iter().find(|node| until_nul(&node.name) == part.as_bytes());
    found.map(|node| node.num).ok_or(Errno::ENOENT)
}

/// Reads a string by name.
pub fn read_text(sys: System, name: &str) -> Result<Text<32>> {
    let mut text = [0xa5_u8; 32];
    let length = sys.sysctl_get(name, Out::bytes(&mut text))?;
    let content = until_nul(&text[..length.min(text.len())]);
    Ok(Text::of(format_args!("{}", core::str::from_utf8(content).unwrap_or("?"))))
}

/// A slice of plain values as bytes.
pub fn bytes_of<T: Plain>(values: &mut [T]) -> &mut [u8] {
    let start = values.as_mut_ptr().cast::<u8>();
    // SAFETY: the span is exactly the borrowed slice, of a type for which any bytes are a value.
    unsafe { core::slice::from_raw_parts_mut(start, size_of_val(values)) }
}

/// The character major of a driver.
pub fn major(sys: &dyn Sys, driver: &str) -> Result<u32> {
    let mut drivers = [KinfoDriver::zeroed(); 512];
    let length =
        sys.sysctl(&[CTL_KERN, KERN_DRIVERS], Out::bytes(bytes_of(&mut drivers)), In::none())?;
    let count = (length / size_of::<KinfoDriver>()).min(drivers.len());
    let found = drivers[..count].iter().find(|d| until_nul(&d.name) == driver.as_bytes());
    let major = found.map_or(-1, |d| d.cmajor);
    u32::try_from(major).map_err(|_| Errno::ENOENT)
}

/// Mbufs in use, of all types.
pub fn mbufs(sys: &dyn Sys) -> Result<u64> {
    let mut stat = MbStat::zeroed();
    sys.sysctl(&[CTL_KERN, KERN_MBUF, MBUF_STATS], Out::value(&mut stat), In::none())?;
    // Type 0 counts the free ones.
    Ok(stat.types.iter().skip(1).map(|&n| u64::from(n)).sum())
}
