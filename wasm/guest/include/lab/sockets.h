/*
 * Sockets as the host has them: WasmEdge's functions in wasi_snapshot_preview1,
 * in their second form (addresses of 128 bytes that start with the family).
 */
#ifndef _LAB_SOCKETS_H_
#define _LAB_SOCKETS_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/socket.h>

#include <fcntl.h>
#include <stdint.h>

#include <lab/host.h>

#define __LAB_WASI(name) __LAB_HOST("wasi_snapshot_preview1", name)

__BEGIN_DECLS

/* An address: where it is and how long; in there a family and the bytes. */
struct __lab_address {
	void *buf;
	uint32_t len;
};

struct __lab_raw {
	uint16_t family; /* 1 IPv4, 2 IPv6 */
	uint8_t addr[126];
};

struct __lab_iovec {
	const void *buf;
	uint32_t len;
};

__LAB_WASI("sock_open") uint32_t __host_sock_open(uint32_t family, uint32_t type, int32_t *fd);
__LAB_WASI("sock_bind") uint32_t __host_sock_bind(int32_t fd, struct __lab_address *, uint32_t port);
__LAB_WASI("sock_listen") uint32_t __host_sock_listen(int32_t fd, uint32_t backlog);
__LAB_WASI("sock_connect") uint32_t __host_sock_connect(int32_t fd, struct __lab_address *, uint32_t port);
__LAB_WASI("sock_accept") uint32_t __host_sock_accept(int32_t fd, uint32_t fdflags, int32_t *accepted);
__LAB_WASI("sock_send_to") uint32_t __host_sock_send_to(int32_t fd, const struct __lab_iovec *, uint32_t, struct __lab_address *, uint32_t port, uint32_t flags, uint32_t *sent);
__LAB_WASI("sock_recv_from") uint32_t __host_sock_recv_from(int32_t fd, const struct __lab_iovec *, uint32_t, struct __lab_address *, uint32_t flags, uint32_t *port, uint32_t *got, uint32_t *outflags);
__LAB_WASI("sock_send") uint32_t __host_sock_send(int32_t fd, const struct __lab_iovec *, uint32_t, uint32_t flags, uint32_t *sent);
__LAB_WASI("sock_recv") uint32_t __host_sock_recv(int32_t fd, const struct __lab_iovec *, uint32_t, uint32_t flags, uint32_t *got, uint32_t *outflags);
__LAB_WASI("sock_getlocaladdr") uint32_t __host_sock_getlocaladdr(int32_t fd, struct __lab_address *, uint32_t *port);
__LAB_WASI("sock_getpeeraddr") uint32_t __host_sock_getpeeraddr(int32_t fd, struct __lab_address *, uint32_t *port);
__LAB_WASI("sock_setsockopt") uint32_t __host_sock_setsockopt(int32_t fd, uint32_t level, uint32_t name, const void *, uint32_t len);
__LAB_WASI("sock_getsockopt") uint32_t __host_sock_getsockopt(int32_t fd, uint32_t level, uint32_t name, void *, uint32_t *len);
__LAB_WASI("sock_shutdown") uint32_t __host_sock_shutdown(int32_t fd, uint32_t how);

#define __LAB_EVENT_PEEK 1
#define __LAB_EVENT_WAITALL 2

#define __LAB_NETADDR_MAX 28

/* __lab_wasi is the result of a function of WASI's as a C function returns it. */
static inline int
__lab_wasi(uint32_t error)
{
	return (__lab_result(-(int32_t)error));
}

static inline uint16_t
__lab_swap16(uint16_t n)
{
	return (__builtin_bswap16(n));
}

