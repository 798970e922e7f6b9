// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Modules, as sys/kern/kern_module.c has them, and modctl(2) of sys/kern/sys_module.c: load by
//! path, unload by name, stat. There is no module path to look a bare name up in, and nothing loads
//! itself.

use std::ffi::{c_void, CStr};
use std::io;
use std::ptr;

use tap_conformance::abi::ModStat;
use tap_conformance::errno::Result;
use tap_conformance::user::Plain;
use tap_conformance::Errno;

use crate::arch::curlwp;
use crate::kern::kauth::cred;
use crate::kern::prf;
use crate::kpi;
use crate::loader::symbols::{kernel, Resolved};
use crate::loader::{fault, Image, Info, Loaded, Refusal, Staged};
use crate::world::World;
use crate::{host_panic, kassert};

/// `__NetBSD_Version__` of the headers that the host was built with.
const VERSION: &str = env!("TAP_KERNEL_VERSION");
/// errno(2), EPROGMISMATCH: built for another kernel.
pub const EPROGMISMATCH: Errno = Errno(kpi::EPROGMISMATCH as i32);

type Modcmd = unsafe extern "C" fn(kpi::modcmd_t, *mut c_void) -> i32;
type SysctlSetup = unsafe extern "C" fn(*mut *mut kpi::sysctllog);

/// One module.
struct Module {
    info: Info,
    image: Image,
    refcnt: u32,
    /// What its SYSCTL_SETUP functions made; boxed, since they get its address.
    log: Box<*mut kpi::sysctllog>,
}

// SAFETY: the log is the kernel's memory, which every thread may reach.
unsafe impl Send for Module {}

/// All modules.
#[derive(Default)]
pub struct Modules {
    /// The latest first.
    list: Vec<Module>,
    /// Whether a module for another version is loaded all the same, as by `modload -f`.
    pub force: bool,
}

impl Modules {
    /// How many are loaded.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Whether a module of that name is loaded.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|module| module.info.name == name)
    }

    /// What a symbol resolves to, the kernel's or a module's global one.
    fn lookup(&self, name: &str) -> Option<Resolved> {
        kernel().get(name).or_else(|| self.list.iter().find_map(|m| m.image.global(name)))
    }
}

impl World {
    /// kauth(9) for KAUTH_SYSTEM_MODULE: the superuser.
    fn may_change_modules(&mut self) -> Result<()> {
        match cred(self.current_proc().cred).euid {
            0 => Ok(()),
            _ => Err(Errno::EPERM),
        }
    }
}

fn error(world: &mut World, text: &str) {
    prf::log(world, &format!("WARNING: module error: {text}\n"));
}

/// modctl(2), MODCTL_LOAD: `flags` are MODCTL_LOAD_FORCE or 0.
pub fn modload(world: &mut World, path: &CStr, flags: u32) -> Result<()> {
    let path = path.to_str().map_err(|_| Errno::ENOENT)?;
    world.kernconfig_lock();
    let result = if world.modules.position(path).is_some() {
        Err(Errno::EEXIST)
    } else {
        world.may_change_modules().and_then(|()| load(world, path, flags))
    };
    world.kernconfig_unlock();
    result
}

/// What opening or reading a file fails with.
fn file_error(error: &io::Error) -> Errno {
    match error.kind() {
        io::ErrorKind::NotFound => Errno::ENOENT,
        io::ErrorKind::PermissionDenied => Errno::EACCES,
        io::ErrorKind::IsADirectory => Errno(kpi::EISDIR as i32),
        _ => Errno::EIO,
    }
}

fn load(world: &mut World, path: &str, flags: u32) -> Result<()> {
    if !path.contains('/') {
        return Err(Errno::ENOENT);
    }
    fault::catch(curlwp::emulate);
    #[cfg(asan)]
    crate::kern::asan::name_functions();
    let data = std::fs::read(path).map_err(|error| file_error(&error))?;
    world.procinit();
    match link(world, &data, flags) {
        Ok(module) => start(world, module),
        Err(Refusal { errno, message }) => {
            error(world, &format!("[{path}]: {message}"));
            Err(errno)
        }
    }
}

/// Everything up to the module's first instruction.
fn link(world: &mut World, data: &[u8], flags: u32) -> Loaded<Module> {
    let refuse = |errno, message: String| Err(Refusal { errno, message });
    let staged = Staged::load(data, &|name| world.modules.lookup(name))?;
    let info = Info::read(&staged)?;
    let name = &info.name;
    if name.len() >= kpi::MAXMODNAME as usize {
        return refuse(Errno::EINVAL, format!("module name `{name}' is too long"));
    }
    if info.class == kpi::modclass_MODULE_CLASS_ANY || info.class >= kpi::modclass_MODULE_CLASS_MAX
    {
        return refuse(Errno::EINVAL, format!("module `{name}' has invalid class {}", info.class));
    }
    if !compatible(info.version) {
        let message = format!("module `{name}' built for {}, system {VERSION}", info.version);
        if flags & kpi::MODCTL_LOAD_FORCE == 0 && !world.modules.force {
            return refuse(EPROGMISMATCH, message);
        }
        error(world, &format!("{message}: forced load"));
    }
    if world.modules.position(name).is_some() {
        return refuse(Errno::EEXIST, format!("module with name `{name}' already loaded"));
    }
    for required in &info.required {
        if required.len() >= kpi::MAXMODNAME as usize {
            return refuse(Errno::EINVAL, format!("required name `{required}' is too long"));
        }
        if required == name {
            return refuse(Errno(kpi::EDEADLK as i32), format!("`{name}' requires itself"));
        }
        if world.modules.position(required).is_none() {
            return refuse(Errno::ENOENT, format!("`{required}' required by `{name}'"));
        }
    }
    let image = staged.affix(name, &|name| world.modules.lookup(name))?;
    Ok(Module { info, image, refcnt: 0, log: Box::new(ptr::null_mut()) })
}

