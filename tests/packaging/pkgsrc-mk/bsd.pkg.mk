# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The if_tap_rs contributors
#
# A stand-in for pkgsrc's file of this name: enough of what pkgsrc's guide says
# to unpack, substitute and install.

WRKSRC=		${.CURDIR}/unpacked/${DISTNAME}
INSTALL_DATA=	install -m 444
INSTALL_MAN=	install -m 444
INSTALL_SCRIPT=	install -m 555

package: .PHONY stage do-install

stage: .PHONY
	mkdir -p unpacked
	tar -xzf ${DISTDIR}/${DISTNAME}.tar.gz -C unpacked
.for class in ${SUBST_CLASSES}
	cd ${WRKSRC} && sed -i ${SUBST_SED.${class}} ${SUBST_FILES.${class}}
.endfor
	test -f ${RCD_SCRIPT_SRC.tap_rs}
	mkdir -p ${INSTALLATION_DIRS:S,^,${DESTDIR}${PREFIX}/,}

plist: .PHONY
	@sed 's|$${KMODULEDIR}|${KMODULEDIR}|' PLIST
