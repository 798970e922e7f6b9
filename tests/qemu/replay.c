/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * Does what QEMU's tap backend does with net/tap-bsd.c, over stand-ins for
 * the system calls that it makes.
 *
 * tap-bsd.c is compiled with NetBSD's headers, and this file with those of
 * the machine that runs it.  Its calls lead here: run renames them.  So the
 * commands are the numbers that NetBSD's kernel sees.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From qemu's net/tap_int.h. */
int	tap_open(char *, int, int *, int, int, void **);
int	tap_probe_vnet_hdr(int, void **);
int	tap_probe_has_ufo(int);
void	tap_fd_set_vnet_hdr_len(int, int);
int	tap_fd_set_vnet_le(int, int);
int	tap_fd_set_vnet_be(int, int);
void	tap_fd_set_offload(int, int, int, int, int, int, int, int);

/* What NetBSD's <net/if_tap.h> and <net/if_tap_rs.h> come to. */
#define	GIFNAME		0x40906500UL
#define	SVNETHDR	0x80046510UL
#define	GVNETHDR	0x40046511UL
#define	SOFFLOAD	0x80046512UL
/* And <errno.h>. */
#define	NB_ENXIO	6
#define	NB_EINVAL	22
#define	NB_ENOTTY	25

#define	FD	7

/* The driver that runs. */
static struct {
	bool	knows;		/* of the header */
	bool	gone;		/* the interface has been destroyed */
	bool	open;
	int	header;
	unsigned takes;
	int	calls;		/* that set something */
} tap;
static int nb_errno, reports, failures;
static jmp_buf left;

int *
standin_errno(void)
{

	return &nb_errno;
}

static int
fails(int number)
{

	nb_errno = number;
	return -1;
}

int
standin_open(const char *path, int flags, ...)
{

	(void)flags;
	if (strcmp(path, "/dev/tap0") != 0)
		return fails(NB_ENXIO);
	tap.open = true;
	return FD;
}

int
standin_close(int fd)
{

	if (fd == FD)
		tap.open = false;
	return 0;
}

/* As the manual page says. */
static int
set_offload(unsigned bits)
{
	const unsigned csum = 1, tso = 2 | 4, ecn = 8;

	if ((bits & ~(csum | tso | ecn)) != 0 ||
	    ((bits & tso) != 0 && (bits & csum) == 0) ||
	    ((bits & ecn) != 0 && (bits & tso) == 0) ||
	    (bits != 0 && tap.header == 0))
		return fails(NB_EINVAL);
	tap.takes = bits;
	tap.calls++;
	return 0;
}

int
standin_ioctl(int fd, unsigned long command, ...)
{
	va_list ap;
	void *arg;
	int len;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd != FD || !tap.open || tap.gone)
		return fails(NB_ENXIO);
	if (command == GIFNAME) {
		memcpy(arg, "tap0", 5);
		return 0;
	}
	if (!tap.knows)
		return fails(NB_ENOTTY);
	switch (command) {
	case SVNETHDR:
		memcpy(&len, arg, sizeof(len));
		if (len != 0 && len != 10 && len != 12)
			return fails(NB_EINVAL);
		tap.header = len;
		if (len == 0)
			tap.takes = 0;
		tap.calls++;
		return 0;
	case GVNETHDR:
		memcpy(arg, &tap.header, sizeof(tap.header));
		return 0;
	case SOFFLOAD:
		return set_offload(*(unsigned *)arg);
	default:
		return fails(NB_ENOTTY);
	}
}

/* What tap-bsd.c uses of QEMU and GLib. */

void
error_report(const char *fmt, ...)
{

	(void)fmt;
	reports++;
}

void
error_setg_internal(void **errp, ...)
{

	*errp = &reports;
}

void
error_setg_errno_internal(void **errp, ...)
{

	*errp = &reports;
}

void
pstrcpy(char *to, int size, const char *from)
{

	snprintf(to, (size_t)size, "%s", from);
}

int
g_unix_set_fd_nonblocking(int fd, int nonblock, void **error)
{

	(void)error;
	return fd == FD && nonblock;
}

void
standin_exit(int status)
{

	longjmp(left, status == 0 ? 2 : 1);
}

/* The scenes. */

static void
is(const char *what, long got, long wanted)
{

	if (got != wanted) {
		printf("%s: %ld instead of %ld\n", what, got, wanted);
		failures++;
	}
}

