/* <time.h> with tzset(3), for the lab's time is UTC, and clock(3). */
#ifndef _LAB_TIME_H_
#define _LAB_TIME_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

/* Without this, its clock is deprecated. */
#ifndef _WASI_EMULATED_PROCESS_CLOCKS
#define _WASI_EMULATED_PROCESS_CLOCKS
#endif

#include_next <time.h>

#include <lab/host.h>

__BEGIN_DECLS

__LAB_FN void tzset(void) {}

#ifndef CLOCKS_PER_SEC
#define CLOCKS_PER_SEC ((clock_t)1000000000)
#endif

/* Of the time since the lab began: nobody counts a process' own. */
__LAB_FN clock_t
clock(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return ((clock_t)-1);
	return ((clock_t)now.tv_sec * CLOCKS_PER_SEC + now.tv_nsec / (1000000000 / CLOCKS_PER_SEC));
}

__END_DECLS

#endif
