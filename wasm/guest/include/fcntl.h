/* <fcntl.h> with O_ASYNC, owners and F_DUPFD. The numbers are wasi-libc's. */
#ifndef _LAB_FCNTL_H_
#define _LAB_FCNTL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <fcntl.h>

#include <stdarg.h>

#include <lab/fdflags.h>
#include <lab/host.h>
#include <sys/filio.h>

#undef O_ASYNC
#undef FASYNC
#undef O_NDELAY
#undef FNDELAY
#define O_ASYNC 0x40
#define FASYNC O_ASYNC
#define O_NDELAY O_NONBLOCK
#define FNDELAY O_NONBLOCK

#undef F_DUPFD
#undef F_GETOWN
#undef F_SETOWN
#undef F_DUPFD_CLOEXEC
#define F_DUPFD 0x100
#define F_GETOWN 0x105
#define F_SETOWN 0x106
#define F_DUPFD_CLOEXEC 0x111

__BEGIN_DECLS

int __lab_libc_fcntl(int, int, ...) __asm__("fcntl");
int fcntl(int, int, ...) __LAB_NAME("fcntl");

/* __lab_dupfd is dup(2) to a descriptor that is not below least. */
__LAB_FN int
__lab_dupfd(int fd, int least)
{
	int32_t got = __host_dup(fd), low[64];
	int n = 0;

	while (got >= 0 && got < least && n < 64) {
		low[n++] = got;
		got = __host_dup(fd);
	}
	while (n > 0)
		__lab_libc_close(low[--n]);
	return (__lab_result(got));
}

__LAB_FN int
fcntl(int fd, int cmd, ...)
{
	va_list args;
	int arg, got;

	va_start(args, cmd);
	arg = cmd == F_GETFD || cmd == F_GETFL || cmd == F_GETOWN ? 0 : va_arg(args, int);
	va_end(args);
	switch (cmd) {
	case F_GETFD:
	case F_SETFD:
		return (__lab_libc_fcntl(fd, cmd, arg));
	case F_GETFL:
		got = __lab_libc_fcntl(fd, cmd);
		return (got >= 0 && __lab_async_get(fd) ? got | O_ASYNC : got);
	case F_SETFL:
		if (__lab_libc_fcntl(fd, cmd, arg & ~O_ASYNC) < 0)
			return (-1);
		got = (arg & O_ASYNC) != 0;
		if (got && __lab_result(__host_ioctl(fd, FIOASYNC, &got, sizeof(got))) < 0)
			return (-1);
		__lab_async_set(fd, got);
		return (0);
	case F_SETOWN:
		return (__lab_result(__host_ioctl(fd, FIOSETOWN, &arg, sizeof(arg))));
	case F_GETOWN:
		if (__lab_result(__host_ioctl(fd, FIOGETOWN, &got, sizeof(got))) < 0)
			return (-1);
		return (got);
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return (__lab_dupfd(fd, arg));
	default:
		errno = EINVAL;
		return (-1);
	}
}

__END_DECLS

#endif
