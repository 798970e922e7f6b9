// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Interfaces come, are asked, and go.

use std::ffi::{c_char, c_int};
use std::sync::Mutex;

use tap_conformance::abi::{
    IfLaddrReq, IfMediaReq, AF_LINK, IFF_MULTICAST, IFF_RUNNING, IFF_UP, IFLR_ACTIVE,
    LINK_STATE_DOWN, LINK_STATE_UP, SIOCADDMULTI, SIOCALIFADDR, SIOCDELMULTI, SIOCGIFMEDIA,
    SIOCGIFMTU, SIOCIFCREATE, SIOCIFDESTROY, SIOCSIFMTU,
};
use tap_conformance::ctx::put_name;
use tap_conformance::errno::Errno;
use tap_conformance::user::Plain;
use tap_host::kern::kauth;
use tap_host::kern::net::ifioctl::Domain;
use tap_host::kpi;
use tap_host::sched;
use tap_host::world::enter;

use crate::driver::{symbol, Driver, MAC};
use crate::user::{adopt, by_name, data, flags, ifreq, ioctl, ioctl_on, set_flags, wait_for};

#[test]
fn up_and_down_reach_the_driver() {
    adopt();
    let driver = Driver::attach("life0");
    assert_eq!(flags("life0").map(|flags| flags & (IFF_UP | IFF_RUNNING)), Ok(0));
    set_flags("life0", IFF_UP).unwrap();
    let both = kpi::IFF_UP | kpi::IFF_RUNNING;
    assert_eq!(driver.flags() & both, both);
    set_flags("life0", 0).unwrap();
    assert_eq!(driver.flags() & both, 0);
    // What may not be changed was kept.
    assert_eq!(flags("life0").map(|flags| flags & IFF_MULTICAST), Ok(IFF_MULTICAST));
    driver.detach();
    assert_eq!(flags("life0"), Err(Errno::ENXIO));
}

#[test]
fn the_link_is_told_later() {
    adopt();
    let driver = Driver::attach("link0");
    driver.link(LINK_STATE_UP as u32);
    wait_for("link up", || data("link0").link_state == LINK_STATE_UP);
    driver.link(LINK_STATE_DOWN as u32);
    driver.link(LINK_STATE_UP as u32);
    driver.link(LINK_STATE_DOWN as u32);
    wait_for("link down", || data("link0").link_state == LINK_STATE_DOWN);
    driver.link(LINK_STATE_UP as u32);
    driver.detach();
}

#[test]
fn mtus_are_bounded() {
    adopt();
    let driver = Driver::attach("mtu0");
    for (mtu, taken) in [(1280_i32, true), (9000, true), (9001, false), (0, false), (-1, false)] {
        let mut request = ifreq("mtu0");
        request.data[..4].copy_from_slice(&mtu.to_ne_bytes());
        assert_eq!(ioctl(SIOCSIFMTU, &mut request).is_ok(), taken, "mtu {mtu}");
    }
    let mut request = ifreq("mtu0");
    ioctl(SIOCGIFMTU, &mut request).unwrap();
    assert_eq!(request.data[..4], 9000_i32.to_ne_bytes());
    driver.detach();
}

#[test]
fn media_are_listed() {
    adopt();
    let driver = Driver::attach("media0");
    let mut list = [-1; 4];
    let mut request = IfMediaReq::zeroed();
    put_name(&mut request.name, "media0");
    request.count = 4;
    request.list = list.as_mut_ptr() as usize;
    ioctl(SIOCGIFMEDIA, &mut request).unwrap();
    assert_eq!((request.count, request.current), (1, kpi::IFM_ETHER as i32));
    assert_eq!(list, [kpi::IFM_ETHER as i32, -1, -1, -1]);
    request.list = 0;
    assert_eq!(ioctl(SIOCGIFMEDIA, &mut request), Err(Errno::EFAULT));
    driver.detach();
}

#[test]
fn groups_are_counted() {
    adopt();
    let driver = Driver::attach("multi0");
    let group = || {
        let mut request = ifreq("multi0");
        request.data[2..8].copy_from_slice(&[1, 0, 0x5e, 1, 2, 3]);
        request
    };
    for _ in 0..2 {
        assert_eq!(ioctl(SIOCADDMULTI, &mut group()), Ok(()));
    }
    for _ in 0..2 {
        assert_eq!(ioctl(SIOCDELMULTI, &mut group()), Ok(()));
    }
    assert_eq!(ioctl(SIOCDELMULTI, &mut group()), Err(Errno::ENXIO));
    let mut single = ifreq("multi0");
    single.data[2..8].copy_from_slice(&[2, 0, 0, 1, 2, 3]);
    assert_eq!(ioctl(SIOCADDMULTI, &mut single), Err(Errno::EINVAL));
    driver.detach();
}

