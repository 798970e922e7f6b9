# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# if_tap_rs: `make` without a target lists the targets.

# On NetBSD/aarch64, build for the machine itself. Elsewhere, amd64 is the default.
ARCH!=		case "$$(uname -sp)" in 'NetBSD aarch64') echo aarch64 ;; *) echo amd64 ;; esac
RELEASES=	10.1 11.0
KMOD=
PREFIX=		/usr
SECONDS=	60

help:
	@echo 'make run [LINUX_TAP=1]   show the driver at work in user space: a transcript, or ping(8)'
	@echo 'make kmod [ARCH=amd64]   build build/netbsd-{10.1,11.0}-<arch>/if_tap_rs.kmod'
	@echo 'make kmod NETBSD_SYS=dir build a module from a complete kernel source tree'
	@echo 'make kmod-check [KMOD=f] run the module gate on one module, or on all that are built'
	@echo 'make test                run the lints, the unit and model tests, the gate and both modules'
	@echo 'make test-long           the same for aarch64 too, emulated, and the patch for QEMU'
	@echo 'make bench [KMOD=f] [VS=f] [TAPS=1,64] [CASES=names]'
	@echo '                         count in the host what calls cost one driver, or two'
	@echo 'make bench-reference     renew the counts that make test compares with'
	@echo 'make cases [ARCH=amd64] [KMOD=f] [CASES=names]'
	@echo '                         run the conformance cases in the host, one process for each;'
	@echo '                         aarch64 is emulated by qemu'
	@echo 'make compare [STOCK=if_tap.kmod] [NETBSD_KERNEL=file] [ARCH=amd64] [KMOD=f] [CASES=names]'
	@echo "                         run the cases on this driver and on NetBSD's own, side by side"
	@echo 'make vm NETBSD_KERNEL=file [ARCH=amd64] [KMOD=f] [CASES=names] [NETBSD_SYS=dir] [CPUS=2]'
	@echo '        [FORCE=1] [KVM=1] [STOCK=f]'
	@echo '                         run the conformance cases in a NetBSD kernel under qemu'
	@echo 'make vm-bench NETBSD_KERNEL=file [KMOD=f] [VS=f] [CASES=names]'
	@echo '                         count the instructions of each call in that kernel, for one driver or two'
	@echo 'make stress [SECONDS=60] run everything at once in the host, on real threads'
	@echo 'make fuzz [SECONDS=60]   run libFuzzer on each target for that time, with the module in user space'
	@echo 'make mutants             bring back each known fault, and check that its tests fail'
	@echo 'make sanitize            run the cases under AddressSanitizer, ThreadSanitizer and valgrind'
	@echo 'make lint                run rustfmt, clippy, shellcheck, and checks of the structure of src'
	@echo 'make headers             only fetch the kernel headers of the releases'
	@echo "make headers-compare [NETBSD_SYS='dir ...']"
	@echo '                         compare what the driver uses of them, and of kernel source trees'
	@echo 'make setup               only install what a build needs (Debian, root)'
	@echo 'make install [DESTDIR=d] [PREFIX=/usr] [RELEASE=10.1] [ARCH=amd64] [AUTOLOAD=yes]'
	@echo '                         install the built module, the manual pages, tap_rs(8) and rc.d/tap_rs'
	@echo 'make uninstall           remove exactly what make install has installed'
	@echo 'make dist                make the release archive and its checksums in build/dist'
	@echo 'make manual              render the manual pages into docs/manual'
	@echo 'make clean               remove build/'

run: headers
	@./kmod/build-all 10.1 amd64
	@LINUX_TAP="$(LINUX_TAP)" ./tests/host/demo

setup:
	@./kmod/setup

headers: setup
	@./sys-headers/fetch

headers-compare: headers
	@./sys-headers/compare/run $(NETBSD_SYS)

