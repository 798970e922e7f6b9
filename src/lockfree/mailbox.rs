// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A list of references for a soft interrupt. It uses no lock and allocates nothing.

use core::ptr::{self, NonNull};

use super::arc::{push, Arc, Buried, Inner};
use super::atomic::{AtomicPtr, Ordering};

/// A list of references. Any thread may add one, and one thread at a time takes all of them.
pub struct Mailbox<T>(AtomicPtr<Inner<T>>);

impl<T: Buried> Mailbox<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Mailbox(AtomicPtr::new(ptr::null_mut()))
    }

    /// Adds a reference to a value that is in no mailbox.
    pub fn post(&self, value: Arc<T>) {
        // The reference keeps the value alive, and nobody else uses the link meanwhile.
        push(&self.0, value.into_inner());
    }

    /// Takes everything out.
    pub fn take(&self) -> Taken<T> {
        Taken(self.0.swap(ptr::null_mut(), Ordering::Acquire))
    }
}

impl<T: Buried> Default for Mailbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What has been taken out of a mailbox; all of it must be iterated over.
pub struct Taken<T>(*mut Inner<T>);

impl<T: Buried> Iterator for Taken<T> {
    type Item = Arc<T>;

    fn next(&mut self) -> Option<Arc<T>> {
        let inner = NonNull::new(self.0)?;
        // SAFETY: posted, so the list's reference keeps it alive.
        self.0 = unsafe { inner.as_ref() }.next.load(Ordering::Relaxed);
        // SAFETY: posted by into_inner, and taken out once.
        Some(unsafe { Arc::from_inner(inner) })
    }
}
