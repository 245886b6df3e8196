/* <netinet/in_systm.h>: types of numbers in network order. */
#ifndef _NETINET_IN_SYSTM_H_
#define _NETINET_IN_SYSTM_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <stdint.h>

typedef uint16_t n_short;
typedef uint32_t n_long;
typedef uint32_t n_time;

#endif
