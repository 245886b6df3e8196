/* <sys/time.h> with the interval timer of real time. */
#ifndef _LAB_SYS_TIME_H_
#define _LAB_SYS_TIME_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <sys/time.h>

#ifndef TIMEVAL_TO_TIMESPEC
#define TIMEVAL_TO_TIMESPEC(tv, ts) \
	((ts)->tv_sec = (tv)->tv_sec, (ts)->tv_nsec = (long)(tv)->tv_usec * 1000, (void)0)
#define TIMESPEC_TO_TIMEVAL(tv, ts) \
	((tv)->tv_sec = (ts)->tv_sec, (tv)->tv_usec = (ts)->tv_nsec / 1000, (void)0)
#endif

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

__BEGIN_DECLS

struct itimerval {
	struct timeval it_interval;
	struct timeval it_value;
};

/* setitimer is in <signal.h>: SIGALRM is what it is good for. */
int setitimer(int, const struct itimerval *__restrict, struct itimerval *__restrict);

__END_DECLS

#ifdef _LAB_SIGNAL_H_
#include <lab/itimer.h>
#endif

#endif
