/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * The kernel's variadic functions (sys/kern/subr_prf.c, and what of
 * sys/kern/subr_autoconf.c prints): each collects its arguments and calls
 * Rust.  The names are prefixed here, or they would replace this process's
 * own printf and log; kern/prf.rs exports them under their real ones.
 */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

/* What Rust does with a finished text; the kinds are those of kern/prf.rs. */
enum kind { NORMAL, ERROR, VERBOSE, DEBUG, NAIVE };

void	host_log(int kind, const char *text);
void	host_log_device(int kind, void *dev, const char *text);
_Noreturn void	host_panic(const char *text);

#define	LINE	1024

#define	FORMAT(text, fmt) do {				\
	va_list ap;					\
	va_start(ap, fmt);				\
	vsnprintf((text), sizeof(text), (fmt), ap);	\
	va_end(ap);					\
} while (0)

#define	LOGGER(name, kind)				\
void							\
kernel_ ## name(const char *fmt, ...)			\
{							\
	char text[LINE];				\
							\
	FORMAT(text, fmt);				\
	host_log((kind), text);				\
}

#define	DEVICE_LOGGER(name, kind)			\
void							\
kernel_ ## name(void *dev, const char *fmt, ...)	\
{							\
	char text[LINE];				\
							\
	FORMAT(text, fmt);				\
	host_log_device((kind), dev, text);		\
}

LOGGER(printf, NORMAL)
LOGGER(printf_nolog, NORMAL)
LOGGER(aprint_normal, NORMAL)
LOGGER(aprint_error, ERROR)
LOGGER(aprint_verbose, VERBOSE)
LOGGER(aprint_debug, DEBUG)
LOGGER(aprint_naive, NAIVE)
DEVICE_LOGGER(device_printf, NORMAL)
DEVICE_LOGGER(aprint_normal_dev, NORMAL)
DEVICE_LOGGER(aprint_error_dev, ERROR)
DEVICE_LOGGER(aprint_verbose_dev, VERBOSE)
DEVICE_LOGGER(aprint_debug_dev, DEBUG)
DEVICE_LOGGER(aprint_naive_dev, NAIVE)

void
kernel_log(int level, const char *fmt, ...)
{
	char text[LINE];

	/* LOG_ERR is 3, LOG_DEBUG 7. */
	FORMAT(text, fmt);
	host_log(level <= 3 ? ERROR : level == 7 ? DEBUG : NORMAL, text);
}

int
kernel_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

/* What a module built with DIAGNOSTIC calls when its KASSERT fails. */
_Noreturn void
kernel_assert(const char *fmt, ...)
{
	char text[LINE];

	FORMAT(text, fmt);
	host_panic(text);
}

_Noreturn void
kernel_panic(const char *fmt, ...)
{
	char text[LINE];

	FORMAT(text, fmt);
	host_panic(text);
}

/* sys/sysctl.h, and errno(2). */
#define	CTL_MAXNAME	12
#define	CTL_EOL		(-1)
#define	CTL_CREATE	(-3)
#define	ENAMETOOLONG	63

int	host_sysctl_createv(void *, int, void *, void *, int, int, const char *,
	    const char *, void *, uint64_t, void *, size_t, const int *, int);
int	host_sysctl_destroyv(void *, const int *, int);

/* A last number of CTL_CREATE belongs to the name, CTL_EOL does not. */
int
kernel_sysctl_createv(void *log, int cflags, void *rnode, void *cnode,
    int flags, int type, const char *name, const char *descr, void *func,
    uint64_t qv, void *data, size_t size, ...)
{
	int mib[CTL_MAXNAME], n = 0;
	va_list ap;

	va_start(ap, size);
	for (;;) {
		int number = va_arg(ap, int);

		if (number == CTL_EOL)
			break;
		if (n == CTL_MAXNAME) {
			va_end(ap);
			return ENAMETOOLONG;
		}
		mib[n++] = number;
		if (number == CTL_CREATE)
			break;
	}
	va_end(ap);
	return host_sysctl_createv(log, cflags, rnode, cnode, flags, type,
	    name, descr, func, qv, data, size, mib, n);
}

int
kernel_sysctl_destroyv(void *rnode, ...)
{
	int mib[CTL_MAXNAME], n = 0, number;
	va_list ap;

	va_start(ap, rnode);
	while ((number = va_arg(ap, int)) != CTL_EOL) {
		if (n == CTL_MAXNAME) {
			va_end(ap);
			return ENAMETOOLONG;
		}
		mib[n++] = number;
	}
	va_end(ap);
	return host_sysctl_destroyv(rnode, mib, n);
}
