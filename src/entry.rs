// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Every function that the kernel calls through the tables of `shim/register.c`. Each turns
//! integers and pointers into types and calls the logic, and nothing else.
//!
//! Two facts make most of the `unsafe` here sound:
//!
//! - *Cloned descriptor*: the file's data is a reference to the softc that fo_close alone takes
//!   back, after every other call on the file has returned.
//! - *Node*: the spec layer counts calls through a device node, and detach empties the unit's
//!   table slot, then waits for that count (vdevgone) before it lets go of the softc.

// What makes a call of these functions sound is the contract of the kernel's table that each is
// in: the manual pages and sources of the kernel state it, not a section in each comment here.
#![allow(clippy::missing_safety_doc)]

use core::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};
use core::ptr;

use crate::attach;
use crate::channel::Opener;
use crate::cloner::{self, TABLE};
use crate::event;
use crate::ifnet;
use crate::input;
use crate::io;
use crate::ioctl;
use crate::kern::arc::Arc;
use crate::kern::atomic::AtomicU32;
use crate::kern::device::Device;
use crate::kern::errno::{to_int, Errno};
use crate::kern::file::{make_dev, minor, File, Stat};
use crate::kern::ioctl::Request;
use crate::kern::knote::Knote;
use crate::kern::kpi;
use crate::kern::mbuf::Mbuf;
use crate::kern::media;
use crate::kern::sysctl::text_buffer;
use crate::kern::uio::Uio;
use crate::softc::Softc;
use crate::sysctl;
use crate::unit::CLONER_MINOR;

/// Asserts that functions have the types that tap_rs.h declares.
macro_rules! declared {
    ($($name:ident),* $(,)?) => {
        $(const _: () = { let _ = [$name, kpi::$name]; };)*
    };
}

declared!(
    tap_rs_init,
    tap_rs_fini,
    tap_rs_match,
    tap_rs_attach,
    tap_rs_detach,
    tap_rs_clone_create,
    tap_rs_clone_destroy,
    tap_rs_cdev_open,
    tap_rs_cdev_cancel,
    tap_rs_cdev_close,
    tap_rs_cdev_read,
    tap_rs_cdev_write,
    tap_rs_cdev_ioctl,
    tap_rs_cdev_poll,
    tap_rs_cdev_kqfilter,
    tap_rs_fops_read,
    tap_rs_fops_write,
    tap_rs_fops_ioctl,
    tap_rs_fops_poll,
    tap_rs_fops_stat,
    tap_rs_fops_close,
    tap_rs_fops_kqfilter,
    tap_rs_fops_restart,
    tap_rs_kq_rdetach,
    tap_rs_kq_revent,
    tap_rs_kq_wdetach,
    tap_rs_kq_wevent,
    tap_rs_if_ioctl,
    tap_rs_if_init,
    tap_rs_if_stop,
    tap_rs_if_transmit,
    tap_rs_media_change,
    tap_rs_media_status,
    tap_rs_signals_intr,
    tap_rs_input_intr,
    tap_rs_sysctl_get,
    tap_rs_sysctl_set,
    tap_rs_sysctl_opener,
);

/// MODULE_CMD_INIT.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_init() -> c_int {
    to_int(cloner::load())
}

/// MODULE_CMD_FINI.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fini() -> c_int {
    to_int(cloner::unload())
}

/// ca_match: a pseudo-device is always there.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_match(
    _parent: kpi::device_t,
    _cfdata: kpi::cfdata_t,
    _aux: *mut c_void,
) -> c_int {
    1
}

/// A device of this driver, and the softc that it is of.
///
/// # Safety
///
/// Called from within ca_attach or ca_detach, and used no longer: the softc outlives the device.
unsafe fn of_device<'a>(device: kpi::device_t) -> (&'a Softc, Device<'a>) {
    // SAFETY: autoconf keeps the device for the length of the call.
    let device = unsafe { &*device };
    // SAFETY: autoconf calls with what `PseudoDevice::attach` attached.
    let device = unsafe { Device::new(device) };
    // SAFETY: `attach_unit` gave the device a pointer to the softc that it is part of.
    (unsafe { &*device.softc().cast() }, device)
}

