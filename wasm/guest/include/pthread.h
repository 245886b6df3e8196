/*
 * <pthread.h>: a program has one thread, and what guards against others has nothing to do.
 * pthread_create fails with EAGAIN, as where no more threads fit, and a program that may do
 * without them goes on.
 */
#ifndef _PTHREAD_H_
#define _PTHREAD_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#define __NEED_pthread_t
#define __NEED_pthread_once_t
#define __NEED_pthread_key_t
#define __NEED_pthread_mutexattr_t
#define __NEED_pthread_condattr_t
#define __NEED_pthread_rwlockattr_t
#define __NEED_pthread_attr_t
#define __NEED_pthread_mutex_t
#define __NEED_pthread_cond_t
#define __NEED_pthread_rwlock_t
#include <bits/alltypes.h>

#include <lab/host.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PTHREAD_MUTEX_INITIALIZER {{{0}}}
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP {{{0}}}
#define PTHREAD_COND_INITIALIZER {{{0}}}
#define PTHREAD_RWLOCK_INITIALIZER {{{0}}}
#define PTHREAD_ONCE_INIT 0
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_DEFAULT 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define __LAB_KEYS 64

__BEGIN_DECLS

__LAB_FN int
pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	(void)thread, (void)attr, (void)start, (void)arg;
	return (EAGAIN);
}

/* There is none beside the one that runs. */
__LAB_FN int pthread_join(pthread_t thread, void **result) { (void)thread, (void)result; return (ESRCH); }
__LAB_FN int pthread_detach(pthread_t thread) { (void)thread; return (ESRCH); }
__LAB_FN int pthread_cancel(pthread_t thread) { (void)thread; return (ESRCH); }
__LAB_FN pthread_t pthread_self(void) { return ((pthread_t)1); }
#undef pthread_equal
__LAB_FN int pthread_equal(pthread_t a, pthread_t b) { return (a == b); }
__LAB_FN _Noreturn void pthread_exit(void *result) { (void)result; exit(0); }

__LAB_FN int
pthread_sigmask(int how, const sigset_t *set, sigset_t *was)
{
	return (sigprocmask(how, set, was) < 0 ? errno : 0);
}

__LAB_FN int pthread_attr_init(pthread_attr_t *a) { (void)a; return (0); }
__LAB_FN int pthread_attr_destroy(pthread_attr_t *a) { (void)a; return (0); }
__LAB_FN int pthread_attr_setdetachstate(pthread_attr_t *a, int state) { (void)a, (void)state; return (0); }
__LAB_FN int pthread_attr_setstacksize(pthread_attr_t *a, size_t size) { (void)a, (void)size; return (0); }

/* A mutex counts how often it is held, which only pthread_mutex_trylock asks. */
__LAB_FN int pthread_mutexattr_init(pthread_mutexattr_t *a) { (void)a; return (0); }
__LAB_FN int pthread_mutexattr_destroy(pthread_mutexattr_t *a) { (void)a; return (0); }
__LAB_FN int pthread_mutexattr_settype(pthread_mutexattr_t *a, int type) { (void)a, (void)type; return (0); }

__LAB_FN int
pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
	(void)a;
	memset(m, 0, sizeof(*m));
	return (0);
}

__LAB_FN int pthread_mutex_destroy(pthread_mutex_t *m) { (void)m; return (0); }
__LAB_FN int pthread_mutex_lock(pthread_mutex_t *m) { (*(int *)m)++; return (0); }

__LAB_FN int
pthread_mutex_trylock(pthread_mutex_t *m)
{
	return (*(int *)m > 0 ? EBUSY : pthread_mutex_lock(m));
}

__LAB_FN int
pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (*(int *)m > 0)
		(*(int *)m)--;
	return (0);
}

__LAB_FN int pthread_condattr_init(pthread_condattr_t *a) { (void)a; return (0); }
__LAB_FN int pthread_condattr_destroy(pthread_condattr_t *a) { (void)a; return (0); }
__LAB_FN int pthread_condattr_setclock(pthread_condattr_t *a, clockid_t clock) { (void)a, (void)clock; return (0); }

__LAB_FN int
pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a)
{
	(void)a;
	memset(c, 0, sizeof(*c));
	return (0);
}

__LAB_FN int pthread_cond_destroy(pthread_cond_t *c) { (void)c; return (0); }
__LAB_FN int pthread_cond_signal(pthread_cond_t *c) { (void)c; return (0); }
__LAB_FN int pthread_cond_broadcast(pthread_cond_t *c) { (void)c; return (0); }

/* Nobody else can signal: it waits for a handler, which may have changed the condition. */
__LAB_FN int
pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	(void)c, (void)m;
	pause();
	return (0);
}

__LAB_FN int
pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	struct timespec left;

	(void)c, (void)m;
	clock_gettime(CLOCK_REALTIME, &left);
	left.tv_sec = until->tv_sec - left.tv_sec;
	left.tv_nsec = until->tv_nsec - left.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_sec--;
		left.tv_nsec += 1000000000;
	}
	if (left.tv_sec >= 0 && nanosleep(&left, 0) < 0)
		return (0);
	return (ETIMEDOUT);
}

__LAB_FN int
pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a)
{
	(void)a;
	memset(l, 0, sizeof(*l));
	return (0);
}

__LAB_FN int pthread_rwlock_destroy(pthread_rwlock_t *l) { (void)l; return (0); }
__LAB_FN int pthread_rwlock_rdlock(pthread_rwlock_t *l) { (void)l; return (0); }
__LAB_FN int pthread_rwlock_wrlock(pthread_rwlock_t *l) { (void)l; return (0); }
__LAB_FN int pthread_rwlock_unlock(pthread_rwlock_t *l) { (void)l; return (0); }

__LAB_FN int
pthread_once(pthread_once_t *once, void (*f)(void))
{
	if (*once == 0) {
		*once = 1;
		f();
	}
	return (0);
}

__LAB_FN const void *__lab_values[__LAB_KEYS];

__LAB_FN int
pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
	static pthread_key_t last;

	(void)destroy; /* the thread ends with the program */
	if (last >= __LAB_KEYS)
		return (EAGAIN);
	*key = last++;
	return (0);
}

__LAB_FN int pthread_key_delete(pthread_key_t key) { (void)key; return (0); }
__LAB_FN void *pthread_getspecific(pthread_key_t key) { return (key < __LAB_KEYS ? (void *)__lab_values[key] : 0); }

__LAB_FN int
pthread_setspecific(pthread_key_t key, const void *value)
{
	if (key >= __LAB_KEYS)
		return (EINVAL);
	__lab_values[key] = value;
	return (0);
}

__END_DECLS

#endif
