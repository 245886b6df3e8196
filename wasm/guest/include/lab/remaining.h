/*
 * Calls with a timeout end when a handler has run, whatever its SA_RESTART. The
 * host does not know which signals are blocked: where only such a signal ended a
 * call, it goes on for what is left of its time. Times are in nanoseconds, below 0
 * for ever.
 */
#ifndef _LAB_REMAINING_H_
#define _LAB_REMAINING_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#define __NEED_time_t
#define __NEED_struct_timespec
#include <bits/alltypes.h>

#include <lab/host.h>

#define __LAB_SECOND 1000000000ll

__BEGIN_DECLS

__LAB_HOST("wasi_snapshot_preview1", "clock_time_get") int32_t __host_clock_time_get(int32_t clock, int64_t precision, int64_t *now);

/* __lab_now is the monotonic clock. */
static inline int64_t
__lab_now(void)
{
	int64_t now = 0;

	__host_clock_time_get(1, 1, &now);
	return (now);
}

/* __lab_duration is a timeout; one that is no time fails with EINVAL and is -2. */
static inline int64_t
__lab_duration(const struct timespec *t)
{
	if (t == 0)
		return (-1);
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= __LAB_SECOND) {
		errno = EINVAL;
		return (-2);
	}
	return (t->tv_sec > 4000000000 ? 4000000000 * __LAB_SECOND : t->tv_sec * __LAB_SECOND + t->tv_nsec);
}

/* A call that takes some time: it begins with how long, and may be made again for what is left. */
struct __lab_timed {
	int64_t left;
	int64_t end;
};

static inline struct __lab_timed
__lab_begin(int64_t duration)
{
	__lab_interrupted = 0;
	return ((struct __lab_timed){duration, duration > 0 ? __lab_now() + duration : 0});
}

/* __lab_again tells whether a call that returned n is to be made again. */
static inline int
__lab_again(int n, struct __lab_timed *t)
{
	if (n >= 0 || errno != EINTR || __lab_interrupted != 0)
		return (0);
	if (t->left > 0 && (t->left = t->end - __lab_now()) < 0)
		t->left = 0;
	return (1);
}

__END_DECLS

#endif