/// ca_attach.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_attach(
    _parent: kpi::device_t,
    device: kpi::device_t,
    _aux: *mut c_void,
) {
    // SAFETY: this is ca_attach.
    let (softc, device) = unsafe { of_device(device) };
    attach::attach(softc, device);
}

/// ca_detach.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_detach(device: kpi::device_t, _flags: c_int) -> c_int {
    // SAFETY: this is ca_detach; unless it is refused, who destroys holds a reference.
    let (softc, device) = unsafe { of_device(device) };
    to_int(attach::detach(softc, device))
}

/// ifc_create.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_clone_create(_ifc: *mut kpi::if_clone, unit: c_int) -> c_int {
    to_int(cloner::clone_create(unit))
}

/// ifc_destroy.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_clone_destroy(ifp: *mut kpi::ifnet) -> c_int {
    // SAFETY: under if_clone_mtx, under which alone interfaces of this driver end.
    to_int(cloner::clone_destroy(unsafe { softc_of(ifp) }))
}

/// The softc of an interface in a callback.
///
/// # Safety
///
/// `ifp` is an attached interface of this driver, for as long as the result is used.
unsafe fn softc_of<'a>(ifp: *mut kpi::ifnet) -> &'a Softc {
    // SAFETY: the caller's promise.
    let softc = unsafe { (*ifp).if_softc };
    // SAFETY: `Interface::attach` stored a pointer to the softc that it is part of.
    unsafe { &*softc.cast() }
}

/// The softc behind a device node.
///
/// # Safety
///
/// Called from within a call of cdevsw, and used no longer.
unsafe fn softc_of_node<'a>(dev: kpi::dev_t) -> Result<&'a Softc, Errno> {
    // SAFETY: the fact about nodes, at the top of this file.
    unsafe { TABLE.get(minor(dev)) }.ok_or(Errno::ENXIO)
}

/// The softc behind a cloned descriptor.
///
/// # Safety
///
/// `file` is a file of this driver in a call of its fileops, and the result used no longer.
unsafe fn softc_of_file<'a>(file: *mut kpi::file) -> &'a Softc {
    // SAFETY: the kernel holds the file for the length of the call.
    let file = File::new(unsafe { &*file });
    // SAFETY: the fact about cloned descriptors, at the top of this file.
    unsafe { file.data::<Softc>().as_ref() }
}

/// d_open.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_open(
    dev: kpi::dev_t,
    flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    if minor(dev) == CLONER_MINOR {
        return cloner::cloning_open(flags).raw();
    }
    // SAFETY: this is a call of cdevsw.
    to_int(unsafe { softc_of_node(dev) }.and_then(Softc::open_node))
}

/// d_cancel: the node is revoked, or the last one is closed.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_cancel(
    dev: kpi::dev_t,
    _flags: c_int,
    _mode: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: this is a call of cdevsw.
    if let Ok(softc) = unsafe { softc_of_node(dev) } {
        softc.channel.cancel();
    }
    0
}

/// d_close, all but its last instruction.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_close(dev: kpi::dev_t) -> *mut c_uint {
    // SAFETY: this is a call of cdevsw, and the spec layer lets one close in at a time.
    match unsafe { softc_of_node(dev) } {
        Ok(softc) => {
            softc.close_node();
            exit_word(softc.begin_close_exit(Opener::Node))
        }
        // Detach has done the work, and waits for this call to return.
        Err(_) => ptr::null_mut(),
    }
}

/// A softc's exit word, for the C side to decrement.
fn exit_word(word: &AtomicU32) -> *mut c_uint {
    word.as_ptr()
}

