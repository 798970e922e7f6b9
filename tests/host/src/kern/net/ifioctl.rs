// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! ioctl(2) of interfaces, as sys/net/if.c does it: privileges, locks, the driver first, and the
//! protocol of the socket for what the driver does not know.

use std::ffi::{c_int, c_void};

use tap_conformance::abi::{IfDataReq, IFNAMSIZ};
use tap_conformance::user::Plain;

use crate::export::{Address, Export};
use crate::kern::field::{peek, poke};
use crate::kern::kauth;
use crate::kern::net::ifnet::Ifp;
use crate::kern::net::ioctl_arg::{length, Arg};
use crate::kpi;
use crate::world::{enter, World};
use crate::{exports, host_panic};

/// Where the union of struct ifreq begins.
pub(super) const DATA: usize = IFNAMSIZ;
const ENOTTY: c_int = kpi::ENOTTY as c_int;
const ENXIO: c_int = kpi::ENXIO as c_int;

/// A protocol's part of the commands, of the kind of socket that asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
    /// AF_INET.
    Inet,
    /// AF_INET6.
    Inet6,
    /// AF_LINK.
    Link,
}

/// What only the superuser may ask.
const PRIVILEGED: &[u32] = &[
    kpi::SIOCALIFADDR,
    kpi::SIOCDLIFADDR,
    kpi::SIOCSIFFLAGS,
    kpi::SIOCSIFCAP,
    kpi::SIOCSIFMETRIC,
    kpi::SIOCZIFDATA,
    kpi::SIOCSIFMTU,
    kpi::SIOCSIFPHYADDR,
    kpi::SIOCDIFPHYADDR,
    kpi::SIOCSLIFPHYADDR,
    kpi::SIOCADDMULTI,
    kpi::SIOCDELMULTI,
    kpi::SIOCSETHERCAP,
    kpi::SIOCSIFMEDIA,
    kpi::SIOCSDRVSPEC,
    kpi::SIOCSLINKSTR,
];

fn is(command: u64, number: u32) -> bool {
    command == u64::from(number)
}

impl World {
    /// Whether the calling process may change interfaces: kauth(9)'s
    /// KAUTH_REQ_NETWORK_INTERFACE_SETPRIV.
    pub(super) fn may_set_interfaces(&mut self) -> bool {
        kauth::cred(self.current_proc().cred).euid == 0
    }

    /// ioctl(2) on a socket, for the commands of interfaces. The argument is the kernel's copy.
    pub fn socket_ioctl(&mut self, domain: Domain, command: u64, data: *mut c_void) -> c_int {
        self.doifioctl(Some(domain), command, data, true)
    }

    /// doifioctl: `domain` is None for the kernel itself, `ask` whether privileges count.
    fn doifioctl(
        &mut self,
        domain: Option<Domain>,
        command: u64,
        data: *mut c_void,
        ask: bool,
    ) -> c_int {
        let arg = Arg::new(command, data);
        let create = is(command, kpi::SIOCIFCREATE);
        if create || is(command, kpi::SIOCIFDESTROY) {
            if ask && !self.may_set_interfaces() {
                return kpi::EPERM as c_int;
            }
            return self.if_clone_command(&arg.name(), create);
        }
        if is(command, kpi::SIOCINITIFADDR) {
            return kpi::EPERM as c_int;
        }
        if command & u64::from(kpi::IOC_IN) == 0 || length(command) < IFNAMSIZ {
            return kpi::EINVAL as c_int;
        }
        let Some(ifp) = self.if_get(&arg.name()) else { return ENXIO };
        let privileged = PRIVILEGED.iter().any(|number| is(command, *number));
        let error = if privileged && ask && !self.may_set_interfaces() {
            kpi::EPERM as c_int
        } else {
            self.interface_ioctl(ifp, domain, command, arg)
        };
        self.if_put(ifp);
        error
    }

    /// The driver, then the protocol, under the locks.
    fn interface_ioctl(
        &mut self,
        ifp: Ifp,
        domain: Option<Domain>,
        command: u64,
        arg: Arg,
    ) -> c_int {
        let locked = !ifp.is_mpsafe();
        if locked {
            self.kernel_lock(1);
        }
        self.ifnet_lock(ifp);
        let before = ifp.flags();
        let mut error = self.if_ioctl(ifp, command, arg.raw());
        if error == ENOTTY {
            error = match domain {
                None => host_panic!("ifioctl: a command that needs a socket, without one"),
                Some(domain) => self.protocol_ioctl(domain, ifp, command, arg),
            };
        }
        let came_up = (before ^ ifp.flags()) & ifp.flags() & kpi::IFF_UP != 0;
        if came_up {
            self.if_up_locked(ifp);
        }
        self.ifnet_unlock(ifp);
        if locked {
            self.kernel_unlock(1);
        }
        error
    }

