// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Stand-ins for what the concurrency core uses of `src/kern`, over loom.

/// Error numbers; the values are NetBSD's.
pub mod errno {
    /// An error number.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Errno(pub i32);

    /// What a call of the driver returns.
    pub type Result<T = ()> = core::result::Result<T, Errno>;

    /// As in errno(2).
    impl Errno {
        /// Input/output error.
        pub const EIO: Errno = Errno(5);
        /// Device not configured.
        pub const ENXIO: Errno = Errno(6);
        /// Device busy.
        pub const EBUSY: Errno = Errno(16);
        /// Operation would block.
        pub const EWOULDBLOCK: Errno = Errno(35);
        /// Host is down.
        pub const EHOSTDOWN: Errno = Errno(64);
        /// Restart the system call.
        pub const ERESTART: Errno = Errno(-3);
    }
}

/// Mutexes.
pub mod mutex {
    use core::ops::{Deref, DerefMut};

    /// A mutex and what it guards.
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    /// The right to what a mutex guards.
    pub struct Guard<'a, T> {
        pub(super) inner: Option<loom::sync::MutexGuard<'a, T>>,
    }

    impl<T> Mutex<T> {
        /// A mutex.
        pub fn new(data: T) -> Self {
            Mutex(loom::sync::Mutex::new(data))
        }

        /// Nothing to do here.
        pub fn init(&mut self) {}

        /// Takes the mutex.
        pub fn lock(&self) -> Guard<'_, T> {
            Guard { inner: Some(self.0.lock().expect("no test panics with the lock held")) }
        }
    }

    impl<T> Deref for Guard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.inner.as_ref().expect("held")
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.inner.as_mut().expect("held")
        }
    }
}

/// Condition variables.
pub mod condvar {
    use super::errno::Result;
    use super::mutex::Guard;
    use core::ffi::CStr;

    /// A condition variable.
    pub struct Condvar(loom::sync::Condvar);

    impl Condvar {
        /// A condition variable.
        pub fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        /// Nothing to do here.
        pub fn init(&mut self, _name: &'static CStr) {}

        /// Sleeps; the mutex is released meanwhile.
        pub fn wait<T>(&self, guard: &mut Guard<'_, T>) {
            let inner = guard.inner.take().expect("held");
            guard.inner = Some(self.0.wait(inner).expect("no test panics with the lock held"));
        }

        /// Sleeps; no signal ever comes here.
        pub fn wait_sig<T>(&self, guard: &mut Guard<'_, T>) -> Result {
            self.wait(guard);
            Ok(())
        }

        /// Wakes one sleeper.
        pub fn signal(&self) {
            self.0.notify_one();
        }

        /// Wakes all sleepers.
        pub fn broadcast(&self) {
            self.0.notify_all();
        }
    }

    impl Default for Condvar {
        fn default() -> Self {
            Self::new()
        }
    }
}
