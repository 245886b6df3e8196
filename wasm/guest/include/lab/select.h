/* The functions of <sys/select.h>. */
#ifndef _LAB_SELECT_H_
#define _LAB_SELECT_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/poll.h>
#include <sys/select.h>

#define __LAB_POLLIN 0x0041
#define __LAB_POLLPRI 0x0002
#define __LAB_POLLOUT 0x0004
#define __LAB_POLLERR 0x0008
#define __LAB_POLLHUP 0x0010
#define __LAB_POLLNVAL 0x0020

__BEGIN_DECLS

__LAB_FN int
__lab_select(int count, fd_set *in, fd_set *out, fd_set *except, int64_t duration)
{
#if defined(__cplusplus)
	struct __lab_pollfd *fds = (struct __lab_pollfd *)__builtin_alloca(sizeof(*fds) * (count > 0 && count <= FD_SETSIZE ? count : 1));
#else
	struct __lab_pollfd fds[count > 0 && count <= FD_SETSIZE ? count : 1];
#endif
	uint32_t used = 0, i;
	int n = 0;

	if (count < 0 || count > FD_SETSIZE) {
		errno = EINVAL;
		return (-1);
	}
	for (int fd = 0; fd < count; fd++) {
		short events = 0;

		if (in != 0 && FD_ISSET(fd, in))
			events |= __LAB_POLLIN;
		if (out != 0 && FD_ISSET(fd, out))
			events |= __LAB_POLLOUT;
		if (except != 0 && FD_ISSET(fd, except))
			events |= __LAB_POLLPRI;
		if (events != 0)
			fds[used++] = (struct __lab_pollfd){fd, events, 0};
	}
	if (__lab_poll(fds, used, duration) < 0)
		return (-1);
	for (i = 0; i < used; i++) {
		if (fds[i].revents & __LAB_POLLNVAL) {
			errno = EBADF;
			return (-1);
		}
	}
	if (in != 0)
		FD_ZERO(in);
	if (out != 0)
		FD_ZERO(out);
	if (except != 0)
		FD_ZERO(except);
	for (i = 0; i < used; i++) {
		short asked = fds[i].events, got = fds[i].revents;

		if (asked & __LAB_POLLIN && got & (__LAB_POLLIN | __LAB_POLLHUP | __LAB_POLLERR)) {
			FD_SET(fds[i].fd, in);
			n++;
		}
		if (asked & __LAB_POLLOUT && got & (__LAB_POLLOUT | __LAB_POLLERR)) {
			FD_SET(fds[i].fd, out);
			n++;
		}
		if (asked & __LAB_POLLPRI && got & __LAB_POLLPRI) {
			FD_SET(fds[i].fd, except);
			n++;
		}
	}
	return (n);
}

__LAB_FN int
select(int count, fd_set *__restrict in, fd_set *__restrict out, fd_set *__restrict except, struct timeval *__restrict timeout)
{
	struct timespec t = {0, 0};
	int64_t duration;

	if (timeout != 0) {
		if (timeout->tv_usec < 0 || timeout->tv_usec >= 1000000)
			t.tv_sec = -1; /* which fails as it should */
		else
			t = (struct timespec){timeout->tv_sec, (long)timeout->tv_usec * 1000};
	}
	if ((duration = __lab_duration(timeout == 0 ? 0 : &t)) < -1)
		return (-1);
	return (__lab_select(count, in, out, except, duration));
}

__END_DECLS

#endif
