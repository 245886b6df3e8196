/* <poll.h> with a BSD's bits, and its answers: a device, not WASI, decides. */
#ifndef _LAB_POLL_H_
#define _LAB_POLL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>
#include <lab/poll.h>
#include <lab/sigset.h>

__BEGIN_DECLS

typedef unsigned int nfds_t;

struct pollfd {
	int fd;
	short events;
	short revents;
};

#define POLLIN 0x0001
#define POLLPRI 0x0002
#define POLLOUT 0x0004
#define POLLERR 0x0008
#define POLLHUP 0x0010
#define POLLNVAL 0x0020
#define POLLRDNORM 0x0040
#define POLLWRNORM POLLOUT
#define POLLRDBAND 0x0080
#define POLLWRBAND 0x0100

#define INFTIM (-1)

int poll(struct pollfd *, nfds_t, int) __LAB_NAME("poll");

__LAB_FN int
poll(struct pollfd *fds, nfds_t count, int ms)
{
	return (__lab_poll(fds, count, ms < 0 ? -1 : ms * 1000000ll));
}

__END_DECLS

#endif
