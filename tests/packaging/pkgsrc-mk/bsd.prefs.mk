# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# A stand-in for pkgsrc's file of this name: what the package reads before it
# sets its own variables.

PREFIX=		/usr/pkg
PKGMANDIR=	man
