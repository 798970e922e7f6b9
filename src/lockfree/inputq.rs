// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! A queue of frames for a soft interrupt. It uses no lock and allocates nothing.

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::arc::{prepend, Arc, Buried};
use super::atomic::{AtomicPtr, Ordering};
use crate::kern::kpi;
use crate::kern::mbuf::Mbuf;

/// A list of frames, each with a reference to the value that it belongs to. Any thread may add a
/// frame, and one thread at a time takes all of them. The frames are linked through m_nextpkt. The
/// reference is stored in the context of the packet header.
pub struct InputQueue<T> {
    last: AtomicPtr<kpi::mbuf>,
    owner: PhantomData<fn(T)>,
}

impl<T: Buried> InputQueue<T> {
    /// An empty one.
    pub const fn new() -> Self {
        InputQueue { last: AtomicPtr::new(ptr::null_mut()), owner: PhantomData }
    }

    /// Adds a frame.
    #[inline(always)]
    pub fn post(&self, mut frame: Mbuf, owner: Arc<T>) {
        *frame.context() = owner.into_raw().as_ptr().cast();
        prepend(&self.last, frame.as_ptr(), |last| *frame.next_packet() = last);
        // The list has it now.
        frame.into_raw();
    }

    /// Takes everything out, to be iterated over in the order it came in.
    pub fn take(&self) -> Taken<T> {
        let mut last = self.last.swap(ptr::null_mut(), Ordering::Acquire);
        let mut first = ptr::null_mut();
        // SAFETY: NULL, or a packet of the list, which is this function's alone since the swap.
        while let Some(frame) = unsafe { last.as_mut() } {
            let before = core::mem::replace(&mut frame.m_hdr.mh_nextpkt, first);
            first = last;
            last = before;
        }
        Taken { first, owner: PhantomData }
    }
}

impl<T: Buried> Default for InputQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What has been taken out of a queue; all of it must be iterated over.
pub struct Taken<T> {
    first: *mut kpi::mbuf,
    owner: PhantomData<fn(T)>,
}

impl<T: Buried> Iterator for Taken<T> {
    type Item = (Mbuf, Arc<T>);

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: NULL, or a packet that was posted, and leaves the list here.
        let mut frame = unsafe { Mbuf::from_raw(self.first) }?;
        self.first = core::mem::replace(frame.next_packet(), ptr::null_mut());
        // SAFETY: `post` left a reference there, which is not NULL.
        let owner = unsafe { NonNull::new_unchecked(*frame.context()) };
        // SAFETY: it came from into_raw, and is taken out once with its frame.
        let owner = unsafe { Arc::from_raw(owner.cast()) };
        Some((frame, owner))
    }
}
