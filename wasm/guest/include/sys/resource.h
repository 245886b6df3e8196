/* <sys/resource.h>: limits and priorities that a program asks for as a matter of form. */
#ifndef _SYS_RESOURCE_H_
#define _SYS_RESOURCE_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

/* wasi-libc's is an error without an option of its own. */
#define _SYS_RESOURCE_H
#define __wasilibc___struct_rusage_h

#include <sys/types.h>
#include <sys/time.h>

#include <lab/host.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

__BEGIN_DECLS

typedef int64_t rlim_t;

struct rlimit {
	rlim_t rlim_cur;
	rlim_t rlim_max;
};

struct rusage {
	struct timeval ru_utime;
	struct timeval ru_stime;
	long ru_maxrss;
	long ru_ixrss;
	long ru_idrss;
	long ru_isrss;
	long ru_minflt;
	long ru_majflt;
	long ru_nswap;
	long ru_inblock;
	long ru_oublock;
	long ru_msgsnd;
	long ru_msgrcv;
	long ru_nsignals;
	long ru_nvcsw;
	long ru_nivcsw;
};

#define RLIM_INFINITY ((rlim_t)INT64_MAX)
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_MEMLOCK 6
#define RLIMIT_NPROC 7
#define RLIMIT_NOFILE 8

#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2
#define PRIO_MIN (-20)
#define PRIO_MAX 20

/* A process has 64 descriptors. What else limits it, its scenario says. */
__LAB_FN int
getrlimit(int what, struct rlimit *r)
{
	if (what < 0 || what > RLIMIT_NOFILE) {
		errno = EINVAL;
		return (-1);
	}
	r->rlim_cur = r->rlim_max = what == RLIMIT_NOFILE ? 64 : RLIM_INFINITY;
	return (0);
}

/* It holds a program to nothing; more descriptors it cannot give. */
__LAB_FN int
setrlimit(int what, const struct rlimit *r)
{
	struct rlimit has;

	if (getrlimit(what, &has) < 0)
		return (-1);
	if (r->rlim_cur > r->rlim_max) {
		errno = EINVAL;
		return (-1);
	}
	if (r->rlim_cur > has.rlim_cur) {
		errno = EPERM;
		return (-1);
	}
	return (0);
}

__LAB_HOST("wasi_snapshot_preview1", "clock_time_get") int32_t __host_clock_time_get(int32_t, int64_t, int64_t *);
#define __LAB_PROCESS_CLOCK 2 /* newer wasi-libc's have no name for it */

/* The time that the program has computed: a unit of fuel is 10 ns. */
__LAB_FN int
getrusage(int who, struct rusage *u)
{
	int64_t used;

	memset(u, 0, sizeof(*u));
	if (who == RUSAGE_CHILDREN)
		return (0);
	if (who != RUSAGE_SELF) {
		errno = EINVAL;
		return (-1);
	}
	if (__host_clock_time_get(__LAB_PROCESS_CLOCK, 0, &used) != 0) {
		errno = ENOSYS;
		return (-1);
	}
	u->ru_utime.tv_sec = used / 1000000000;
	u->ru_utime.tv_usec = used % 1000000000 / 1000;
	return (0);
}

/* A priority is remembered; processes of a node take turns alike. */
__LAB_FN int __lab_priority;

__LAB_FN int getpriority(int which, int who) { (void)which, (void)who; return (__lab_priority); }

__LAB_FN int
setpriority(int which, int who, int priority)
{
	(void)which, (void)who;
	__lab_priority = priority < PRIO_MIN ? PRIO_MIN : priority > PRIO_MAX ? PRIO_MAX : priority;
	return (0);
}

__END_DECLS

#endif