kmod: headers
	@if [ -n "$(NETBSD_SYS)" ]; then \
		NETBSD_SYS="$(NETBSD_SYS)" ./kmod/build tree $(ARCH); \
	else \
		./kmod/build-all "$(RELEASES)" "$(ARCH)"; \
	fi

kmod-all: headers
	@./kmod/build-all "$(RELEASES)" "amd64 aarch64"

kmod-check: setup
	@./kmod/check-all $(KMOD)

bench: headers
	@./kmod/setup valgrind
	@[ -n "$(KMOD)" ] || ./kmod/build-all 11.0 amd64
	@KMOD="$(KMOD)" VS="$(VS)" TAPS="$(TAPS)" CASES="$(CASES)" ./tests/bench/run

bench-reference: headers
	@./kmod/setup valgrind
	@./kmod/build-all 11.0 amd64
	@./tests/bench/run write

cases: headers
	@[ -n "$(KMOD)" ] || ./kmod/build-all "$(RELEASES)" "$(ARCH)"
	@RELEASES="$(RELEASES)" ARCH="$(ARCH)" ./tests/host/cases "$(KMOD)" "$(CASES)"

# With NETBSD_KERNEL and no KMOD, tests/vm builds the module for that kernel.
compare: headers
	@[ -n "$(KMOD)$(NETBSD_KERNEL)" ] || ./kmod/build-all "$(RELEASES)" "$(ARCH)"
	@ARCH="$(ARCH)" STOCK="$(STOCK)" KMOD="$(KMOD)" NETBSD_KERNEL="$(NETBSD_KERNEL)" CASES="$(CASES)" \
		NETBSD_SYS="$(NETBSD_SYS)" CPUS="$(CPUS)" FORCE="$(FORCE)" KVM="$(KVM)" ./tests/compare

vm: setup
	@[ -n "$(NETBSD_KERNEL)" ] || { echo 'make vm: NETBSD_KERNEL=file is missing' >&2; exit 1; }
	@ARCH="$(ARCH)" NETBSD_SYS="$(NETBSD_SYS)" CPUS="$(CPUS)" FORCE="$(FORCE)" KVM="$(KVM)" \
		STOCK="$(STOCK)" ./tests/vm/run "$(NETBSD_KERNEL)" "$(KMOD)" "$(CASES)"

vm-bench: setup
	@[ -n "$(NETBSD_KERNEL)" ] || { echo 'make vm-bench: NETBSD_KERNEL=file is missing' >&2; exit 1; }
	@ARCH="$(ARCH)" NETBSD_SYS="$(NETBSD_SYS)" FORCE="$(FORCE)" \
		./tests/vm/run -b "$(NETBSD_KERNEL)" "$(KMOD)" "$(CASES)" "$(VS)"

stress: headers
	@./kmod/build-all "$(RELEASES)" amd64
	@./tests/host/stress $(SECONDS)

fuzz: headers
	@./tests/fuzz/setup
	@./tests/fuzz/run $(SECONDS)

sanitize: headers
	@./tests/sanitize/setup
	@./tests/sanitize/run

mutants: headers
	@./kmod/build-all 10.1 amd64
	@python3 tests/mutants

lint: setup
	@./tests/lint

test: headers
	@./kmod/build-all "$(RELEASES)" amd64
	@./tests/setup || echo 'make test: some tests will be skipped' >&2
	@./tests/run

test-long: kmod-all
	@./tests/setup || echo 'make test-long: some tests will be skipped' >&2
	@./tests/run long

install uninstall:
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" RELEASE="$(RELEASE)" ARCH="$(ARCH)" \
		AUTOLOAD="$(AUTOLOAD)" ./packaging/install $@

dist: kmod-all
	@./packaging/dist

manual:
	@./packaging/manual

clean:
	rm -rf build

.PHONY: help run setup headers headers-compare kmod kmod-all kmod-check bench bench-reference cases compare vm vm-bench stress fuzz mutants sanitize lint test test-long install uninstall dist manual clean