/* __lab_to_host reads an address of a program; -1 with errno set if it is none. */
__LAB_FN int
__lab_to_host(const struct sockaddr *sa, socklen_t len, struct __lab_raw *raw, uint32_t *port)
{
	const uint8_t *b = (const uint8_t *)sa;
	uint16_t p;

	if (sa == 0) {
		errno = EFAULT;
		return (-1);
	}
	if (len < 16 || (sa->sa_family == AF_INET6 && len < __LAB_NETADDR_MAX)) {
		errno = EINVAL;
		return (-1);
	}
	__builtin_memset(raw, 0, sizeof(*raw));
	__builtin_memcpy(&p, b + 2, sizeof(p));
	*port = __lab_swap16(p);
	switch (sa->sa_family) {
	case AF_INET:
		raw->family = 1;
		__builtin_memcpy(raw->addr, b + 4, 4);
		return (0);
	case AF_INET6:
		raw->family = 2;
		__builtin_memcpy(raw->addr, b + 8, 16);
		return (0);
	}
	errno = EAFNOSUPPORT;
	return (-1);
}

/* __lab_from_host writes an address of the host's, as much of it as there is room for. */
__LAB_FN void
__lab_from_host(const struct __lab_raw *raw, uint32_t port, struct sockaddr *sa, socklen_t *len)
{
	uint8_t b[__LAB_NETADDR_MAX] = {0};
	uint16_t p = __lab_swap16((uint16_t)port);
	socklen_t size;

	if (sa == 0 || len == 0)
		return;
	size = raw->family == 2 ? 28 : 16;
	b[0] = (uint8_t)size;
	b[1] = raw->family == 2 ? AF_INET6 : AF_INET;
	__builtin_memcpy(b + 2, &p, sizeof(p));
	if (raw->family == 2)
		__builtin_memcpy(b + 8, raw->addr, 16);
	else
		__builtin_memcpy(b + 4, raw->addr, 4);
	__builtin_memcpy(sa, b, *len < size ? *len : size);
	*len = size;
}

int socket(int, int, int) __LAB_NAME("socket");
int bind(int, const struct sockaddr *, socklen_t) __LAB_NAME("bind");
int listen(int, int) __LAB_NAME("listen");
int accept(int, struct sockaddr *__restrict, socklen_t *__restrict) __LAB_NAME("accept");
int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int) __LAB_NAME("accept4");
int connect(int, const struct sockaddr *, socklen_t) __LAB_NAME("connect");
int shutdown(int, int) __LAB_NAME("shutdown");
int getsockname(int, struct sockaddr *__restrict, socklen_t *__restrict) __LAB_NAME("getsockname");
int getpeername(int, struct sockaddr *__restrict, socklen_t *__restrict) __LAB_NAME("getpeername");
int setsockopt(int, int, int, const void *, socklen_t) __LAB_NAME("setsockopt");
int getsockopt(int, int, int, void *__restrict, socklen_t *__restrict) __LAB_NAME("getsockopt");
ssize_t send(int, const void *, size_t, int) __LAB_NAME("send");
ssize_t sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t) __LAB_NAME("sendto");
ssize_t sendmsg(int, const struct msghdr *, int) __LAB_NAME("sendmsg");
ssize_t recv(int, void *, size_t, int) __LAB_NAME("recv");
ssize_t recvfrom(int, void *__restrict, size_t, int, struct sockaddr *__restrict, socklen_t *__restrict) __LAB_NAME("recvfrom");
ssize_t recvmsg(int, struct msghdr *, int) __LAB_NAME("recvmsg");

__LAB_FN int
socket(int family, int type, int protocol)
{
	int32_t fd;
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (family != AF_INET && family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return (-1);
	}
	if (kind != SOCK_STREAM && kind != SOCK_DGRAM) {
		errno = EPROTONOSUPPORT; /* raw sockets: write a tun or tap device instead */
		return (-1);
	}
	if (protocol != 0 && protocol != (kind == SOCK_STREAM ? 6 : 17)) {
		errno = EPROTONOSUPPORT;
		return (-1);
	}
	if (__lab_wasi(__host_sock_open(family == AF_INET6 ? 2 : 1, kind == SOCK_STREAM ? 2 : 1, &fd)) < 0)
		return (-1);
	if (type & SOCK_NONBLOCK && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return (-1);
	return (fd);
}

/* Pairs are of Unix sockets, which a node has not: pipe(2) is what there is. */
__LAB_FN int
socketpair(int family, int type, int protocol, int fds[2])
{
	(void)type;
	(void)protocol;
	(void)fds;
	errno = family == AF_INET || family == AF_INET6 ? EOPNOTSUPP : EAFNOSUPPORT;
	return (-1);
}

__LAB_FN int
bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct __lab_raw raw;
	struct __lab_address a = {&raw, sizeof(raw)};
	uint32_t port;

	if (__lab_to_host(sa, len, &raw, &port) < 0)
		return (-1);
	return (__lab_wasi(__host_sock_bind(fd, &a, port)));
}

