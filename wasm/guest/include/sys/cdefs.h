/* <sys/cdefs.h>: the macros that programs, not headers, use of it. */
#ifndef _SYS_CDEFS_H_
#define _SYS_CDEFS_H_

#include <lab/dialect.h>

#if defined(__cplusplus)
#define __BEGIN_DECLS extern "C" {
#define __END_DECLS }
#else
#define __BEGIN_DECLS
#define __END_DECLS
#endif
#define __P(protos) protos
#define __CONCAT1(x, y) x ## y
#define __CONCAT(x, y) __CONCAT1(x, y)
#define __STRING(x) #x
#define __dead2 __attribute__((__noreturn__))
#define __dead __attribute__((__noreturn__))
#define __pure2 __attribute__((__const__))
#define __unused __attribute__((__unused__))
#define __used __attribute__((__used__))
#define __packed __attribute__((__packed__))
#define __aligned(x) __attribute__((__aligned__(x)))
#define __printflike(fmt, first) __attribute__((__format__(__printf__, fmt, first)))
#define __predict_true(exp) __builtin_expect((exp), 1)
#define __predict_false(exp) __builtin_expect((exp), 0)
#define __DECONST(type, var) ((type)(uintptr_t)(const void *)(var))
#define __FBSDID(s) struct __hack
#define __RCSID(s) struct __hack
#define __COPYRIGHT(s) struct __hack

#endif
