// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Arrays of `struct tap_frame`, and the user buffers that their entries describe: copyin(9),
//! copyout(9).

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use static_assertions::const_assert_eq;

use super::errno::{check, Errno, Result};
use super::kmem;
use super::kpi;
use super::uio::Transfer;

/// Most entries of an array.
pub const MOST: usize = kpi::TAP_BATCH_MAX as usize;
/// As many entries are on the stack; a longer array is allocated.
const FEW: usize = 16;

// What programs see, whatever the size of their pointers.
const_assert_eq!(size_of::<kpi::tap_frame>(), 16);
const_assert_eq!(size_of::<kpi::tap_batch>(), 16);

/// Which way frames go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the program.
    Send,
    /// To the program.
    Receive,
}

/// An entry of an array.
#[repr(transparent)]
pub struct Entry(kpi::tap_frame);

impl Entry {
    /// Whether its flags are known.
    pub fn is_known(&self) -> bool {
        self.0.tf_flags & !(kpi::TAP_FRAME_MORE | kpi::TAP_FRAME_CUT) == 0
    }

    /// Whether its frame goes on in the next entry.
    pub fn has_more(&self) -> bool {
        self.0.tf_flags & kpi::TAP_FRAME_MORE != 0
    }

    /// How long its memory is.
    pub fn room(&self) -> usize {
        self.0.tf_len as usize
    }

    /// Says how much of a frame has been stored: as much of `len` as there is memory for. Returns
    /// the rest.
    pub fn set_stored(&mut self, len: usize) -> usize {
        let stored = self.room().min(len);
        self.0.tf_len = stored as u32;
        self.0.tf_flags &= !kpi::TAP_FRAME_CUT;
        len.wrapping_sub(stored)
    }

    /// Says that it has stored `len` bytes, no more than there is room for, and all of the frame
    /// unless that was cut.
    #[inline(always)]
    pub fn set_whole(&mut self, len: usize, cut: bool) {
        self.0.tf_len = len as u32;
        self.0.tf_flags = if cut { kpi::TAP_FRAME_CUT } else { 0 };
    }

    /// Says whether the frame was longer.
    pub fn set_cut(&mut self, cut: bool) {
        if cut {
            self.0.tf_flags |= kpi::TAP_FRAME_CUT;
        }
    }
}

/// The argument of TAPSEND and TAPRECV.
pub struct Batch<'a>(&'a mut kpi::tap_batch);

impl<'a> Batch<'a> {
    /// The argument of a command.
    pub(super) fn new(raw: &'a mut kpi::tap_batch) -> Self {
        Batch(raw)
    }

    /// Whether it has one entry.
    pub fn is_one(&self) -> bool {
        self.0.tb_count == 1
    }

    /// Copies the first entry in.
    #[inline(always)]
    pub fn read_one<'b>(&self, entry: &'b mut MaybeUninit<Entry>) -> Result<&'b mut Entry> {
        let user = self.0.tb_frames as usize;
        // SAFETY: an entry's bytes, which are borrowed.
        unsafe { copy(Direction::Send, entry.as_mut_ptr().cast(), user, size_of::<Entry>()) }?;
        // SAFETY: copyin has written all of it, and any bytes are an entry.
        Ok(unsafe { entry.assume_init_mut() })
    }

    /// Copies it out: one entry has been used.
    #[inline(always)]
    pub fn write_one(&mut self, entry: &Entry) -> Result {
        let user = self.0.tb_frames as usize;
        let memory = ptr::from_ref(entry).cast_mut().cast();
        // SAFETY: an entry's bytes, which are only read.
        unsafe { copy(Direction::Receive, memory, user, size_of::<Entry>()) }?;
        self.0.tb_done = 1;
        Ok(())
    }

    /// Copies the array in and gives it to `work`, which returns how many entries it has used. If
    /// frames are received, these are copied out again. EINVAL for no entries, or too many; EFAULT
    /// if the array cannot be read or, where it has to be, written: then `work` is not called.
    #[inline(always)]
    pub fn run(
        &mut self,
        direction: Direction,
        work: impl FnOnce(&mut [Entry]) -> Result<usize>,
    ) -> Result {
        let count = self.0.tb_count as usize;
        if count == 0 || count > MOST {
            return Err(Errno::EINVAL);
        }
        let mut few = MaybeUninit::<[kpi::tap_frame; FEW]>::uninit();
        let many = (count > FEW).then(|| kmem::alloc_array(count));
        let room = many.map_or(few.as_mut_ptr().cast(), NonNull::as_ptr);
        let result = self.run_in(direction, count, room, work);
        if let Some(room) = many {
            // SAFETY: allocated above, and not used any more.
            unsafe { kmem::free_array(room, count) };
        }
        result
    }

    /// `room` has a place for `count` entries.
    #[inline(always)]
    fn run_in(
        &mut self,
        direction: Direction,
        count: usize,
        room: *mut kpi::tap_frame,
        work: impl FnOnce(&mut [Entry]) -> Result<usize>,
    ) -> Result {
        let user = self.0.tb_frames as usize as *mut kpi::tap_frame;
        let len = count.wrapping_mul(size_of::<kpi::tap_frame>());
        // SAFETY: the caller's room; copyin checks what the program gave.
        check(unsafe { kpi::copyin(user.cast(), room.cast(), len) })?;
        if direction == Direction::Receive {
            // No frame is taken for an array that cannot be written to.
            // SAFETY: as above.
            check(unsafe { kpi::copyout(room.cast(), user.cast(), len) })?;
        }
        // SAFETY: the caller's room, of which `count` entries are initialised now.
        let entries = unsafe { slice::from_raw_parts_mut(room.cast::<Entry>(), count) };
        let done = work(entries)?;
        self.0.tb_done = done as u32;
        if direction == Direction::Receive {
            let len = done.min(count).wrapping_mul(size_of::<kpi::tap_frame>());
            // SAFETY: as above; `len` is no more than before.
            check(unsafe { kpi::copyout(room.cast(), user.cast(), len) })?;
        }
        Ok(())
    }
}

