/*
 * The functions of the host's module "tuntap", which every other header of the
 * SDK is made of, and what they have in common. Not for programs.
 *
 * A host function returns a count, or an error of <errno.h> negated. What the
 * headers define is weak, so that several files of a program may include them;
 * what a program does not call is not linked.
 */
#ifndef _LAB_HOST_H_
#define _LAB_HOST_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#define __LAB_HOST(module, name) __attribute__((import_module(module), import_name(name)))
#define __LAB_FN __attribute__((weak))
/* The name that the linker sees, where wasi-libc has a function of the name. */
#define __LAB_NAME(name) __asm__("__bsd_" name)

#include <sys/cdefs.h>

#include <errno.h>
#include <stdint.h>

__BEGIN_DECLS

struct timespec;

__LAB_HOST("tuntap", "ioctl") int32_t __host_ioctl(int32_t, uint32_t, void *, uint32_t);
__LAB_HOST("tuntap", "poll") int32_t __host_poll(void *, uint32_t, int32_t);
__LAB_HOST("tuntap", "kqueue") int32_t __host_kqueue(void);
__LAB_HOST("tuntap", "kevent") int32_t __host_kevent(int32_t, const void *, int32_t, void *, int32_t, const struct timespec *);
__LAB_HOST("tuntap", "sigaction") int32_t __host_sigaction(int32_t, int32_t);
__LAB_HOST("tuntap", "sigtake") int32_t __host_sigtake(void);
__LAB_HOST("tuntap", "sigpause") int32_t __host_sigpause(int32_t, int32_t);
__LAB_HOST("tuntap", "kill") int32_t __host_kill(int32_t, int32_t);
__LAB_HOST("tuntap", "getpid") int32_t __host_getpid(void);
__LAB_HOST("tuntap", "getppid") int32_t __host_getppid(void);
__LAB_HOST("tuntap", "alarm") int32_t __host_alarm(int32_t);
__LAB_HOST("tuntap", "pipe") int32_t __host_pipe(int32_t *);
__LAB_HOST("tuntap", "dup") int32_t __host_dup(int32_t);
__LAB_HOST("tuntap", "dup2") int32_t __host_dup2(int32_t, int32_t);
__LAB_HOST("tuntap", "spawn") int32_t __host_spawn(const char *, uint32_t, const char *, uint32_t, const int32_t *);
__LAB_HOST("tuntap", "waitpid") int32_t __host_waitpid(int32_t, int32_t *, int32_t);
__LAB_HOST("tuntap", "uname") int32_t __host_uname(char *, uint32_t);

/* __lab_result is a host function's result as a C function returns it. */
static inline int
__lab_result(int32_t r)
{
	if (r >= 0)
		return (r);
	errno = -r;
	return (-1);
}

/* Whether a handler has run since a call began. */
__LAB_FN int __lab_interrupted;

/* The signals that the process blocks: bit sig-1 is a signal's. */
__LAB_FN uint32_t __lab_blocked;

__END_DECLS

#endif
