/* <sys/event.h>: kqueue(2), with FreeBSD's struct kevent whatever the BSD. */
#ifndef _SYS_EVENT_H_
#define _SYS_EVENT_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <stdint.h>

#include <lab/host.h>
#include <lab/remaining.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_VNODE (-4)
#define EVFILT_PROC (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_EOF 0x8000
#define EV_ERROR 0x4000

/* For EVFILT_TIMER; without one of them, milliseconds. */
#define NOTE_SECONDS 0x00000001
#define NOTE_MSECONDS 0x00000002
#define NOTE_USECONDS 0x00000004
#define NOTE_NSECONDS 0x00000008
/* For EVFILT_PROC. */
#define NOTE_EXIT 0x80000000u

__BEGIN_DECLS

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned int fflags;
	intptr_t data;
	void *udata;
};

#define EV_SET(event, id, filt, flag, fflag, dat, user) do {	\
	struct kevent *__kev = (event);				\
	__kev->ident = (uintptr_t)(id);				\
	__kev->filter = (filt);					\
	__kev->flags = (flag);					\
	__kev->fflags = (fflag);				\
	__kev->data = (dat);					\
	__kev->udata = (void *)(user);				\
} while (0)

__LAB_FN int kqueue(void) { return (__lab_result(__host_kqueue())); }

__LAB_FN int
kevent(int kq, const struct kevent *changes, int nchanges, struct kevent *events, int nevents, const struct timespec *timeout)
{
	struct __lab_timed t;
	struct timespec left;
	int64_t duration = __lab_duration(timeout);
	int n;

	if (duration < -1)
		return (-1);
	t = __lab_begin(duration);
	do {
		left = (struct timespec){t.left / __LAB_SECOND, (long)(t.left % __LAB_SECOND)};
		n = __lab_result(__host_kevent(kq, changes, nchanges, events, nevents, timeout == 0 ? 0 : &left));
		nchanges = 0; /* they are made once */
	} while (__lab_again(n, &t));
	return (n);
}

__END_DECLS

#endif
