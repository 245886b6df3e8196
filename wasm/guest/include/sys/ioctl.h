/* <sys/ioctl.h>: ioctl(2) with the requests of a BSD. */
#ifndef _SYS_IOCTL_H_
#define _SYS_IOCTL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <stdarg.h>

#include <lab/fdflags.h>
#include <lab/host.h>
#include <lab/ifentry.h>
#include <sys/filio.h>
#include <sys/ioccom.h>
#include <sys/sockio.h>
#include <sys/ttycom.h>

__BEGIN_DECLS

int ioctl(int, unsigned long, ...) __LAB_NAME("ioctl");

/*
 * The request says how long the argument is. One without a length has none, but
 * for VMIO_SIOCSIFFLAGS, which takes it by value.
 */
__LAB_FN int
ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg = 0;
	int r;

	va_start(args, request);
	if (IOCPARM_LEN(request) != 0 || request == _IO('V', 0))
		arg = va_arg(args, void *);
	va_end(args);
	r = __lab_result(__host_ioctl(fd, (uint32_t)request, arg, (uint32_t)IOCPARM_LEN(request)));
	if (r == 0 && request == FIOASYNC)
		__lab_async_set(fd, *(int *)arg != 0);
	if (r < 0 && (request & 0xffff) == ('i' << 8 | 36)) /* SIOCGIFCONF: its argument has a pointer */
		return (__lab_ifconf(fd, (struct ifconf *)arg));
	return (r);
}

__END_DECLS

#endif
