/* Which descriptors deliver SIGIO: WASI can neither set nor tell O_ASYNC. */
#ifndef _LAB_FDFLAGS_H_
#define _LAB_FDFLAGS_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>

#define __LAB_FDS 1024

__BEGIN_DECLS

__LAB_FN uint32_t __lab_async[__LAB_FDS / 32];

int __lab_libc_close(int) __asm__("close");

static inline void
__lab_async_set(int fd, int on)
{
	if (fd < 0 || fd >= __LAB_FDS)
		return;
	if (on)
		__lab_async[fd / 32] |= (uint32_t)1 << (fd % 32);
	else
		__lab_async[fd / 32] &= ~((uint32_t)1 << (fd % 32));
}

static inline int
__lab_async_get(int fd)
{
	return (fd >= 0 && fd < __LAB_FDS && (__lab_async[fd / 32] >> (fd % 32) & 1) != 0);
}

__END_DECLS

#endif