__LAB_FN int
listen(int fd, int backlog)
{
	return (__lab_wasi(__host_sock_listen(fd, backlog < 0 ? 0 : (uint32_t)backlog)));
}

__LAB_FN int
getpeername(int fd, struct sockaddr *__restrict sa, socklen_t *__restrict len)
{
	struct __lab_raw raw = {0};
	struct __lab_address a = {&raw, sizeof(raw)};
	uint32_t port = 0;

	if (__lab_wasi(__host_sock_getpeeraddr(fd, &a, &port)) < 0)
		return (-1);
	__lab_from_host(&raw, port, sa, len);
	return (0);
}

__LAB_FN int
getsockname(int fd, struct sockaddr *__restrict sa, socklen_t *__restrict len)
{
	struct __lab_raw raw = {0};
	struct __lab_address a = {&raw, sizeof(raw)};
	uint32_t port = 0;

	if (__lab_wasi(__host_sock_getlocaladdr(fd, &a, &port)) < 0)
		return (-1);
	__lab_from_host(&raw, port, sa, len);
	return (0);
}

__LAB_FN int
accept4(int fd, struct sockaddr *__restrict sa, socklen_t *__restrict len, int flags)
{
	int32_t got = -1;

	if (__lab_wasi(__host_sock_accept(fd, flags & SOCK_NONBLOCK ? 4 : 0, &got)) < 0)
		return (-1);
	if (sa != 0 && len != 0)
		getpeername(got, sa, len);
	return (got);
}

__LAB_FN int
accept(int fd, struct sockaddr *__restrict sa, socklen_t *__restrict len)
{
	return (accept4(fd, sa, len, 0));
}

__LAB_FN int
connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct __lab_raw raw;
	struct __lab_address a = {&raw, sizeof(raw)};
	uint32_t port;

	if (__lab_to_host(sa, len, &raw, &port) < 0)
		return (-1);
	return (__lab_wasi(__host_sock_connect(fd, &a, port)));
}

__LAB_FN int
shutdown(int fd, int how)
{
	if (how < SHUT_RD || how > SHUT_RDWR) {
		errno = EINVAL;
		return (-1);
	}
	return (__lab_wasi(__host_sock_shutdown(fd, (uint32_t)how + 1)));
}

/* The host has a BSD's levels and options, but 0 for a level of WasmEdge's. */
#define __LAB_LEVEL_IP 0x10000

__LAB_FN int
__lab_level(int level)
{
	return (level == 0 ? __LAB_LEVEL_IP : level);
}

/* Two that NetBSD numbers otherwise since its time_t has 64 bits. */
__LAB_FN int
__lab_option(int level, int name)
{
	if (level == SOL_SOCKET && (name == 0x100b || name == 0x100c))
		return (name - 6);
	return (name);
}

__LAB_FN int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (__lab_wasi(__host_sock_setsockopt(fd, (uint32_t)__lab_level(level), (uint32_t)__lab_option(level, name), value, len)));
}

__LAB_FN int
getsockopt(int fd, int level, int name, void *__restrict value, socklen_t *__restrict len)
{
	return (__lab_wasi(__host_sock_getsockopt(fd, (uint32_t)__lab_level(level), (uint32_t)__lab_option(level, name), value, (uint32_t *)len)));
}

/* __lab_dontwait makes a descriptor nonblocking for one call with MSG_DONTWAIT; it returns the flags to restore, -1 if none. */
__LAB_FN int
__lab_dontwait(int fd, int flags)
{
	int was;

	if (!(flags & MSG_DONTWAIT) || (was = fcntl(fd, F_GETFL)) < 0 || was & O_NONBLOCK)
		return (-1);
	return (fcntl(fd, F_SETFL, was | O_NONBLOCK) < 0 ? -1 : was);
}

