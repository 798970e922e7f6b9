// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Loading and unloading, through modctl(2).

use std::ffi::{CStr, CString};

use tap_conformance::errno::Result;
use tap_conformance::Errno;
use tap_host::emulator;
use tap_host::kern::kauth;
use tap_host::kern::module::{self, EPROGMISMATCH};
use tap_host::loader::{arena, trace};
use tap_host::{kpi, sched, world};

use crate::code::{exhaust_low_memory, BUSY, FAIL, IMPORTED, IMPORTING, PANIC, PANICKING, SUCCEED};
use crate::object::{version, Module};

/// A module's file, and this thread as one of a process that may load it.
struct Loadable {
    path: CString,
    name: CString,
}

impl Loadable {
    fn new(module: &Module) -> Loadable {
        Loadable::bytes(module.name, &module.build().bytes())
    }

    fn bytes(name: &str, bytes: &[u8]) -> Loadable {
        sched::adopt(100, name);
        let path = std::env::temp_dir().join(format!("{}-{name}.kmod", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let path = CString::new(path.to_str().unwrap()).unwrap();
        Loadable { path, name: CString::new(name).unwrap() }
    }

    fn load(&self, flags: u32) -> Result<()> {
        module::modload(&mut world::enter(), &self.path, flags)
    }

    fn unload(&self) -> Result<()> {
        module::modunload(&mut world::enter(), &self.name)
    }

    /// Where its text is, how long, and how often it is required.
    fn stat(&self) -> Result<(usize, usize, u32)> {
        let stat = module::modstat(&mut world::enter(), &self.name)?;
        Ok((stat.addr as usize, stat.size as usize, stat.refcnt))
    }
}

impl Drop for Loadable {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.path.to_str().unwrap());
    }
}

#[test]
fn loads_once_and_unloads_once() {
    let module = Loadable::new(&Module::named("once"));
    assert_eq!(module.stat(), Err(Errno::ENOENT));
    assert_eq!(module.unload(), Err(Errno::ENOENT));
    assert_eq!(module.load(0), Ok(()));
    assert_eq!(module.load(0), Err(Errno::EEXIST));
    assert_eq!(module.stat().unwrap().2, 0);
    assert_eq!(module.unload(), Ok(()));
    assert_eq!(module.stat(), Err(Errno::ENOENT));
    assert_eq!(module.unload(), Err(Errno::ENOENT));
}

#[test]
fn paths() {
    let module = Loadable::new(&Module::named("path"));
    let load = |path: &CStr| module::modload(&mut world::enter(), path, 0);
    assert_eq!(load(c"/no/such/file.kmod"), Err(Errno::ENOENT));
    assert_eq!(load(c"/"), Err(Errno(kpi::EISDIR as i32)));
    // A bare name is looked up in the kernel's own folder, where nothing is.
    assert_eq!(load(c"path"), Err(Errno::ENOENT));
    assert_eq!(module.load(0), Ok(()));
    // But it is compared with what is loaded first.
    assert_eq!(load(c"path"), Err(Errno::EEXIST));
    assert_eq!(module.unload(), Ok(()));
}

#[test]
fn other_kernels() {
    let far = Module { version: version() + 10_000, ..Module::named("far_version") };
    let far = Loadable::new(&far);
    assert_eq!(far.load(0), Err(EPROGMISMATCH));
    assert_eq!(far.load(kpi::MODCTL_LOAD_FORCE), Ok(()));
    assert_eq!(far.unload(), Ok(()));
    let near = Module { version: version() + 9_999, ..Module::named("near_version") };
    let near = Loadable::new(&near);
    let current = version() / 1_000_000 % 100 == 99;
    assert_eq!(near.load(0), if current { Err(EPROGMISMATCH) } else { Ok(()) });
    if !current {
        assert_eq!(near.unload(), Ok(()));
    }
}

#[test]
fn descriptions_that_cannot_be() {
    let long = "a_module_name_of_thirty-two_byte";
    let named = Module::named("described");
    for (module, error) in [
        (Module { name: long, ..named.clone() }, Errno::EINVAL),
        (Module { class: kpi::modclass_MODULE_CLASS_ANY, ..named.clone() }, Errno::EINVAL),
        (Module { class: kpi::modclass_MODULE_CLASS_MAX, ..named.clone() }, Errno::EINVAL),
        (Module { required: "described", ..named.clone() }, Errno(kpi::EDEADLK as i32)),
        (Module { required: "absent,other", ..named.clone() }, Errno::ENOENT),
        (Module { required: long, ..named.clone() }, Errno::EINVAL),
    ] {
        assert_eq!(Loadable::new(&module).load(0), Err(error), "{}", module.required);
    }
    let name = CString::new(long).unwrap();
    let unload = module::modunload(&mut world::enter(), &name);
    assert_eq!(unload, Err(Errno(kpi::ENAMETOOLONG as i32)));
}

#[test]
fn a_required_module_is_busy() {
    let base = Loadable::new(&Module::named("base"));
    let user = Loadable::new(&Module { required: "base", ..Module::named("user") });
    assert_eq!(base.load(0), Ok(()));
    assert_eq!(user.load(0), Ok(()));
    assert_eq!(base.stat().unwrap().2, 1);
    assert_eq!(base.unload(), Err(Errno::EBUSY));
    assert_eq!(user.unload(), Ok(()));
    assert_eq!(base.unload(), Ok(()));
}

