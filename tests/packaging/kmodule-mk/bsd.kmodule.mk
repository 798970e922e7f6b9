# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# A stand-in for NetBSD's file of this name, as far as kmod/Makefile relies on
# it: KMOD.kmod is linked from OBJS and installed where the kernel looks, and
# the pages in MAN are installed.

all: .PHONY ${KMOD}.kmod

${KMOD}.kmod: ${OBJS}
	ld -r -d -o ${.TARGET} ${OBJS}

KMODULEDIR=	${DESTDIR}/stand/${MACHINE}/${RELEASE}/modules/${KMOD}

install: .PHONY
	mkdir -p ${KMODULEDIR} ${DESTDIR}/usr/share/man/man4
	install -m 444 ${KMOD}.kmod ${KMODULEDIR}/
	install -m 444 ${MAN} ${DESTDIR}/usr/share/man/man4/
