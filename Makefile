# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# if_tap_rs: a bare `make` lists the targets.

ARCH=		amd64
RELEASES=	10.1 11.0
KMOD=

help:
	@echo 'make kmod [ARCH=amd64]   build/netbsd-{10.1,11.0}-<arch>/if_tap_rs.kmod'
	@echo 'make kmod NETBSD_SYS=dir the same against a complete kernel source tree'
	@echo 'make kmod-check [KMOD=f] the module gate, on one module or on all that are built'
	@echo 'make test                lints, unit and model tests, the gate, both modules'
	@echo 'make vm NETBSD_KERNEL=file [KMOD=f] [CASES=names]'
	@echo '                         the conformance cases in a NetBSD/amd64 kernel under qemu'
	@echo 'make lint                rustfmt, clippy'
	@echo 'make headers             only fetch the header sets of the releases'
	@echo 'make setup               only install what a build needs (Debian, root)'
	@echo 'make clean               remove build/'

setup:
	@./kmod/setup

headers: setup
	@./sys-headers/fetch

kmod: headers
	@if [ -n "$(NETBSD_SYS)" ]; then \
		NETBSD_SYS="$(NETBSD_SYS)" ./kmod/build tree $(ARCH); \
	else \
		for release in $(RELEASES); do \
			./kmod/build $$release $(ARCH) || exit 1; \
		done; \
	fi

kmod-check: setup
	@./kmod/check-all $(KMOD)

vm: setup
	@[ -n "$(NETBSD_KERNEL)" ] || { echo 'make vm: NETBSD_KERNEL=file is missing' >&2; exit 1; }
	@./tests/vm/run "$(NETBSD_KERNEL)" "$(KMOD)" "$(CASES)"

lint: setup
	@./tests/lint

test: kmod
	@./tests/run

clean:
	rm -rf build

.PHONY: help setup headers kmod kmod-check vm lint test clean
