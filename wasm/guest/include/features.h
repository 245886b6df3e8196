/*
 * <features.h> of wasi-libc is included by nearly all of its headers, so it is
 * here that a program learns which BSD it is compiled for. On a BSD the
 * system's own names are visible also with -std=c99.
 */
#ifndef _LAB_FEATURES_H_
#define _LAB_FEATURES_H_

#include <sys/cdefs.h>

#ifndef _BSD_SOURCE
#define _BSD_SOURCE 1
#endif
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

/* wasi-libc's has two bytes: ours is in <__typedef_sa_family_t.h>. */
#define __DEFINED_sa_family_t

#include_next <features.h>

#endif
