/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/* The kernel's variadic functions: each collects its arguments and calls Rust. */

#include <stdarg.h>
#include <stdio.h>

void	host_log(int level, const char *text);
_Noreturn void	host_panic(const char *text);

#define	LINE	1024

_Noreturn void
panic(const char *fmt, ...)
{
	char text[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	host_panic(text);
}