#[test]
fn a_link_address_is_added_and_used() {
    adopt();
    let driver = Driver::attach("lladdr0");
    let address = [2, 0x11, 0x22, 0x33, 0x44, 0x55];
    let mut request = IfLaddrReq::zeroed();
    put_name(&mut request.name, "lladdr0");
    request.flags = IFLR_ACTIVE;
    request.addr[..8].copy_from_slice(&[20, AF_LINK as u8, 0, 0, 0, 0, 6, 0]);
    request.addr[8..14].copy_from_slice(&address);
    assert_eq!(ioctl_on(Domain::Link, SIOCALIFADDR, &mut request), Ok(()));
    // SAFETY: the driver's own interface.
    let sadl = unsafe { (*driver.ifp()).if_sadl };
    // SAFETY: attached, so there is an address.
    let sdl = unsafe { &*sadl };
    let data = &sdl.sdl_addr.dl_data[usize::from(sdl.sdl_addr.dl_nlen)..][..6];
    assert_eq!(data.iter().map(|b| *b as u8).collect::<Vec<_>>(), address);
    assert_ne!(address, MAC);
    request.addr[8] = 1;
    assert_eq!(ioctl_on(Domain::Link, SIOCALIFADDR, &mut request), Err(Errno::EINVAL));
    driver.detach();
}

#[test]
fn only_the_superuser_changes_interfaces() {
    sched::adopt(2, "another user");
    let driver = Driver::attach("priv0");
    {
        let mut world = enter();
        let cred = kauth::new_cred(1, 1);
        world.current_proc().cred = cred;
    }
    assert_eq!(set_flags("priv0", IFF_UP), Err(Errno::EPERM));
    assert_eq!(by_name(SIOCIFCREATE, "nothing0"), Err(Errno::EPERM));
    assert!(flags("priv0").is_ok());
    driver.detach();
}

static CLONES: Mutex<Vec<(c_int, usize)>> = Mutex::new(Vec::new());

unsafe extern "C" fn create(_ifc: *mut kpi::if_clone, unit: c_int) -> c_int {
    if unit > 9 {
        return kpi::EINVAL as c_int;
    }
    let driver = Driver::attach(&format!("clone{unit}"));
    CLONES.lock().unwrap().push((unit, std::ptr::from_ref(driver) as usize));
    0
}

unsafe extern "C" fn destroy(ifp: *mut kpi::ifnet) -> c_int {
    let mut clones = CLONES.lock().unwrap();
    let at = clones.iter().position(|(_, driver)| *driver == ifp as usize).unwrap();
    let (_, driver) = clones.remove(at);
    drop(clones);
    // SAFETY: made by `create`, and never freed.
    unsafe { &*(driver as *const Driver) }.detach();
    0
}

#[test]
fn interfaces_are_cloned_by_name() {
    adopt();
    assert_eq!(by_name(SIOCIFCREATE, "clone0"), Err(Errno::EINVAL));
    // SAFETY: pointers and an integer, for which all zeros is a value.
    let mut cloner: Box<kpi::if_clone> = Box::new(unsafe { std::mem::zeroed() });
    cloner.ifc_name = c"clone".as_ptr().cast::<c_char>();
    cloner.ifc_create = Some(create);
    cloner.ifc_destroy = Some(destroy);
    let cloner: *mut kpi::if_clone = Box::into_raw(cloner);
    type OfCloner = unsafe extern "C" fn(*mut kpi::if_clone);
    // SAFETY: filled in above, and never freed.
    unsafe { symbol::<OfCloner>("if_clone_attach")(cloner) };
    assert_eq!(by_name(SIOCIFCREATE, "clone3"), Ok(()));
    assert_eq!(by_name(SIOCIFCREATE, "clone3"), Err(Errno::EEXIST));
    assert_eq!(by_name(SIOCIFCREATE, "clone10"), Err(Errno::EINVAL));
    assert_eq!(by_name(SIOCIFCREATE, "clone"), Err(Errno::EINVAL));
    assert!(flags("clone3").is_ok());
    assert_eq!(by_name(SIOCIFDESTROY, "clone4"), Err(Errno::ENXIO));
    assert_eq!(by_name(SIOCIFDESTROY, "clone3"), Ok(()));
    assert_eq!(flags("clone3"), Err(Errno::ENXIO));
    // SAFETY: attached above.
    unsafe { symbol::<OfCloner>("if_clone_detach")(cloner) };
    assert_eq!(by_name(SIOCIFCREATE, "clone3"), Err(Errno::EINVAL));
}