#[test]
fn a_module_that_refuses() {
    let failing = Loadable::new(&Module { code: FAIL, ..Module::named("failing") });
    assert_eq!(failing.load(0), Err(Errno::ENXIO));
    assert_eq!(failing.stat(), Err(Errno::ENOENT));
    let busy = Loadable::new(&Module { code: BUSY, ..Module::named("busy") });
    assert_eq!(busy.load(0), Ok(()));
    assert_eq!(busy.unload(), Err(Errno::EBUSY));
    assert!(busy.stat().is_ok());
}

#[test]
fn others_may_not() {
    let module = Loadable::new(&Module::named("privileged"));
    assert_eq!(module.load(0), Ok(()));
    sched::adopt(101, "nobody");
    world::enter().current_proc().cred = kauth::new_cred(1, 1);
    assert_eq!(module.unload(), Err(Errno::EPERM));
    assert_eq!(module.load(0), Err(Errno::EPERM));
    // Whoever asks may know that it is there, but not where.
    assert_eq!(module.stat(), Ok((0, 0, 0)));
    sched::adopt(100, "root again");
    assert_eq!(module.unload(), Ok(()));
}

#[test]
fn imports_are_called_and_read() {
    let importing = Module { code: IMPORTING, imports: IMPORTED, ..Module::named("importing") };
    let module = Loadable::new(&importing);
    assert_eq!(module.load(0), Ok(()));
    assert_eq!(module.unload(), Ok(()));
}

#[test]
fn text_is_gone_after_an_unload_and_known_by_name() {
    let module = Loadable::new(&Module::named("going"));
    assert_eq!(module.load(0), Ok(()));
    let (text, len, _) = module.stat().unwrap();
    let mut code = vec![0; len];
    assert_eq!(world::enter().copyin(text, &mut code), Ok(()));
    assert_eq!(code, SUCCEED);
    assert_eq!(world::enter().copyout(&code, text), Err(Errno::EFAULT), "text can be written to");
    assert_eq!(trace::symbolise(text + 2).unwrap(), "going: modcmd+0x2");
    assert_eq!(module.unload(), Ok(()));
    assert_eq!(
        world::enter().copyin(text, &mut code),
        Err(Errno::EFAULT),
        "text outlives its module"
    );
    assert_eq!(trace::symbolise(text + 2).unwrap(), "going (unloaded): modcmd+0x2");
}

/// Runs one test of this program again, in a process of its own that it ends; what that said.
fn in_child(test: &str, mark: &str) -> String {
    let mut command = emulator::this_program().unwrap();
    let name = format!("modules::{test}");
    let output = command.args(["--exact", &name, "--nocapture"]).env(mark, "1").output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn backtraces_lead_through_a_module() {
    const CHILD: &str = "LOADER_TEST_PANICS";
    if std::env::var_os(CHILD).is_some() {
        let module = Module { code: PANICKING, imports: PANIC, ..Module::named("panicking") };
        panic!("it returned: {:?}", Loadable::new(&module).load(0));
    }
    let text = in_child("backtraces_lead_through_a_module", CHILD);
    let module = text.find("panicking: modcmd+0x10").unwrap_or_else(|| panic!("{text}"));
    let caller = text.find("kern::module::modload").unwrap_or_else(|| panic!("{text}"));
    assert!(text.contains("panic: "), "{text}");
    assert!(module < caller, "{text}");
}

/// F39: whoever is still in a module's text when it goes faults, and is named.
#[test]
fn f39_a_return_into_a_module_that_is_gone_faults() {
    const CHILD: &str = "LOADER_TEST_RETURNS";
    if std::env::var_os(CHILD).is_some() {
        let module = Loadable::new(&Module::named("gone"));
        assert_eq!(module.load(0), Ok(()));
        let (text, ..) = module.stat().unwrap();
        assert_eq!(module.unload(), Ok(()));
        // SAFETY: the address of a function without arguments, which is not there any more.
        let late = unsafe { std::mem::transmute::<usize, extern "C" fn() -> i32>(text) };
        panic!("it returned: {}", late());
    }
    let text = in_child("f39_a_return_into_a_module_that_is_gone_faults", CHILD);
    assert!(text.contains("panic: page fault: address 0x"), "{text}");
    assert!(text.contains(", gone (unloaded): modcmd+0x0"), "{text}");
}

/// Where there is no low memory to be had: a position-independent program has no room for a module,
/// another one has the loader's own array, whose places are used again.
#[test]
fn without_low_memory() {
    const CHILD: &str = "LOADER_TEST_EXHAUSTS";
    if std::env::var_os(CHILD).is_none() {
        let text = in_child("without_low_memory", CHILD);
        assert!(text.contains("as expected"), "{text}");
        return;
    }
    let module = Loadable::new(&Module::named("low"));
    // The copies of the kernel's variables have their place by now.
    assert_eq!(module.load(0), Ok(()));
    assert_eq!(module.unload(), Ok(()));
    exhaust_low_memory();
    static HERE: u8 = 0;
    let is_low = arena::reaches(&raw const HERE as usize);
    let loads = || module.load(0).and_then(|()| module.unload());
    let refused = (0..3000).find_map(|_| loads().err());
    assert_eq!(refused, (!is_low).then_some(Errno::ENOMEM));
    panic!("as expected");
}