/// module_compatible(): a release differs in less than its minor number, -current in nothing.
fn compatible(version: u32) -> bool {
    let Ok(system) = VERSION.parse::<u32>() else { host_panic!("the kernel's version: {VERSION}") };
    match system / 1_000_000 % 100 {
        99 => version == system,
        _ => version.abs_diff(system) < 10_000,
    }
}

/// Calls a module's modcmd outside of the host's lock.
fn modcmd(world: &mut World, info: &Info, command: kpi::modcmd_t) -> Result<()> {
    // SAFETY: a modinfo of a module that is loaded.
    let modinfo = unsafe { &*(info.address as *const kpi::modinfo) };
    let Some(function): Option<Modcmd> = modinfo.mi_modcmd else {
        host_panic!("module {} has no mi_modcmd", info.name);
    };
    // SAFETY: the function that the module names for that, with a command it must know.
    match world.outside(|| unsafe { function(command, ptr::null_mut()) }) {
        0 => Ok(()),
        number => Err(Errno(number)),
    }
}

/// Runs a module's SYSCTL_SETUP functions.
fn setup_sysctl(world: &mut World, module: &mut Module) {
    let Some((address, len)) = module.image.section("link_set_sysctl_funcs") else { return };
    for at in (address..address + len).step_by(size_of::<usize>()) {
        // SAFETY: the section is an array of pointers to functions of that type.
        let function = unsafe { *(at as *const Option<SysctlSetup>) };
        let log = &raw mut *module.log;
        if let Some(function) = function {
            // SAFETY: the log's cell outlives the module.
            world.outside(|| unsafe { function(log) });
        }
    }
}

/// Undoes [`setup_sysctl`].
fn teardown_sysctl(world: &mut World, module: &mut Module) {
    crate::kern::sysctl::teardown(world, &mut module.log);
}

/// Where a section of a loaded module is: its address and length.
pub fn section(world: &World, name: &CStr, section: &str) -> Option<(usize, usize)> {
    let at = world.modules.position(name.to_str().ok()?)?;
    world.modules.list[at].image.section(section)
}

fn start(world: &mut World, mut module: Module) -> Result<()> {
    kassert!(
        module.image.section("link_set_evcnts").is_none(),
        "module {} counts events: the host has no evcnt(9)",
        module.info.name
    );
    setup_sysctl(world, &mut module);
    if let Err(errno) = modcmd(world, &module.info, kpi::modcmd_MODULE_CMD_INIT) {
        let name = &module.info.name;
        error(world, &format!("modcmd(CMD_INIT) failed for `{name}', error {}", errno.0));
        teardown_sysctl(world, &mut module);
        return Err(errno);
    }
    for required in &module.info.required {
        if let Some(at) = world.modules.position(required) {
            world.modules.list[at].refcnt += 1;
        }
    }
    world.modules.list.insert(0, module);
    Ok(())
}

/// modctl(2), MODCTL_UNLOAD.
pub fn modunload(world: &mut World, name: &CStr) -> Result<()> {
    if name.to_bytes_with_nul().len() > kpi::MAXMODNAME as usize {
        return Err(Errno(kpi::ENAMETOOLONG as i32));
    }
    let name = name.to_str().map_err(|_| Errno::ENOENT)?;
    world.may_change_modules()?;
    world.kernconfig_lock();
    let result = unload(world, name);
    world.kernconfig_unlock();
    result
}

fn unload(world: &mut World, name: &str) -> Result<()> {
    let Some(at) = world.modules.position(name) else {
        error(world, &format!("module `{name}' not found"));
        return Err(Errno::ENOENT);
    };
    if world.modules.list[at].refcnt != 0 {
        return Err(Errno::EBUSY);
    }
    let info = world.modules.list[at].info.clone();
    modcmd(world, &info, kpi::modcmd_MODULE_CMD_FINI)?;
    let mut module = world.modules.list.remove(at);
    teardown_sysctl(world, &mut module);
    let left = world.sysctl.referring(&module.image.span());
    kassert!(left.is_empty(), "module {name} goes, but not its {}", left.join(", "));
    for required in &module.info.required {
        if let Some(at) = world.modules.position(required) {
            world.modules.list[at].refcnt -= 1;
        }
    }
    Ok(())
}

/// modctl(2), MODCTL_STAT, of one module. Addresses are for the superuser.
pub fn modstat(world: &mut World, name: &CStr) -> Result<ModStat> {
    let name = name.to_str().map_err(|_| Errno::ENOENT)?;
    let privileged = world.may_change_modules().is_ok();
    world.kernconfig_lock();
    let module = world.modules.list.iter().find(|module| module.info.name == name);
    let stat = module.map(|module| {
        let mut stat = ModStat::zeroed();
        stat.name[..name.len()].copy_from_slice(name.as_bytes());
        if privileged {
            stat.addr = module.image.text().start as u64;
            stat.size = module.image.text().len() as u32;
        }
        stat.source = kpi::modsrc_MODULE_SOURCE_FILESYS;
        stat.class = module.info.class;
        stat.refcnt = module.refcnt;
        stat
    });
    world.kernconfig_unlock();
    stat.ok_or(Errno::ENOENT)
}