/// Copies between memory of the kernel and of the program.
///
/// # Safety
///
/// `len` bytes at `memory` belong to the caller.
#[inline(always)]
unsafe fn copy(direction: Direction, memory: *mut u8, user: usize, len: usize) -> Result {
    let user = user as *mut c_void;
    check(match direction {
        // SAFETY: the caller's memory; copyin checks what the program gave.
        Direction::Send => unsafe { kpi::copyin(user, memory.cast(), len) },
        // SAFETY: the caller's memory; copyout checks what the program gave.
        Direction::Receive => unsafe { kpi::copyout(memory.cast(), user, len) },
    })
}

/// The memory of one entry that is a frame's.
pub struct Place {
    direction: Direction,
    user: usize,
    left: usize,
}

impl Entry {
    /// All of its memory.
    #[inline(always)]
    pub fn place(&self, direction: Direction) -> Place {
        Place { direction, user: self.0.tf_addr as usize, left: self.room() }
    }
}

impl Transfer for Place {
    fn resid(&self) -> usize {
        self.left
    }

    #[inline(always)]
    unsafe fn move_bytes(&mut self, memory: *mut u8, len: usize) -> Result {
        // SAFETY: the caller's promise.
        unsafe { copy(self.direction, memory, self.user, len) }?;
        self.user = self.user.wrapping_add(len);
        self.left = self.left.wrapping_sub(len);
        Ok(())
    }
}

/// The memory of the entries of a frame.
pub struct Memory<'a> {
    direction: Direction,
    entries: &'a [Entry],
    /// How much of the first entry has been used.
    used: usize,
    left: usize,
}

impl<'a> Memory<'a> {
    /// All of it.
    pub fn new(direction: Direction, entries: &'a [Entry]) -> Self {
        // At most MOST entries of less than 2^32 bytes.
        let left = entries.iter().fold(0usize, |sum, entry| sum.wrapping_add(entry.room()));
        Memory { direction, entries, used: 0, left }
    }
}

impl Transfer for Memory<'_> {
    fn resid(&self) -> usize {
        self.left
    }

    unsafe fn move_bytes(&mut self, memory: *mut u8, len: usize) -> Result {
        let mut memory = memory;
        let mut rest = len;
        while let ([entry, entries @ ..], 1..) = (self.entries, rest) {
            let now = entry.room().wrapping_sub(self.used).min(rest);
            let user = (entry.0.tf_addr as usize).wrapping_add(self.used);
            if now != 0 {
                // SAFETY: the caller's promise; `now` bytes are no more than are left.
                unsafe { copy(self.direction, memory, user, now) }?;
            }
            memory = memory.wrapping_add(now);
            rest = rest.wrapping_sub(now);
            self.used = self.used.wrapping_add(now);
            self.left = self.left.wrapping_sub(now);
            if self.used == entry.room() {
                self.entries = entries;
                self.used = 0;
            }
        }
        Ok(())
    }
}
