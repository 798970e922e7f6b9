// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Stand-ins for what frames on their way up meet of the kernel.

/// Memory.
pub mod kmem {
    use std::alloc::Layout;
    use std::ptr::NonNull;

    /// Memory for a `T`.
    pub fn alloc<T>() -> NonNull<T> {
        // SAFETY: no test asks for a type of no size.
        let memory = unsafe { std::alloc::alloc(Layout::new::<T>()) };
        NonNull::new(memory.cast()).expect("there is memory")
    }

    /// Gives it back.
    ///
    /// # Safety
    ///
    /// It came from [`alloc`], and is nobody's any more.
    pub unsafe fn free<T>(memory: NonNull<T>) {
        // SAFETY: the caller's promise.
        unsafe { std::alloc::dealloc(memory.as_ptr().cast(), Layout::new::<T>()) }
    }
}

/// What the kernel declares.
#[allow(non_camel_case_types)]
pub mod kpi {
    use std::ffi::c_void;

    /// The header of each mbuf.
    pub struct m_hdr {
        /// The next packet of a list.
        pub mh_nextpkt: *mut mbuf,
    }

    /// A packet.
    pub struct mbuf {
        /// Its header.
        pub m_hdr: m_hdr,
        /// Whatever its owner likes.
        pub context: *mut c_void,
        /// Who wrote it, and the how manieth of that one it is.
        pub data: (usize, u32),
    }
}

/// Packets.
pub mod mbuf {
    use std::ffi::c_void;
    use std::mem::ManuallyDrop;
    use std::ptr::{null_mut, NonNull};

    use super::kpi;
    use crate::lockfree::atomic::{AtomicI32, Ordering};

    /// How many there are.
    pub static EXISTING: AtomicI32 = AtomicI32::new(0);

    /// A packet.
    pub struct Mbuf(NonNull<kpi::mbuf>);

    impl Mbuf {
        /// Makes one.
        pub fn new(data: (usize, u32)) -> Mbuf {
            EXISTING.fetch_add(1, Ordering::Relaxed);
            let m_hdr = kpi::m_hdr { mh_nextpkt: null_mut() };
            let mbuf = Box::new(kpi::mbuf { m_hdr, context: null_mut(), data });
            Mbuf(NonNull::from(Box::leak(mbuf)))
        }

        /// What it was made with.
        pub fn data(&self) -> (usize, u32) {
            // SAFETY: owned here.
            unsafe { self.0.as_ref() }.data
        }

        /// Takes one over.
        ///
        /// # Safety
        ///
        /// `raw` is NULL or one that the caller gives away.
        pub unsafe fn from_raw(raw: *mut kpi::mbuf) -> Option<Mbuf> {
            NonNull::new(raw).map(Mbuf)
        }

        /// Gives it away.
        pub fn into_raw(self) -> *mut kpi::mbuf {
            ManuallyDrop::new(self).0.as_ptr()
        }

        /// It, still owned here.
        pub fn as_ptr(&self) -> *mut kpi::mbuf {
            self.0.as_ptr()
        }

        /// The link of a list.
        pub fn next_packet(&mut self) -> &mut *mut kpi::mbuf {
            // SAFETY: owned here.
            &mut unsafe { self.0.as_mut() }.m_hdr.mh_nextpkt
        }

        /// The owner's word.
        pub fn context(&mut self) -> &mut *mut c_void {
            // SAFETY: owned here.
            &mut unsafe { self.0.as_mut() }.context
        }
    }

    /// Packets in a row.
    #[derive(Default)]
    pub struct MbufList(Vec<Mbuf>);

    impl MbufList {
        /// How many there are.
        #[allow(clippy::len_without_is_empty)]
        pub fn len(&self) -> u32 {
            self.0.len() as u32
        }
    }

    impl Iterator for MbufList {
        type Item = Mbuf;

        fn next(&mut self) -> Option<Mbuf> {
            (!self.0.is_empty()).then(|| self.0.remove(0))
        }
    }

    impl FromIterator<Mbuf> for MbufList {
        fn from_iter<I: IntoIterator<Item = Mbuf>>(packets: I) -> Self {
            MbufList(packets.into_iter().collect())
        }
    }

    impl Drop for Mbuf {
        fn drop(&mut self) {
            EXISTING.fetch_sub(1, Ordering::Relaxed);
            // SAFETY: made by `new`, and nobody else's.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// Counters of an interface.
pub mod ifcount {
    /// Which.
    pub enum Counter {
        /// Frames from user space that nobody took.
        InputDrops,
    }
}

/// Soft interrupts.
pub mod softint {
    /// One that comes by itself: the tests have threads that always run it.
    pub struct Softint;

    impl Softint {
        /// Nothing to set up.
        #[allow(clippy::new_without_default)]
        pub const fn new() -> Self {
            Softint
        }

        /// It runs anyway.
        pub fn schedule(&self) {}
    }
}
