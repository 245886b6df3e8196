/* <time.h> with tzset(3): a lab's time is UTC. */
#ifndef _LAB_TIME_H_
#define _LAB_TIME_H_

#include_next <time.h>

#include <lab/host.h>

__LAB_FN void tzset(void) {}

#endif
