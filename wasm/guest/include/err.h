/* <err.h>, which wasi-libc declares and does not have. */
#ifndef _LAB_ERR_H_
#define _LAB_ERR_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lab/host.h>
#include <lab/progname.h>

__BEGIN_DECLS

/* __lab_vwarn prints the program's name, a message, and what an error means if it is one. */
__LAB_FN void
__lab_vwarn(int code, const char *fmt, va_list args)
{
	fprintf(stderr, "%s: ", getprogname());
	if (fmt != 0)
		vfprintf(stderr, fmt, args);
	if (code >= 0)
		fprintf(stderr, "%s%s", fmt != 0 ? ": " : "", strerror(code));
	fputc('\n', stderr);
}

#define __LAB_WARN(code, fmt) do {	\
	int __lab_code = (code);	\
	va_list __lab_args;		\
	va_start(__lab_args, fmt);	\
	__lab_vwarn(__lab_code, fmt, __lab_args); \
	va_end(__lab_args);		\
} while (0)

__LAB_FN __printflike(1, 0) void vwarn(const char *fmt, va_list args) { __lab_vwarn(errno, fmt, args); }
__LAB_FN __printflike(1, 0) void vwarnx(const char *fmt, va_list args) { __lab_vwarn(-1, fmt, args); }
__LAB_FN __printflike(2, 0) void vwarnc(int code, const char *fmt, va_list args) { __lab_vwarn(code, fmt, args); }
__LAB_FN __printflike(1, 2) void warn(const char *fmt, ...) { __LAB_WARN(errno, fmt); }
__LAB_FN __printflike(1, 2) void warnx(const char *fmt, ...) { __LAB_WARN(-1, fmt); }
__LAB_FN __printflike(2, 3) void warnc(int code, const char *fmt, ...) { __LAB_WARN(code, fmt); }

__LAB_FN __dead2 __printflike(2, 0) void verr(int status, const char *fmt, va_list args) { __lab_vwarn(errno, fmt, args); exit(status); }
__LAB_FN __dead2 __printflike(2, 0) void verrx(int status, const char *fmt, va_list args) { __lab_vwarn(-1, fmt, args); exit(status); }
__LAB_FN __dead2 __printflike(3, 0) void verrc(int status, int code, const char *fmt, va_list args) { __lab_vwarn(code, fmt, args); exit(status); }
__LAB_FN __dead2 __printflike(2, 3) void err(int status, const char *fmt, ...) { __LAB_WARN(errno, fmt); exit(status); }
__LAB_FN __dead2 __printflike(2, 3) void errx(int status, const char *fmt, ...) { __LAB_WARN(-1, fmt); exit(status); }
__LAB_FN __dead2 __printflike(3, 4) void errc(int status, int code, const char *fmt, ...) { __LAB_WARN(code, fmt); exit(status); }

__END_DECLS

#endif