/// d_read.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_read(
    dev: kpi::dev_t,
    uio: *mut kpi::uio,
    flags: c_int,
) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    let nonblock = flags as u32 & kpi::IO_NDELAY != 0;
    // SAFETY: this is a call of cdevsw.
    to_int(unsafe { softc_of_node(dev) }.and_then(|softc| io::read(softc, uio, nonblock)))
}

/// d_write.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_write(
    dev: kpi::dev_t,
    uio: *mut kpi::uio,
    _flags: c_int,
) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    // SAFETY: this is a call of cdevsw.
    to_int(unsafe { softc_of_node(dev) }.and_then(|softc| io::write(softc, uio)))
}

/// d_ioctl.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_ioctl(
    dev: kpi::dev_t,
    command: c_ulong,
    data: *mut c_void,
    _flags: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: sys_ioctl's buffer, of the length that the command states.
    let request = unsafe { Request::new(command, data) };
    // SAFETY: this is a call of cdevsw.
    let softc = unsafe { softc_of_node(dev) };
    to_int(softc.and_then(|softc| ioctl::descriptor(softc, request)))
}

/// d_poll.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_poll(
    dev: kpi::dev_t,
    events: c_int,
    _lwp: *mut kpi::lwp,
) -> c_int {
    // SAFETY: this is a call of cdevsw.
    match unsafe { softc_of_node(dev) } {
        Ok(softc) => event::poll(softc, events as u32) as c_int,
        Err(_) => kpi::POLLHUP as c_int,
    }
}

/// d_kqfilter.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_cdev_kqfilter(dev: kpi::dev_t, knote: *mut kpi::knote) -> c_int {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    // SAFETY: this is a call of cdevsw.
    let softc = unsafe { softc_of_node(dev) };
    to_int(softc.and_then(|softc| event::attach_knote(softc, knote)))
}

/// fo_read.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_read(
    file: *mut kpi::file,
    _offset: *mut kpi::off_t,
    uio: *mut kpi::uio,
    _cred: kpi::kauth_cred_t,
    _flags: c_int,
) -> c_int {
    // SAFETY: the kernel holds the file for the length of the call.
    let nonblock = File::new(unsafe { &*file }).is_nonblocking();
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    // SAFETY: this is a call of the driver's fileops.
    to_int(io::read(unsafe { softc_of_file(file) }, uio, nonblock))
}

/// fo_write.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_write(
    file: *mut kpi::file,
    _offset: *mut kpi::off_t,
    uio: *mut kpi::uio,
    _cred: kpi::kauth_cred_t,
    _flags: c_int,
) -> c_int {
    // SAFETY: the request is the caller's for the length of the call.
    let uio = Uio::new(unsafe { &mut *uio });
    // SAFETY: this is a call of the driver's fileops.
    to_int(io::write(unsafe { softc_of_file(file) }, uio))
}

/// fo_ioctl.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_ioctl(
    file: *mut kpi::file,
    command: c_ulong,
    data: *mut c_void,
) -> c_int {
    // SAFETY: sys_ioctl's buffer, of the length that the command states.
    let request = unsafe { Request::new(command, data) };
    // SAFETY: this is a call of the driver's fileops.
    to_int(ioctl::descriptor(unsafe { softc_of_file(file) }, request))
}

/// fo_poll.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_poll(file: *mut kpi::file, events: c_int) -> c_int {
    // SAFETY: this is a call of the driver's fileops.
    event::poll(unsafe { softc_of_file(file) }, events as u32) as c_int
}

/// fo_stat.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_stat(file: *mut kpi::file, stat: *mut kpi::stat) -> c_int {
    // SAFETY: the answer is the caller's for the length of the call.
    let mut stat = Stat::new(unsafe { &mut *stat });
    // SAFETY: this is a call of the driver's fileops.
    let softc = unsafe { softc_of_file(file) };
    if softc.channel.is_gone() {
        return Errno::ENXIO.raw();
    }
    let device = make_dev(cloner::DEVICE.major(), softc.unit);
    // SAFETY: the kernel holds the file for the length of the call.
    stat.fill(File::new(unsafe { &*file }), device, &softc.times());
    0
}

