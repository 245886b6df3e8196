/* setitimer(2), there when both <signal.h> and <sys/time.h> are. Milliseconds are as fine as it gets. */
#ifndef _LAB_ITIMER_H_
#define _LAB_ITIMER_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <signal.h>
#include <sys/time.h>

__BEGIN_DECLS

__LAB_FN uint32_t
__lab_ms(const struct timeval *t)
{
	return (t->tv_sec > 2000000 ? 2000000000 : (uint32_t)(t->tv_sec * 1000 + (t->tv_usec + 999) / 1000));
}

__LAB_FN int
setitimer(int which, const struct itimerval *__restrict value, struct itimerval *__restrict old)
{
	uint32_t was = __lab_signals.restart, left;

	if (which != ITIMER_REAL || value == 0 || value->it_value.tv_sec < 0 || value->it_interval.tv_sec < 0) {
		errno = EINVAL;
		return (-1);
	}
	left = (uint32_t)__host_alarm((int32_t)__lab_ms(&value->it_value));
	__lab_signals.restart = __lab_ms(&value->it_value) == 0 ? 0 : __lab_ms(&value->it_interval);
	if (old != 0) {
		old->it_value = (struct timeval){left / 1000, left % 1000 * 1000};
		old->it_interval = (struct timeval){was / 1000, was % 1000 * 1000};
	}
	return (0);
}

__END_DECLS

#endif
