/*
 * <setjmp.h>: WebAssembly has no way out of several functions at once that an engine of today
 * runs without exceptions, which a lab's does not have. So they are a compile error. With
 * -DLAB_NOJMP a program compiles that may do without: setjmp returns 0, and who jumps ends.
 */
#ifndef _SETJMP_H_
#define _SETJMP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>

#include <stdio.h>
#include <stdlib.h>

__BEGIN_DECLS

typedef int jmp_buf[1];
typedef int sigjmp_buf[1];

#if defined(LAB_NOJMP)
#define setjmp(env) ((void)(env), 0)
#define sigsetjmp(env, save) ((void)(env), (void)(save), 0)

__LAB_FN _Noreturn void
longjmp(jmp_buf env, int value)
{
	(void)env;
	fprintf(stderr, "longjmp: a program of a lab cannot jump out of its functions (%d)\n", value);
	abort();
}

__LAB_FN _Noreturn void siglongjmp(sigjmp_buf env, int value) { longjmp(env, value); }
#else
#define __LAB_NOJMP __attribute__((__unavailable__("a program of a lab cannot jump out of its functions; -DLAB_NOJMP compiles one that may do without")))
__LAB_NOJMP int setjmp(jmp_buf);
__LAB_NOJMP int sigsetjmp(sigjmp_buf, int);
__LAB_NOJMP void longjmp(jmp_buf, int);
__LAB_NOJMP void siglongjmp(sigjmp_buf, int);
#endif

__END_DECLS

#endif
