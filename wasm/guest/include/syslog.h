/* <syslog.h>: there is no syslogd; messages go to standard error. */
#ifndef _SYSLOG_H_
#define _SYSLOG_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <lab/host.h>
#include <lab/progname.h>

#define LOG_EMERG 0
#define LOG_ALERT 1
#define LOG_CRIT 2
#define LOG_ERR 3
#define LOG_WARNING 4
#define LOG_NOTICE 5
#define LOG_INFO 6
#define LOG_DEBUG 7

#define LOG_PRIMASK 0x07
#define LOG_PRI(p) ((p) & LOG_PRIMASK)
#define LOG_MASK(pri) (1 << (pri))
#define LOG_UPTO(pri) ((1 << ((pri) + 1)) - 1)

#define LOG_KERN (0 << 3)
#define LOG_USER (1 << 3)
#define LOG_DAEMON (3 << 3)
#define LOG_AUTH (4 << 3)
#define LOG_LOCAL0 (16 << 3)
#define LOG_LOCAL7 (23 << 3)

#define LOG_PID 0x01
#define LOG_CONS 0x02
#define LOG_ODELAY 0x04
#define LOG_NDELAY 0x08
#define LOG_NOWAIT 0x10
#define LOG_PERROR 0x20

__BEGIN_DECLS

__LAB_FN struct __lab_syslog {
	const char *ident;
	int options;
	int mask;
} __lab_syslog = {0, 0, 0xff};

__LAB_FN void
openlog(const char *ident, int options, int facility)
{
	(void)facility;
	__lab_syslog.ident = ident;
	__lab_syslog.options = options;
}

__LAB_FN void closelog(void) { __lab_syslog.ident = 0; }

__LAB_FN int
setlogmask(int mask)
{
	int was = __lab_syslog.mask;

	if (mask != 0)
		__lab_syslog.mask = mask;
	return (was);
}

/* printf's %m is strerror(errno), as syslog's is. */
__LAB_FN __printflike(2, 0) void
vsyslog(int priority, const char *fmt, va_list args)
{
	int why = errno;

	if (!(__lab_syslog.mask & LOG_MASK(LOG_PRI(priority))))
		return;
	fprintf(stderr, "%s", __lab_syslog.ident != 0 ? __lab_syslog.ident : getprogname());
	if (__lab_syslog.options & LOG_PID)
		fprintf(stderr, "[%d]", (int)__host_getpid());
	fputs(": ", stderr);
	errno = why;
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

__LAB_FN __printflike(2, 3) void
syslog(int priority, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsyslog(priority, fmt, args);
	va_end(args);
}

__END_DECLS

#endif
