/* <sys/select.h>: select(2) over the host's poll. */
#ifndef _SYS_SELECT_H_
#define _SYS_SELECT_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <features.h>

#define __NEED_size_t
#define __NEED_time_t
#define __NEED_suseconds_t
#define __NEED_struct_timeval
#define __NEED_struct_timespec
#include <bits/alltypes.h>

#include <stdint.h>

#include <lab/host.h>
#include <lab/sigset.h>

#undef FD_SETSIZE
#define FD_SETSIZE 1024

__BEGIN_DECLS

typedef uint32_t __fd_mask;
typedef __fd_mask fd_mask;

#define _NFDBITS 32
#define NFDBITS _NFDBITS

typedef struct fd_set {
	__fd_mask __fds_bits[FD_SETSIZE / _NFDBITS];
} fd_set;

#define fds_bits __fds_bits

#define FD_SET(n, p) ((p)->__fds_bits[(n) / _NFDBITS] |= (__fd_mask)1 << ((n) % _NFDBITS))
#define FD_CLR(n, p) ((p)->__fds_bits[(n) / _NFDBITS] &= ~((__fd_mask)1 << ((n) % _NFDBITS)))
#define FD_ISSET(n, p) (((p)->__fds_bits[(n) / _NFDBITS] & (__fd_mask)1 << ((n) % _NFDBITS)) != 0)
#define FD_COPY(from, to) (*(to) = *(from))
#define FD_ZERO(p) __builtin_memset((p), 0, sizeof(*(p)))

int pselect(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, const struct timespec *__restrict, const sigset_t *__restrict) __LAB_NAME("pselect");
int select(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, struct timeval *__restrict) __LAB_NAME("select");

__END_DECLS

#include <lab/select.h>

#endif
