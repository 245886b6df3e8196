/* What poll(2) and select(2) share. */
#ifndef _LAB_POLL_LAB_H_
#define _LAB_POLL_LAB_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>
#include <lab/remaining.h>

__BEGIN_DECLS

struct __lab_pollfd {
	int fd;
	short events;
	short revents;
};

/* __lab_poll waits, in whole milliseconds, rounded up. */
__LAB_FN int
__lab_poll(void *fds, uint32_t count, int64_t duration)
{
	struct __lab_timed t = __lab_begin(duration);
	int64_t ms;
	int n;

	do {
		ms = t.left < 0 ? -1 : (t.left + 999999) / 1000000;
		n = __lab_result(__host_poll(fds, count, ms > 2000000000 ? 2000000000 : (int32_t)ms));
	} while (__lab_again(n, &t));
	return (n);
}

__END_DECLS

#endif
