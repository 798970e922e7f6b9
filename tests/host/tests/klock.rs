// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The kernel lock is taken with a spin mutex held. No kernel detects this. The host does, unless it
//! is told to ignore it.

use tap_host::emulator;
use tap_host::sched;
use tap_host::world::enter;

const CHILD: &str = "KLOCK_TEST_STRICT";

/// F26: the kernel lock after a spin mutex, by a thread that has the kernel lock already.
#[test]
fn f26_the_kernel_lock_after_a_spin_mutex() {
    sched::adopt(100, "test");
    let world = &mut enter();
    let strict = std::env::var_os(CHILD).is_some();
    if !strict {
        world.forgive_spin_mutexes();
    }
    let place = 0_u64;
    let mutex = &raw const place as usize;
    world.mutex_init(mutex, true);
    world.kernel_lock(2);
    world.mutex_enter(mutex);
    world.kernel_lock(1);
    assert!(!strict, "it was not noticed");
    world.kernel_unlock(1);
    world.mutex_exit(mutex);
    assert!(world.kernel_locked());
    world.kernel_unlock(2);
    assert!(!world.kernel_locked());
    world.mutex_destroy(mutex);
    let mut child = emulator::this_program().unwrap();
    child.args(["--exact", "f26_the_kernel_lock_after_a_spin_mutex", "--nocapture"]);
    let output = child.env(CHILD, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("takes the kernel lock with a spin mutex held"), "{text}");
}