    fn protocol_ioctl(&mut self, domain: Domain, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        // The protocols are not safe without it, whatever the interface is.
        let locked = ifp.is_mpsafe();
        if locked {
            self.kernel_lock(1);
        }
        let error = match domain {
            Domain::Inet => self.in_control(ifp, command, arg),
            Domain::Inet6 => self.in6_control(ifp, command, arg),
            Domain::Link => self.link_control(ifp, command, arg),
        };
        if locked {
            self.kernel_unlock(1);
        }
        error
    }

    /// ifioctl_common: what every interface can be asked.
    pub(super) fn ifioctl_common(&mut self, ifp: Ifp, command: u64, arg: Arg) -> c_int {
        let raw = ifp.raw();
        match u32::try_from(command).unwrap_or(0) {
            kpi::SIOCSIFFLAGS => self.set_flags_from(ifp, u32::from(arg.get::<u16>(DATA))),
            kpi::SIOCGIFFLAGS => arg.put(DATA, ifp.flags() as u16),
            kpi::SIOCGIFMETRIC => arg.put(DATA, peek!(raw, if_metric) as i32),
            kpi::SIOCSIFMETRIC => poke!(raw, if_metric = arg.get::<i32>(DATA) as u64),
            kpi::SIOCGIFMTU => arg.put(DATA, peek!(raw, if_mtu) as i32),
            kpi::SIOCSIFMTU => {
                let mtu = arg.get::<i32>(DATA) as u64;
                if mtu != peek!(raw, if_mtu) {
                    poke!(raw, if_mtu = mtu);
                    return kpi::ENETRESET as c_int;
                }
            }
            kpi::SIOCGIFCAP => self.get_capabilities(ifp, arg),
            kpi::SIOCSIFCAP => return self.set_capabilities(ifp, arg),
            kpi::SIOCGIFDLT => arg.put(DATA, peek!(raw, if_dlt)),
            kpi::SIOCGIFINDEX => arg.put(DATA, u32::from(peek!(raw, if_index))),
            kpi::SIOCGIFDATA => self.export_data(ifp, arg, false),
            kpi::SIOCZIFDATA => {
                self.export_data(ifp, arg, true);
                self.stamp(ifp);
            }
            kpi::SIOCSIFDESCR => return self.set_description(ifp, arg),
            kpi::SIOCGIFDESCR => return self.get_description(ifp, arg),
            _ => return ENOTTY,
        }
        0
    }

    /// if_export_if_data.
    fn export_data(&mut self, ifp: Ifp, arg: Arg, zero: bool) {
        const COUNTERS: usize = kpi::if_stat_t_IF_NSTATS as usize;
        let raw = ifp.raw();
        let mut sums = [0u64; COUNTERS];
        self.percpu_foreach(peek!(raw, if_stats), |counters| {
            let counters = counters.cast::<[u64; COUNTERS]>();
            // SAFETY: that many counters on each CPU, and nobody is on this one.
            let counters = unsafe { &mut *counters };
            for (sum, counter) in sums.iter_mut().zip(counters.iter_mut()) {
                *sum += *counter;
                if zero {
                    *counter = 0;
                }
            }
        });
        let lastchange = peek!(raw, if_lastchange);
        let mut data = IfDataReq::zeroed();
        data.kind = [peek!(raw, if_type), peek!(raw, if_addrlen), peek!(raw, if_hdrlen), 0];
        data.link_state = peek!(raw, if_link_state);
        data.mtu = peek!(raw, if_mtu);
        data.metric = peek!(raw, if_metric);
        data.baudrate = peek!(raw, if_baudrate);
        [
            data.ipackets,
            data.ierrors,
            data.opackets,
            data.oerrors,
            data.collisions,
            data.ibytes,
            data.obytes,
            data.imcasts,
            data.omcasts,
            data.iqdrops,
            data.noproto,
        ] = sums;
        data.lastchange = [lastchange.tv_sec as u64, lastchange.tv_nsec as u64];
        arg.put_bytes(IFNAMSIZ, &data.as_bytes()[IFNAMSIZ..]);
    }
}

pub(super) unsafe extern "C" fn ifioctl_common(
    raw: *mut kpi::ifnet,
    command: u64,
    data: *mut c_void,
) -> c_int {
    enter().ifioctl_common(Ifp::from_raw(raw), command, Arg::new(command, data))
}

/// What the variable `ifioctl` points at: a call of a module's, without a socket.
unsafe extern "C" fn doifioctl(
    socket: *mut kpi::socket,
    command: u64,
    data: *mut c_void,
    lwp: *mut kpi::lwp,
) -> c_int {
    if !socket.is_null() {
        host_panic!("ifioctl: {socket:?} is no socket of the host's");
    }
    enter().doifioctl(None, command, data, !lwp.is_null())
}

type IfIoctl = unsafe extern "C" fn(*mut kpi::socket, u64, *mut c_void, *mut kpi::lwp) -> c_int;
static IFIOCTL: IfIoctl = doifioctl;

exports!(ifioctl_common);

/// The kernel's variables.
pub const VARIABLES: &[Export] = &[Export {
    name: "ifioctl",
    address: Address((&raw const IFIOCTL).cast()),
    size: size_of::<IfIoctl>(),
}];
