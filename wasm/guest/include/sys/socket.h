/*
 * <sys/socket.h>: sockets on the node's IP stack. Addresses and numbers are a
 * BSD's; what the host speaks, and the functions, are in <lab/sockets.h>.
 */
#ifndef _SYS_SOCKET_H_
#define _SYS_SOCKET_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#define __NEED_socklen_t
#define __NEED_struct_iovec
#include <bits/alltypes.h>
#include <__typedef_sa_family_t.h>

#include <stddef.h>
#include <stdint.h>

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_CLOEXEC 0x10000000
#define SOCK_NONBLOCK 0x20000000

#define SOL_SOCKET 0xffff

#define SO_DEBUG 0x0001
#define SO_ACCEPTCONN 0x0002
#define SO_REUSEADDR 0x0004
#define SO_KEEPALIVE 0x0008
#define SO_DONTROUTE 0x0010
#define SO_BROADCAST 0x0020
#define SO_LINGER 0x0080
#define SO_OOBINLINE 0x0100
#define SO_REUSEPORT 0x0200
#define SO_SNDBUF 0x1001
#define SO_RCVBUF 0x1002
#define SO_SNDLOWAT 0x1003
#define SO_RCVLOWAT 0x1004
#if defined(__LAB_NETBSD)
#define SO_SNDTIMEO 0x100b
#define SO_RCVTIMEO 0x100c
#else
#define SO_SNDTIMEO 0x1005
#define SO_RCVTIMEO 0x1006
#endif
#define SO_ERROR 0x1007
#define SO_TYPE 0x1008
/*
 * No BSD has it: the value is the name of an interface, as a DHCP server needs it. It has
 * a name of the lab's, since programs take SO_BINDTODEVICE for a sign of Linux.
 */
#define LAB_BINDTODEVICE 0x1100

struct linger {
	int l_onoff;
	int l_linger;
};

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_LOCAL AF_UNIX
#define AF_INET 2
#define AF_APPLETALK 16
#define AF_ROUTE 17
#define AF_LINK 18
#define AF_IPX 23
#if defined(__LAB_NETBSD)
#define AF_INET6 24
#else
#define AF_INET6 28
#endif

#define PF_UNSPEC AF_UNSPEC
#define PF_UNIX AF_UNIX
#define PF_LOCAL AF_LOCAL
#define PF_INET AF_INET
#define PF_INET6 AF_INET6
#define PF_ROUTE AF_ROUTE

struct sockaddr {
	unsigned char sa_len;
	sa_family_t sa_family;
	char sa_data[14];
};

struct sockaddr_storage {
	unsigned char ss_len;
	sa_family_t ss_family;
	char __ss_pad1[6];
	int64_t __ss_align;
	char __ss_pad2[112];
};

struct msghdr {
	void *msg_name;
	socklen_t msg_namelen;
	struct iovec *msg_iov;
	int msg_iovlen;
	void *msg_control;
	socklen_t msg_controllen;
	int msg_flags;
};

/* A message brings no control messages, and takes none along. */
struct cmsghdr {
	socklen_t cmsg_len;
	int cmsg_level;
	int cmsg_type;
};

#define SCM_RIGHTS 0x01

#define __LAB_CMSG_ALIGN(n) (((n) + 3) & ~(size_t)3)
#define CMSG_LEN(n) (__LAB_CMSG_ALIGN(sizeof(struct cmsghdr)) + (n))
#define CMSG_SPACE(n) (__LAB_CMSG_ALIGN(sizeof(struct cmsghdr)) + __LAB_CMSG_ALIGN(n))
#define CMSG_DATA(c) ((unsigned char *)(c) + __LAB_CMSG_ALIGN(sizeof(struct cmsghdr)))
#define CMSG_FIRSTHDR(m) ((m)->msg_controllen >= sizeof(struct cmsghdr) ? (struct cmsghdr *)(m)->msg_control : (struct cmsghdr *)0)
#define CMSG_NXTHDR(m, c)									\
	((c) == 0 ? CMSG_FIRSTHDR(m) :								\
	(char *)(c) + __LAB_CMSG_ALIGN((c)->cmsg_len) + __LAB_CMSG_ALIGN(sizeof(struct cmsghdr)) >	\
	(char *)(m)->msg_control + (m)->msg_controllen ? (struct cmsghdr *)0 :			\
	(struct cmsghdr *)((char *)(c) + __LAB_CMSG_ALIGN((c)->cmsg_len)))

#define SOMAXCONN 128

#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_DONTROUTE 0x4
#define MSG_EOR 0x8
#define MSG_TRUNC 0x10
#define MSG_CTRUNC 0x20
#define MSG_WAITALL 0x40
#define MSG_DONTWAIT 0x80
#define MSG_NOSIGNAL 0x20000

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#include <lab/sockets.h>

#endif