__LAB_FN ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct __lab_raw raw;
	struct __lab_address a = {&raw, sizeof(raw)};
	const struct __lab_iovec *v = (const struct __lab_iovec *)m->msg_iov;
	uint32_t sent = 0, port = 0, n = (uint32_t)m->msg_iovlen;
	int r, was, pipes = -1;

	if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR)) {
		errno = EOPNOTSUPP;
		return (-1);
	}
	if (m->msg_name != 0 && __lab_to_host((const struct sockaddr *)m->msg_name, m->msg_namelen, &raw, &port) < 0)
		return (-1);
	was = __lab_dontwait(fd, flags);
	if (flags & MSG_NOSIGNAL)
		pipes = __host_sigaction(13, 2); /* SIGPIPE, ignored */
	if (m->msg_name != 0)
		r = __lab_wasi(__host_sock_send_to(fd, v, n, &a, port, 0, &sent));
	else
		r = __lab_wasi(__host_sock_send(fd, v, n, 0, &sent));
	if (pipes >= 0)
		__host_sigaction(13, pipes);
	if (was >= 0) {
		int why = errno;

		fcntl(fd, F_SETFL, was);
		errno = why;
	}
	return (r < 0 ? -1 : (ssize_t)sent);
}

__LAB_FN ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	struct __lab_raw raw = {0};
	struct __lab_address a = {&raw, sizeof(raw)};
	const struct __lab_iovec *v = (const struct __lab_iovec *)m->msg_iov;
	uint32_t got = 0, port = 0, out = 0, n = (uint32_t)m->msg_iovlen;
	uint32_t in = (flags & MSG_PEEK ? __LAB_EVENT_PEEK : 0) | (flags & MSG_WAITALL ? __LAB_EVENT_WAITALL : 0);
	int r, was;

	if (flags & ~(MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL | MSG_NOSIGNAL)) {
		errno = EOPNOTSUPP;
		return (-1);
	}
	was = __lab_dontwait(fd, flags);
	if (m->msg_name != 0)
		r = __lab_wasi(__host_sock_recv_from(fd, v, n, &a, in, &port, &got, &out));
	else
		r = __lab_wasi(__host_sock_recv(fd, v, n, in, &got, &out));
	if (was >= 0) {
		int why = errno;

		fcntl(fd, F_SETFL, was);
		errno = why;
	}
	if (r < 0)
		return (-1);
	if (m->msg_name != 0) {
		if (raw.family != 0)
			__lab_from_host(&raw, port, (struct sockaddr *)m->msg_name, &m->msg_namelen);
		else
			m->msg_namelen = 0;
	}
	m->msg_controllen = 0;
	m->msg_flags = out & 1 ? MSG_TRUNC : 0;
	return ((ssize_t)got);
}

__LAB_FN ssize_t
sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	struct __lab_iovec v = {buf, (uint32_t)len};
	struct msghdr m = {.msg_name = (void *)to, .msg_namelen = tolen, .msg_iov = (struct iovec *)&v, .msg_iovlen = 1};

	return (sendmsg(fd, &m, flags));
}

__LAB_FN ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	return (sendto(fd, buf, len, flags, 0, 0));
}

__LAB_FN ssize_t
recvfrom(int fd, void *__restrict buf, size_t len, int flags, struct sockaddr *__restrict from, socklen_t *__restrict fromlen)
{
	struct __lab_iovec v = {buf, (uint32_t)len};
	struct msghdr m = {.msg_iov = (struct iovec *)&v, .msg_iovlen = 1};
	ssize_t n;

	if (from != 0 && fromlen != 0) {
		m.msg_name = from;
		m.msg_namelen = *fromlen;
	}
	n = recvmsg(fd, &m, flags);
	if (n >= 0 && m.msg_name != 0)
		*fromlen = m.msg_namelen;
	return (n);
}

__LAB_FN ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	return (recvfrom(fd, buf, len, flags, 0, 0));
}

__END_DECLS

#endif