/* Opens the device as QEMU does; the descriptor. */
static int
start(bool knows, int wanted, int required, int *header)
{
	char name[16] = "tap0";
	void *error = NULL;
	int fd;

	memset(&tap, 0, sizeof(tap));
	tap.knows = knows;
	reports = 0;
	*header = wanted;
	fd = tap_open(name, sizeof(name), header, required, 0, &error);
	is("an error of tap_open", error != NULL, fd < 0);
	if (fd >= 0)
		is("the name", strcmp(name, "tap0"), 0);
	return fd;
}

/* net_tap_fd_init(), and then a guest that takes all there is. */
static void
with_a_header(void)
{
	int header, fd = start(true, 1, 0, &header);

	is("a header is there", header, 1);
	is("UFO", tap_probe_has_ufo(fd), 0);
	tap_fd_set_offload(fd, 0, 0, 0, 0, 0, 0, 0);
	tap_fd_set_vnet_hdr_len(fd, 10);
	is("the header", tap.header, 10);
	is("an inherited descriptor has one", tap_probe_vnet_hdr(fd, NULL), 1);
	/* The guest: mergeable buffers, little endian, and features. */
	tap_fd_set_vnet_hdr_len(fd, 12);
	is("the guest's header", tap.header, 12);
	is("little endian", tap_fd_set_vnet_le(fd, 1), 0);
	is("big endian, which QEMU must swap", tap_fd_set_vnet_be(fd, 1), -NB_EINVAL);
	tap_fd_set_offload(fd, 1, 1, 1, 1, 0, 0, 0);
	is("everything", tap.takes, 15);
	tap_fd_set_offload(fd, 1, 1, 0, 0, 0, 0, 0);
	is("IPv4 alone", tap.takes, 3);
	tap_fd_set_offload(fd, 1, 0, 1, 1, 0, 0, 0);
	is("IPv6 and ECN", tap.takes, 13);
	tap_fd_set_offload(fd, 1, 0, 0, 1, 0, 0, 0);
	is("ECN of nothing", tap.takes, 1);
	tap_fd_set_offload(fd, 0, 1, 1, 1, 0, 0, 0);
	is("segments without checksums", tap.takes, 0);
	/* The guest resets its device. */
	tap_fd_set_offload(fd, 0, 0, 0, 0, 0, 0, 0);
	is("reset", tap.takes, 0);
	is("reports", reports, 0);
	/* hash=on */
	switch (setjmp(left)) {
	case 0:
		tap_fd_set_vnet_hdr_len(fd, 20);
		is("QEMU goes on with a header of 20 bytes", 1, 0);
		break;
	case 2:
		is("the status of QEMU's end", 0, 1);
	}
	is("reports of that", reports, 1);
}

static void
without_a_header(void)
{
	int header, fd = start(false, 1, 0, &header);

	is("no header is there", header, 0);
	is("the descriptor", fd, FD);
	is("an inherited descriptor has none", tap_probe_vnet_hdr(fd, NULL), 0);
	tap_fd_set_offload(fd, 0, 0, 0, 0, 0, 0, 0);
	is("reports", reports, 0);
	is("it is required", start(false, 1, 1, &header), -1);
	is("the device is closed", tap.open, 0);
	is("it is there where required", start(true, 1, 1, &header), FD);
	is("it is unwanted", start(true, 0, 0, &header), FD);
	is("and not used", header, 0);
	is("or set", tap.calls, 0);
}

static void
destroyed(void)
{
	int header, fd = start(true, 1, 0, &header);

	tap_fd_set_vnet_hdr_len(fd, 10);
	tap.gone = true;
	/* The guest is reset, and goes on without its network. */
	if (setjmp(left) == 0) {
		tap_fd_set_offload(fd, 1, 1, 1, 1, 0, 0, 0);
		tap_fd_set_vnet_hdr_len(fd, 12);
	} else
		is("QEMU ends with its interface", 1, 0);
	is("reports", reports, 0);
}

/* Built without the driver's header, QEMU does not ask a driver that has one. */
static void
built_without(void)
{
	int header, fd = start(true, 1, 0, &header);

	is("a header", header, 0);
	is("a header of an inherited descriptor", tap_probe_vnet_hdr(fd, NULL), 0);
	tap_fd_set_vnet_hdr_len(fd, 12);
	tap_fd_set_offload(fd, 1, 1, 1, 1, 0, 0, 0);
	is("calls that set something", tap.calls, 0);
	is("little endian", tap_fd_set_vnet_le(fd, 1), -NB_EINVAL);
	is("big endian", tap_fd_set_vnet_be(fd, 1), -NB_EINVAL);
	is("it is required", start(true, 1, 1, &header), -1);
}

int
main(int argc, char **argv)
{

	if (argc == 2 && strcmp(argv[1], "without") == 0) {
		built_without();
	} else {
		with_a_header();
		without_a_header();
		destroyed();
	}
	return failures != 0;
}