/// fo_close, all but its last instruction.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_close(file: *mut kpi::file) -> *mut c_uint {
    // SAFETY: the kernel holds the file for the length of the call.
    let data = File::new(unsafe { &*file }).data::<Softc>();
    // SAFETY: the reference that the cloning open left; fo_close is called once.
    let softc = unsafe { Arc::from_raw(data) };
    cloner::close_cloned(&softc);
    // The softc stays until the word is cleared, though the reference goes here.
    exit_word(softc.begin_close_exit(Opener::Cloner))
}

/// fo_kqfilter.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_kqfilter(
    file: *mut kpi::file,
    knote: *mut kpi::knote,
) -> c_int {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    // SAFETY: this is a call of the driver's fileops.
    to_int(event::attach_knote(unsafe { softc_of_file(file) }, knote))
}

/// fo_restart: another thread closes the descriptor.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_fops_restart(file: *mut kpi::file) {
    // SAFETY: this is a call of the driver's fileops.
    unsafe { softc_of_file(file) }.channel.restart();
}

/// f_detach of either filter, all but its last instruction.
///
/// # Safety
///
/// Called once, from within f_detach of a knote that `attach_knote` has attached.
unsafe fn kq_detach(knote: *mut kpi::knote, reads: bool) -> *mut c_uint {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    // SAFETY: the reference that `attach_knote` left; f_detach is called once.
    let softc = unsafe { Arc::from_raw(knote.hook::<Softc>()) };
    event::detach_knote(&softc, knote, reads);
    // The softc stays until the word is decremented, though the reference goes here.
    exit_word(softc.begin_knote_exit())
}

/// f_event of either filter.
///
/// # Safety
///
/// Called from within f_event of a knote that `attach_knote` has attached.
unsafe fn kq_event(knote: *mut kpi::knote, reads: bool) -> c_int {
    // SAFETY: the knote is the caller's for the length of the call.
    let knote = Knote::new(unsafe { &mut *knote });
    let hook = knote.hook::<Softc>();
    // SAFETY: the knote holds a reference until f_detach.
    let softc = unsafe { hook.as_ref() };
    c_int::from(event::knote_event(softc, knote, reads))
}

/// f_detach of EVFILT_READ.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_rdetach(knote: *mut kpi::knote) -> *mut c_uint {
    // SAFETY: this is f_detach.
    unsafe { kq_detach(knote, true) }
}

/// f_event of EVFILT_READ.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_revent(knote: *mut kpi::knote, _hint: c_long) -> c_int {
    // SAFETY: this is f_event.
    unsafe { kq_event(knote, true) }
}

/// f_detach of EVFILT_WRITE.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_wdetach(knote: *mut kpi::knote) -> *mut c_uint {
    // SAFETY: this is f_detach.
    unsafe { kq_detach(knote, false) }
}

/// f_event of EVFILT_WRITE.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_kq_wevent(knote: *mut kpi::knote, _hint: c_long) -> c_int {
    // SAFETY: this is f_event.
    unsafe { kq_event(knote, false) }
}

/// if_ioctl.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_ioctl(
    ifp: *mut kpi::ifnet,
    command: c_ulong,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the stack's callbacks come to attached interfaces only.
    let softc = unsafe { softc_of(ifp) };
    // Who joins a multicast group holds nothing that an end waits for.
    let Some(_call) = softc.channel.enter() else { return Errno::ENXIO.raw() };
    // SAFETY: the stack's buffer; for the driver's own commands it has the length they state.
    let request = unsafe { Request::new(command, data) };
    let result = ioctl::interface(softc, request).unwrap_or_else(|| {
        // SAFETY: the argument is passed on as it came.
        unsafe { softc.interface.ether_ioctl(command, data) }
    });
    match result {
        // The change has been made; there is no hardware to be told.
        Err(Errno::ENETRESET) => 0,
        other => to_int(other),
    }
}

