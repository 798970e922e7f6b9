// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ifmedia(9), as sys/net/if_media.c has it for a driver without a lock of its own: the callbacks
//! run under a spin mutex that this allocates.

use std::ffi::{c_int, c_void};

use crate::kern::field::{peek, poke};
use crate::kern::kmem::Kind;
use crate::kern::net::ifioctl::DATA;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::Arg;
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, kassert};

const ENTRY: Kind = Kind::Object("media entry");
const EINVAL: c_int = kpi::EINVAL as c_int;

type Media = *mut kpi::ifmedia;
type Entry = *mut kpi::ifmedia_entry;

/// The media of a list, in the order they were added.
fn entries(media: Media) -> impl Iterator<Item = Entry> {
    let some = |entry: Entry| (!entry.is_null()).then_some(entry);
    let first = some(peek!(media, ifm_list.tqh_first));
    std::iter::successors(first, move |entry| some(peek!(*entry, ifm_list.tqe_next)))
}

/// ifmedia_match: the first one that is the same but for the bits that do not count.
fn find(media: Media, target: c_int) -> Option<Entry> {
    let mask = !peek!(media, ifm_mask) as c_int;
    entries(media).find(|entry| peek!(*entry, ifm_media) as c_int & mask == target & mask)
}

impl World {
    fn ifmedia_lock(&mut self, media: Media) {
        self.mutex_enter(peek!(media, ifm_lock) as usize);
    }

    fn ifmedia_unlock(&mut self, media: Media) {
        self.mutex_exit(peek!(media, ifm_lock) as usize);
    }

    fn ifmedia_append(&mut self, media: Media, word: c_int, data: c_int, aux: *mut c_void) {
        let entry: Entry = self.allocate(size_of::<kpi::ifmedia_entry>(), ENTRY, true).cast();
        poke!(entry, ifm_media = word as _);
        poke!(entry, ifm_data = data as _);
        poke!(entry, ifm_aux = aux);
        match entries(media).last() {
            Some(last) => poke!(last, ifm_list.tqe_next = entry),
            None => poke!(media, ifm_list.tqh_first = entry),
        }
    }

    /// ifmedia_set: a medium that is not there is replaced by none, which is added if need be.
    fn ifmedia_set(&mut self, media: Media, target: c_int) {
        self.assert_sleepable("ifmedia_set");
        self.ifmedia_lock(media);
        let found = find(media, target).or_else(|| {
            let text = format!("ifmedia_set: no match for {target:#x}\n");
            crate::kern::prf::log(self, &text);
            let none = target & kpi::IFM_NMASK as c_int | kpi::IFM_NONE as c_int;
            if find(media, none).is_none() {
                self.ifmedia_append(media, none, 0, std::ptr::null_mut());
            }
            find(media, none)
        });
        poke!(media, ifm_cur = found.unwrap_or(std::ptr::null_mut()));
        self.ifmedia_unlock(media);
    }

    /// ifmedia_fini.
    fn ifmedia_fini(&mut self, media: Media) {
        let all: Vec<Entry> = entries(media).collect();
        for entry in all {
            self.free(entry.cast(), None, ENTRY);
        }
        poke!(media, ifm_list.tqh_first = std::ptr::null_mut());
        poke!(media, ifm_cur = std::ptr::null_mut());
        self.mutex_obj_free(peek!(media, ifm_lock));
        poke!(media, ifm_lock = std::ptr::null_mut());
    }

    /// ifmedia_ioctl.
    pub(super) fn ifmedia_ioctl(
        &mut self,
        ifp: Ifp,
        media: Media,
        command: u64,
        arg: Arg,
    ) -> c_int {
        let locked = !ifp.is_mpsafe();
        if locked {
            self.kernel_lock(1);
        }
        let error = if command == u64::from(kpi::SIOCSIFMEDIA) {
            self.ifmedia_lock(media);
            let error = self.ifmedia_choose(ifp, media, arg.get(DATA));
            self.ifmedia_unlock(media);
            error
        } else {
            self.ifmedia_tell(ifp, media, arg)
        };
        if locked {
            self.kernel_unlock(1);
        }
        error
    }

