/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * The tables with which this driver is registered in the kernel.  Every
 * entry calls Rust.  No decision is made here.
 */

#include <sys/param.h>
#include <sys/atomic.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/event.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/module.h>
#include <sys/stat.h>
#include <sys/systm.h>

#include <net/if.h>
#include <net/if_ether.h>

#include "if_tap_rs.h"
#include "tap_rs.h"

/* No compiler may pad what programs and the driver pass each other. */
_Static_assert(sizeof(struct tap_vnet_hdr) == TAP_VNET_HDR_MRG_LEN, "size");
_Static_assert(offsetof(struct tap_vnet_hdr, vh_hdr_len) == 2, "hdr_len");
_Static_assert(offsetof(struct tap_vnet_hdr, vh_csum_offset) == 8,
    "csum_offset");
_Static_assert(offsetof(struct tap_vnet_hdr, vh_num_buffers) ==
    TAP_VNET_HDR_LEN, "num_buffers");

MODULE(MODULE_CLASS_DRIVER, if_tap_rs, NULL);

CFDRIVER_DECL(tap_rs, DV_IFNET, NULL);

/*
 * Reserves the name of NetBSD's own driver.  That driver can be loaded as a
 * module only if it can attach a cfdriver of this name.  This cfdriver never
 * has a device.
 */
struct cfdriver tap_rs_reserved_cd = {
	.cd_name = "tap",
	.cd_class = DV_IFNET,
};

/* The softc outlives the device, so autoconf does not allocate it. */
CFATTACH_DECL_NEW(tap_rs, 0, tap_rs_match, tap_rs_attach, tap_rs_detach,
    NULL);

struct if_clone tap_rs_cloner = IF_CLONE_INITIALIZER("tap",
    tap_rs_clone_create, tap_rs_clone_destroy);

/*
 * The kernel does not count a call that is returning from fo_close or from
 * the detach of a knote.  The module could be unmapped before such a call has
 * executed its last instructions.  Each of these functions therefore ends in
 * a jump to the kernel's atomic_dec_uint{,_nv}.  Unload waits while the word
 * is not zero.  When it is zero, no instruction of the module is left to
 * execute.  The word of a close counts one close only, so the value returned
 * is zero, which is success.
 *
 * d_close needs no such word, because detach waits for it in vdevgone().
 */
static int
tap_rs_fops_close_exit(struct file *fp)
{

	return (int)atomic_dec_uint_nv(tap_rs_fops_close(fp));
}

static void
tap_rs_kq_rdetach_exit(struct knote *kn)
{

	atomic_dec_uint(tap_rs_kq_rdetach(kn));
}

static void
tap_rs_kq_wdetach_exit(struct knote *kn)
{

	atomic_dec_uint(tap_rs_kq_wdetach(kn));
}

/*
 * There is no d_devtounit, because the minor number of the cloning device
 * has no autoconf device, and because vdevgone is called outside of
 * config_detach, where a detach cannot be committed.  There is no d_cfdriver,
 * because the driver finds units in its own table.
 */
const struct cdevsw tap_rs_cdevsw = {
	.d_open = tap_rs_cdev_open,
	.d_cancel = tap_rs_cdev_cancel,
	.d_close = tap_rs_cdev_close,
	.d_read = tap_rs_cdev_read,
	.d_write = tap_rs_cdev_write,
	.d_ioctl = tap_rs_cdev_ioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = tap_rs_cdev_poll,
	.d_mmap = nommap,
	.d_kqfilter = tap_rs_cdev_kqfilter,
	.d_discard = nodiscard,
	.d_flag = D_OTHER | D_MPSAFE,
};

const struct fileops tap_rs_fileops = {
	.fo_name = "tap",
	.fo_read = tap_rs_fops_read,
	.fo_write = tap_rs_fops_write,
	.fo_ioctl = tap_rs_fops_ioctl,
	.fo_fcntl = fnullop_fcntl,
	.fo_poll = tap_rs_fops_poll,
	.fo_stat = tap_rs_fops_stat,
	.fo_close = tap_rs_fops_close_exit,
	.fo_kqfilter = tap_rs_fops_kqfilter,
	.fo_restart = tap_rs_fops_restart,
};

const struct filterops tap_rs_rfilterops = {
	.f_flags = FILTEROP_ISFD | FILTEROP_MPSAFE,
	.f_detach = tap_rs_kq_rdetach_exit,
	.f_event = tap_rs_kq_revent,
};

const struct filterops tap_rs_wfilterops = {
	.f_flags = FILTEROP_ISFD | FILTEROP_MPSAFE,
	.f_detach = tap_rs_kq_wdetach_exit,
	.f_event = tap_rs_kq_wevent,
};

static int
if_tap_rs_modcmd(modcmd_t cmd, void *arg)
{

	switch (cmd) {
	case MODULE_CMD_INIT:
		return tap_rs_init();
	case MODULE_CMD_FINI:
		return tap_rs_fini();
	default:
		return ENOTTY;
	}
}
