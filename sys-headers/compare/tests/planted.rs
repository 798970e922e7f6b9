// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! Headers that differ where a test has made them differ, and those of the releases as they are.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

fn project() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

fn headers(release: &str) -> PathBuf {
    project().join(format!("sys-headers/netbsd-{release}"))
}

/// Runs the comparison; whether it succeeded, and what it printed.
fn compare(args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tap-headers")).args(args).output().unwrap();
    let text = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned());
    (output.status.success(), text.concat())
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}

/// A folder's files under another, as links; a file that is there already stays.
fn mirror(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if from.is_dir() {
            mirror(&from, &to);
        } else if !to.exists() {
            symlink(&from, &to).unwrap();
        }
    }
}

/// Puts something else in the place of a text in a file, which was a link.
fn plant(file: &Path, text: &str, other: &str) {
    let before = fs::read_to_string(file).unwrap();
    assert!(before.contains(text), "no {text:?} in {}", file.display());
    fs::remove_file(file).unwrap();
    fs::write(file, before.replacen(text, other, 1)).unwrap();
}

/// A project whose header sets of both releases are those of 11.0, and where the versions' numbers
/// are settled.
struct Project {
    dir: PathBuf,
}

impl Project {
    /// In a folder of that name.
    fn new(name: &str, settled: &str) -> Self {
        let project = Self { dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name) };
        if project.dir.exists() {
            fs::remove_dir_all(&project.dir).unwrap();
        }
        for part in ["shim", "src", "kmod/check/imports.txt"] {
            project.link(&self::project().join(part), part);
        }
        for part in ["kpi.h", "kernel-only", "allowlist.txt"] {
            project.link(
                &self::project().join("sys-headers").join(part),
                &format!("sys-headers/{part}"),
            );
        }
        project.link(&headers("11.0"), "sys-headers/netbsd-10.1");
        mirror(&headers("11.0"), &project.path("sys-headers/netbsd-11.0"));
        fs::create_dir(project.path("docs")).unwrap();
        fs::write(project.path("docs/boundary.md"), settled).unwrap();
        project
    }

    fn path(&self, part: &str) -> PathBuf {
        self.dir.join(part)
    }

    fn link(&self, from: &Path, part: &str) {
        let to = self.path(part);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        symlink(from, to).unwrap();
    }

    /// Changes a header of 11.0.
    fn plant(&self, header: &str, text: &str, other: &str) {
        plant(&self.path("sys-headers/netbsd-11.0/generic").join(header), text, other);
    }

    fn compare(&self, args: &[&str]) -> (bool, String) {
        compare(&[args, &["--root", self.dir.to_str().unwrap()]].concat())
    }
}

#[test]
fn what_the_releases_differ_in_is_settled() {
    let (good, text) = compare(&[]);
    assert!(good, "{text}");
    has(&text, "of which docs/boundary.md does not settle 0");
}

/// A kernel source tree of the headers of 11.0 for aarch64, which carry no machine-dependent ones
/// but the architecture's own: the port's have a folder of their own there.
fn tree(project: &Project) -> PathBuf {
    let (sys, kernel_only) =
        (project.path("tree/sys"), self::project().join("sys-headers/kernel-only"));
    let port = sys.join("arch/evbarm/include");
    mirror(&kernel_only.join("common"), &sys);
    mirror(&kernel_only.join("aarch64/uvm"), &sys.join("uvm"));
    mirror(&kernel_only.join("aarch64/machine"), &port);
    mirror(&kernel_only.join("common/machine"), &port);
    mirror(&headers("11.0").join("aarch64/machine"), &port);
    mirror(&headers("11.0").join("aarch64/aarch64"), &sys.join("arch/aarch64/include"));
    mirror(&headers("11.0").join("generic/arm"), &sys.join("arch/arm/include"));
    mirror(&headers("11.0").join("generic"), &sys);
    plant(
        &sys.join("sys/param.h"),
        "/* zig patch",
        "#define\t__NetBSD_Version__\t1100000000\n/* zig patch",
    );
    sys
}

/// Differences between the releases, and of a tree. They are shown in one run, because most of the
/// time is bindgen's.
#[test]
fn planted_differences_are_printed() {
    let project = Project::new(
        "planted",
        "| between releases | |\n| --- | --- |\n| `__NetBSD_Version__`, `if_nullstart`, `stale` | |\n",
    );
    let sys = tree(&project);
    plant(&sys.join("sys/systm.h"), "int\tuiomove(void *, size_t,", "int\tuiomove(void *, int,");
    plant(&sys.join("sys/kauth.h"), "KAUTH_PROCESS_CANSEE = 1", "KAUTH_PROCESS_CANSEE = 4");
    project.plant("net/if.h", "void\tif_nullstart(", "int\tif_nullstart(");
    project.plant("net/if.h", "IFF_MULTICAST\t0x8000", "IFF_MULTICAST\t0x4000");
    project.plant("sys/event.h", "struct knote {", "struct knote {\n\tlong kn_planted;");
    project.plant("net/bpf.h", "if (_ifp->if_bpf) {", "if (_ifp->if_bpf != 0) {");
    project.plant("sys/mbuf.h", "malloc((size), 0, (how))", "malloc((size), 1, (how))");
    // The driver has nothing to do with it.
    project.plant("net/if.h", "struct ifmediareq {", "int planted;\nstruct ifmediareq {");
    let (good, text) = project.compare(&["--arch", "aarch64", sys.to_str().unwrap()]);
    assert!(!good, "{text}");
    for told in [
        "if_nullstart (aarch64)\n    10.1: fn if_nullstart (arg1 : * mut ifnet)\n    \
         11.0: fn if_nullstart (arg1 : * mut ifnet) -> core :: ffi :: c_int\n",
        "IFF_MULTICAST (aarch64, NOT SETTLED)\n    10.1: 32768\n    11.0: 16384\n",
        "struct knote (aarch64, NOT SETTLED)\n    10.1: 168 bytes, aligned to 8\n    11.0: 176 bytes",
        "knote.kn_hook (aarch64, NOT SETTLED)\n    10.1: * mut core :: ffi :: c_void, at 152\n    \
         11.0: * mut core :: ffi :: c_void, at 160\n",
        "bpf_mtap (aarch64, NOT SETTLED)\n    10.1: ",
        "MEXTMALLOC (aarch64, NOT SETTLED)\n    10.1: ",
        "docs/boundary.md settles stale, in which the releases do not differ",
        "uiomove (aarch64, NOT SETTLED)\n    10.1, 11.0: ",
        "KAUTH_PROCESS_CANSEE (aarch64, NOT SETTLED)\n    10.1, 11.0: 1\n    11.0 tree: 4\n",
        "headers and trees differ in 2 names, of which docs/boundary.md does not settle 2",
        // It is amd64's.
        "x86_curlwp of kmod/check/imports.txt is declared nowhere",
    ] {
        has(&text, told);
    }
    assert!(!text.contains("planted"), "{text}");
}
