#ifndef _LAB_SIGSET_H_
#define _LAB_SIGSET_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <stdint.h>

/* A set of signals, as the BSDs have it since they have more than 32. */
typedef struct __sigset {
	uint32_t __bits[4];
} sigset_t;

#endif
