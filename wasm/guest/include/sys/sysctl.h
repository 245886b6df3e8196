/* <sys/sysctl.h>: a program cannot ask the kernel's variables, and goes on without. */
#ifndef _SYS_SYSCTL_H_
#define _SYS_SYSCTL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <lab/host.h>

#include <errno.h>

#define CTL_KERN 1
#define CTL_VM 2
#define CTL_NET 4
#define CTL_HW 6

__BEGIN_DECLS

__LAB_FN int
sysctl(const int *name, unsigned length, void *was, size_t *waslen, const void *now, size_t nowlen)
{
	(void)name, (void)length, (void)was, (void)waslen, (void)now, (void)nowlen;
	errno = ENOSYS;
	return (-1);
}

__LAB_FN int
sysctlbyname(const char *name, void *was, size_t *waslen, const void *now, size_t nowlen)
{
	(void)name;
	return (sysctl(0, 0, was, waslen, now, nowlen));
}

__END_DECLS

#endif
