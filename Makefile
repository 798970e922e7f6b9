# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# if_tap_rs: a bare `make` lists the targets.

# On the machine itself, or else for the one that most people have.
ARCH!=		case "$$(uname -sp)" in 'NetBSD aarch64') echo aarch64 ;; *) echo amd64 ;; esac
RELEASES=	10.1 11.0
KMOD=
PREFIX=		/usr
SECONDS=	60

help:
	@echo 'make run [LINUX_TAP=1]   the driver at work here, in user space: a transcript, or ping(8)'
	@echo 'make kmod [ARCH=amd64]   build/netbsd-{10.1,11.0}-<arch>/if_tap_rs.kmod'
	@echo 'make kmod NETBSD_SYS=dir the same against a complete kernel source tree'
	@echo 'make kmod-check [KMOD=f] the module gate, on one module or on all that are built'
	@echo 'make test                lints, unit and model tests, the gate, both modules'
	@echo 'make test-long           the same, and a module for aarch64, emulated by qemu'
	@echo 'make bench [KMOD=f] [VS=f] [TAPS=1,64] [CASES=names]'
	@echo '                         what calls cost the driver itself, in the host, of one or of two'
	@echo 'make bench-reference     what make test holds these counts against, anew'
	@echo 'make cases [ARCH=amd64] [KMOD=f] [CASES=names]'
	@echo '                         the conformance cases in the host, a process for each;'
	@echo '                         for aarch64 emulated by qemu'
	@echo 'make compare [STOCK=if_tap.kmod] [NETBSD_KERNEL=file] [KMOD=f] [CASES=names]'
	@echo "                         the cases on this driver and on NetBSD's own, side by side"
	@echo 'make vm NETBSD_KERNEL=file [KMOD=f] [CASES=names] [NETBSD_SYS=dir] [CPUS=2] [FORCE=1] [KVM=1]'
	@echo '        [STOCK=f]        the conformance cases in a NetBSD/amd64 kernel under qemu'
	@echo 'make vm-bench NETBSD_KERNEL=file [KMOD=f] [VS=f] [CASES=names]'
	@echo '                         instructions for each call in that kernel, of one driver or two'
	@echo 'make stress [SECONDS=60] everything at once in the host, on real threads'
	@echo 'make fuzz [SECONDS=60]   libFuzzer on each target so long, on the module in user space'
	@echo 'make mutants             the tests on drivers with a known fault brought back, each of which must fail'
	@echo 'make sanitize            the cases under AddressSanitizer, ThreadSanitizer and valgrind'
	@echo 'make lint                rustfmt, clippy'
	@echo 'make headers             only fetch the header sets of the releases'
	@echo 'make setup               only install what a build needs (Debian, root)'
	@echo 'make install [DESTDIR=d] [PREFIX=/usr] [RELEASE=10.1] [ARCH=amd64] [AUTOLOAD=yes]'
	@echo '                         what is built, the manual pages, tap_rs(8) and rc.d/tap_rs'
	@echo 'make uninstall           exactly what install has made'
	@echo 'make dist                build/dist: the release archive, and its checksums'
	@echo 'make manual              render the manual pages into docs/manual'
	@echo 'make clean               remove build/'

run: headers
	@./kmod/build-all 10.1 amd64
	@LINUX_TAP="$(LINUX_TAP)" ./tests/host/demo

setup:
	@./kmod/setup

headers: setup
	@./sys-headers/fetch

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

# A module of its own that is missing is built for the kernel.
compare: headers
	@[ -n "$(KMOD)$(NETBSD_KERNEL)" ] || ./kmod/build-all "$(RELEASES)" amd64
	@STOCK="$(STOCK)" KMOD="$(KMOD)" NETBSD_KERNEL="$(NETBSD_KERNEL)" CASES="$(CASES)" \
		NETBSD_SYS="$(NETBSD_SYS)" CPUS="$(CPUS)" FORCE="$(FORCE)" KVM="$(KVM)" ./tests/compare

vm: setup
	@[ -n "$(NETBSD_KERNEL)" ] || { echo 'make vm: NETBSD_KERNEL=file is missing' >&2; exit 1; }
	@NETBSD_SYS="$(NETBSD_SYS)" CPUS="$(CPUS)" FORCE="$(FORCE)" KVM="$(KVM)" STOCK="$(STOCK)" \
		./tests/vm/run "$(NETBSD_KERNEL)" "$(KMOD)" "$(CASES)"

vm-bench: setup
	@[ -n "$(NETBSD_KERNEL)" ] || { echo 'make vm-bench: NETBSD_KERNEL=file is missing' >&2; exit 1; }
	@NETBSD_SYS="$(NETBSD_SYS)" FORCE="$(FORCE)" \
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

test: kmod-all
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

.PHONY: help run setup headers kmod kmod-all kmod-check bench bench-reference cases compare vm vm-bench stress fuzz mutants sanitize lint test test-long install uninstall dist manual clean
