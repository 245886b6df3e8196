/* <sys/param.h>, with the version of the BSD that a program is compiled for. */
#ifndef _LAB_SYS_PARAM_H_
#define _LAB_SYS_PARAM_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include_next <sys/param.h>

#define BSD 199506

#undef MAXPATHLEN
#undef MAXHOSTNAMELEN
#undef roundup
#define MAXPATHLEN 1024
#define MAXHOSTNAMELEN 256
#define roundup(x, y) ((((x) + ((y) - 1)) / (y)) * (y))
#define nitems(x) (sizeof((x)) / sizeof((x)[0]))

#endif