    /// SIOCSIFMEDIA, under the list's lock.
    fn ifmedia_choose(&mut self, ifp: Ifp, media: Media, wanted: c_int) -> c_int {
        let Some(entry) = find(media, wanted) else { return EINVAL };
        let (old_entry, old_word) = (peek!(media, ifm_cur), peek!(media, ifm_media));
        let auto = wanted & kpi::IFM_TMASK as c_int == kpi::IFM_AUTO as c_int;
        if !auto && wanted == old_word as c_int && entry == old_entry {
            return 0;
        }
        poke!(media, ifm_cur = entry);
        poke!(media, ifm_media = wanted as _);
        let error = match peek!(media, ifm_change) {
            // SAFETY: the driver's own function for its interface.
            Some(change) => self.outside(|| unsafe { change(ifp.raw()) }),
            None => -1,
        };
        if error != 0 {
            poke!(media, ifm_cur = old_entry);
            poke!(media, ifm_media = old_word);
        }
        error
    }

    /// SIOCGIFMEDIA.
    fn ifmedia_tell(&mut self, ifp: Ifp, media: Media, arg: Arg) -> c_int {
        let request: *mut kpi::ifmediareq = arg.raw().cast();
        let room = peek!(request, ifm_count);
        if room < 0 {
            return EINVAL;
        }
        self.ifmedia_lock(media);
        let current = peek!(media, ifm_cur);
        let word = if current.is_null() { kpi::IFM_NONE } else { peek!(current, ifm_media) };
        poke!(request, ifm_current = word as c_int);
        poke!(request, ifm_active = word as c_int);
        poke!(request, ifm_mask = peek!(media, ifm_mask) as c_int);
        poke!(request, ifm_status = 0);
        if let Some(status) = peek!(media, ifm_status) {
            // SAFETY: the driver's own function for its interface.
            self.outside(|| unsafe { status(ifp.raw(), request) });
        }
        let words: Vec<u8> =
            entries(media).flat_map(|e| (peek!(e, ifm_media) as c_int).to_ne_bytes()).collect();
        self.ifmedia_unlock(media);
        let count = words.len() / size_of::<c_int>();
        let told = count.min(room as usize) * size_of::<c_int>();
        let list = peek!(request, ifm_ulist) as usize;
        poke!(request, ifm_count = count as c_int);
        if told == 0 {
            return 0;
        }
        self.copyout(&words[..told], list).map_or_else(|error| error.0, |()| 0)
    }
}

unsafe extern "C" fn ifmedia_init(
    media: Media,
    ignored: c_int,
    change: kpi::ifm_change_cb_t,
    status: kpi::ifm_stat_cb_t,
) {
    let mut world = enter();
    world.assert_sleepable("ifmedia_init");
    let lock = world.mutex_obj_alloc(true);
    poke!(media, ifm_list.tqh_first = std::ptr::null_mut());
    poke!(media, ifm_cur = std::ptr::null_mut());
    poke!(media, ifm_media = kpi::IFM_NONE as _);
    poke!(media, ifm_mask = ignored as _);
    poke!(media, ifm_change = change);
    poke!(media, ifm_status = status);
    poke!(media, ifm_lock = lock);
}

unsafe extern "C" fn ifmedia_add(media: Media, word: c_int, data: c_int, aux: *mut c_void) {
    let mut world = enter();
    world.assert_sleepable("ifmedia_add");
    kassert!(!peek!(media, ifm_lock).is_null(), "ifmedia_add: {media:?} is not initialised");
    world.ifmedia_lock(media);
    world.ifmedia_append(media, word, data, aux);
    world.ifmedia_unlock(media);
}

unsafe extern "C" fn ifmedia_set(media: Media, target: c_int) {
    enter().ifmedia_set(media, target);
}

unsafe extern "C" fn ifmedia_fini(media: Media) {
    enter().ifmedia_fini(media);
}

exports!(ifmedia_init, ifmedia_add, ifmedia_set, ifmedia_fini);