/// if_init.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_init(ifp: *mut kpi::ifnet) -> c_int {
    // SAFETY: the stack's callbacks come to attached interfaces only.
    ifnet::init(unsafe { softc_of(ifp) });
    0
}

/// if_stop.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_stop(ifp: *mut kpi::ifnet, _disable: c_int) {
    // SAFETY: the stack's callbacks come to attached interfaces only.
    ifnet::stop(unsafe { softc_of(ifp) });
}

/// if_transmit.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_if_transmit(ifp: *mut kpi::ifnet, packet: *mut kpi::mbuf) -> c_int {
    // SAFETY: the stack gives the packet away.
    let Some(frame) = (unsafe { Mbuf::from_raw(packet) }) else { return 0 };
    // SAFETY: the stack's callbacks come to attached interfaces only.
    to_int(ifnet::transmit(unsafe { softc_of(ifp) }, frame))
}

/// ifm_change: any medium of the list will do.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_media_change(_ifp: *mut kpi::ifnet) -> c_int {
    0
}

/// ifm_status.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_media_status(ifp: *mut kpi::ifnet, request: *mut kpi::ifmediareq) {
    // SAFETY: the request is the caller's for the length of the call.
    let mut request = media::Request::new(unsafe { &mut *request });
    // SAFETY: the stack's callbacks come to attached interfaces only.
    ifnet::media_status(unsafe { softc_of(ifp) }, &mut request);
}

/// The soft interrupt for signals.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_signals_intr(_arg: *mut c_void) {
    event::deliver_sigio();
}

/// The soft interrupt for input.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_input_intr(_arg: *mut c_void) {
    input::deliver();
}

/// The sysctl leaf's softc.
///
/// # Safety
///
/// `cookie` is the leaf's data, in a call of its handler, and the result used no longer: detach
/// destroys the leaf, which waits for the handler, before it lets go of the softc.
unsafe fn softc_of_leaf<'a>(cookie: *mut c_void) -> &'a Softc {
    // SAFETY: the caller's promise.
    unsafe { &*cookie.cast() }
}

/// The address as text.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_sysctl_get(cookie: *mut c_void, text: *mut c_char) {
    // SAFETY: this is the leaf's handler.
    let softc = unsafe { softc_of_leaf(cookie) };
    // SAFETY: the handler's own buffer, of that size.
    sysctl::get(softc, unsafe { text_buffer(text) });
}

/// A new address.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_sysctl_set(cookie: *mut c_void, text: *mut c_char) -> c_int {
    // SAFETY: this is the leaf's handler.
    let softc = unsafe { softc_of_leaf(cookie) };
    // SAFETY: the handler's own buffer, of that size.
    to_int(sysctl::set(softc, unsafe { text_buffer(text) }))
}

/// The first interface from a unit on whose opener the caller may see, and that process.
#[no_mangle]
pub unsafe extern "C" fn tap_rs_sysctl_opener(
    unit: *mut c_int,
    pid: *mut kpi::pid_t,
) -> *const c_char {
    // SAFETY: the handler's own variable.
    let unit = unsafe { &mut *unit };
    // SAFETY: as above.
    let pid = unsafe { &mut *pid };
    // SAFETY: this is a handler of the sysctl tree, whose lock detach takes after it has emptied
    // the table's slot and before it drops the softc.
    let found = unsafe {
        TABLE.find(*unit as u32, |softc| match softc.opener.visible() {
            Some(opener) => {
                *pid = opener;
                true
            }
            None => false,
        })
    };
    let Some(softc) = found else { return ptr::null() };
    *unit = softc.unit.as_int() + 1;
    softc.interface.name().as_ptr()
}
