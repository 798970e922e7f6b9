// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! This program again, in processes of their own, for what may end one.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tap_host::emulator;
use wait_timeout::ChildExt;

/// How a process ended, and what it said.
pub struct Ended {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// `None`: it did not end by itself.
    pub status: Option<ExitStatus>,
}

/// Calls `f` with every number below `count`, so many at once; what it returned, in their order.
pub fn side_by_side<R: Send>(jobs: usize, count: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= count {
                    return;
                }
                let result = f(i);
                results.lock().unwrap_or_else(PoisonError::into_inner).push((i, result));
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Runs this program, for no longer than `patience`. What it says goes to the files `log`.out and
/// `log`.err, where it can be read while it runs.
pub fn this_program<A: AsRef<OsStr>>(
    args: &[A],
    log: &Path,
    patience: Duration,
) -> io::Result<Ended> {
    let (out, err) = (log.with_extension("out"), log.with_extension("err"));
    let mut child = emulator::this_program()?
        .args(args)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()?;
    let status = child.wait_timeout(patience)?;
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    let text = |path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Ended { out: text(out)?, err: text(err)?, status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_numbers() {
        let at_once = AtomicUsize::new(0);
        let results = side_by_side(3, 40, |i| {
            assert!(at_once.fetch_add(1, Ordering::Relaxed) < 3);
            std::thread::yield_now();
            at_once.fetch_sub(1, Ordering::Relaxed);
            i * i
        });
        assert_eq!(results, (0..40).map(|i| i * i).collect::<Vec<_>>());
        assert_eq!(side_by_side(2, 0, |i| i), [0; 0]);
    }
}
