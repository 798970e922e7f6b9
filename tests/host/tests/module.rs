// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The built module's own load and unload in the host, and that nothing of it stays.

mod built;

use built::{path, NAME};
use tap_conformance::errno::{Errno, Result};
use tap_host::emulator;
use tap_host::kern::module::{modload, modstat, modunload};
use tap_host::sched;
use tap_host::world::{enter, World};

fn load(world: &mut World) -> Result<()> {
    let result = modload(world, &path(), 0);
    assert!(result.is_ok(), "{}", world.messages.text());
    result
}

/// The numbers of things that a module may leave behind.
fn counts(world: &mut World) -> [usize; 4] {
    let world = &**world;
    [world.memory.count(), world.softints.count(), world.locks.count(), world.power.count()]
}

/// The environment's variable with the seed that chooses interleavings.
const SEED: &str = "MODULE_TEST_SEED";

#[test]
fn it_comes_and_goes_and_leaves_nothing() {
    sched::adopt(100, "test");
    let world = &mut enter();
    if let Ok(seed) = std::env::var(SEED) {
        world.seed(seed.parse().unwrap());
    }
    // What the kernel itself makes at its first use stays.
    load(world).unwrap();
    modunload(world, NAME).unwrap();
    let before = counts(world);
    let major = "if_tap_rs: character device \"tap\", major 169\n";
    for _ in 0..50 {
        world.messages.clear();
        load(world).unwrap();
        assert_eq!(world.messages.text(), major);
        assert_eq!(modload(world, &path(), 0), Err(Errno::EEXIST));
        assert!(modstat(world, NAME).is_ok());
        assert_ne!(counts(world), before, "a module that makes nothing");
        modunload(world, NAME).unwrap();
        assert_eq!(modstat(world, NAME).err(), Some(Errno::ENOENT));
    }
    assert_eq!(counts(world), before);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

/// The same with one thread at a time, which a process must begin with.
#[test]
fn it_does_so_under_any_seed() {
    let test = "it_comes_and_goes_and_leaves_nothing";
    for seed in 1..=3 {
        let mut command = emulator::this_program().unwrap();
        let output = command.args(["--exact", test]).env(SEED, seed.to_string()).output().unwrap();
        assert!(output.status.success(), "{seed}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
