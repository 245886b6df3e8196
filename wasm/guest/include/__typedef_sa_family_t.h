/* In place of wasi-libc's: on a BSD the family is one byte, after the length. */
#ifndef _LAB_SA_FAMILY_T_H_
#define _LAB_SA_FAMILY_T_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

typedef unsigned char sa_family_t;

#endif
