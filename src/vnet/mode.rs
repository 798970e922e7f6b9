// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What the opener has asked for: the length of the offload header, and what it takes behind one.
#![forbid(unsafe_code)]

use crate::kern::capability::Capabilities;
use crate::kern::errno::{Errno, Result};
use crate::kern::ifnet::Interface;
use crate::lockfree::atomic::{AtomicU32, Ordering};
use crate::offload::header::{is_length, may_take, TAKES_CSUM, TAKES_TSO4, TAKES_TSO6};

/// Where what the opener takes stands in the word; the header's length is below.
const TAKES_SHIFT: u32 = 8;

/// The length of the header, and the bits of TAPSOFFLOAD.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mode(u32);

impl Mode {
    /// No header.
    pub const OFF: Mode = Mode(0);

    const fn new(header: u32, takes: u32) -> Mode {
        Mode(header | takes << TAKES_SHIFT)
    }

    /// The length of the header, 0 if there is none.
    pub const fn header(self) -> u32 {
        self.0 & ((1 << TAKES_SHIFT) - 1)
    }

    /// What the opener takes, a set of the bits of TAPSOFFLOAD.
    pub const fn takes(self) -> u32 {
        self.0 >> TAKES_SHIFT
    }

    /// This mode with what the opener takes `now`, if both modes have a header. A reader that has
    /// slept may get a frame of a kind that the opener began to take during the sleep.
    pub const fn with_takes_of(self, now: Mode) -> Mode {
        if self.header() == 0 || now.header() == 0 {
            return self;
        }
        Mode::new(self.header(), now.takes())
    }

    /// Whether it takes all of these, behind a header.
    pub const fn takes_all(self, needs: u32) -> bool {
        self.takes() & needs == needs
    }
}

/// The mode of an interface. It is written by those who hold the interface's lock, and by the end
/// of an opening.
pub struct ModeCell(AtomicU32);

impl ModeCell {
    /// No header.
    pub const fn new() -> Self {
        ModeCell(AtomicU32::new(0))
    }

    /// The mode at this moment.
    pub fn get(&self) -> Mode {
        Mode(self.0.load(Ordering::Relaxed))
    }

    /// TAPSVNETHDR: sets the length of the header. EINVAL for a length that no header has. Without
    /// a header, nothing is taken. `then` is called with the new length before another one can be
    /// set. Only for a call in flight.
    pub fn set_header(&self, interface: &Interface, len: i32, then: impl FnOnce(u32)) -> Result {
        if !is_length(len) {
            return Err(Errno::EINVAL);
        }
        // Not negative.
        let header = len as u32;
        self.change(interface, |old, enabled| {
            then(header);
            if header == 0 {
                return Ok((Mode::OFF, Capabilities::empty()));
            }
            // What the administrator has turned off since there is a header stays off.
            let enabled = if old.header() == 0 { RECEIVED } else { enabled };
            Ok((Mode::new(header, old.takes()), enabled))
        })
    }

    /// TAPSOFFLOAD: sets what the opener takes. EINVAL for bits that are unknown or make no sense,
    /// and without a header. Only for a call in flight.
    pub fn set_takes(&self, interface: &Interface, bits: u32) -> Result {
        self.change(interface, |old, enabled| {
            if !may_take(bits, old.header() != 0) {
                return Err(Errno::EINVAL);
            }
            Ok((Mode::new(old.header(), bits), enabled & RECEIVED | sent(bits)))
        })
    }

    /// The opening ends: the next opener begins without a header. An interface that is gone has no
    /// capabilities that could remain, and is `None`.
    pub fn reset(&self, interface: Option<&Interface>) {
        match interface {
            Some(interface) => {
                let _always = self.change(interface, |_, _| Ok((Mode::OFF, Capabilities::empty())));
            }
            None => self.set(Mode::OFF),
        }
    }

    fn set(&self, mode: Mode) {
        self.0.store(mode.0, Ordering::Relaxed);
    }

    /// Changes the mode, and then what the interface does in the stack's place. A frame that is
    /// under way meanwhile says what is left to do of it, and is finished when it is read.
    #[inline(never)]
    fn change(
        &self,
        interface: &Interface,
        new: impl FnOnce(Mode, Capabilities) -> Result<(Mode, Capabilities)>,
    ) -> Result {
        let locked = interface.lock();
        let (mode, enabled) = new(self.get(), interface.enabled())?;
        self.set(mode);
        interface.set_capabilities(&locked, offered(mode), enabled & offered(mode));
        Ok(())
    }
}

impl Default for ModeCell {
    fn default() -> Self {
        Self::new()
    }
}

/// What the interface does with frames of a program that writes headers.
const RECEIVED: Capabilities = Capabilities::RECEIVE.union(Capabilities::LRO);

/// What the interface can do in a mode.
fn offered(mode: Mode) -> Capabilities {
    if mode == Mode::OFF {
        return Capabilities::empty();
    }
    RECEIVED | sent(mode.takes())
}

/// What the interface does with frames for a program that takes these.
fn sent(takes: u32) -> Capabilities {
    let mut sent = Capabilities::empty();
    sent.set(Capabilities::SEND, takes & TAKES_CSUM != 0);
    sent.set(Capabilities::TSO4, takes & TAKES_TSO4 != 0);
    sent.set(Capabilities::TSO6, takes & TAKES_TSO6 != 0);
    sent
}
