/*
 * Socktest is what the tests of package wasm run as a C program with sockets: its
 * first argument says what it does. It declares WasmEdge's functions by hand, in both
 * versions.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WASI(ret, name, as, ...)                                                                                  \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) extern ret as(__VA_ARGS__)

struct address {
	void *buf;
	uint32_t len;
};

struct addrinfo {
	uint16_t flags;
	uint8_t family, type;
	uint32_t protocol, addrlen;
	struct sockaddr_info *addr;
	char *canonname;
	uint32_t canonlen;
	struct addrinfo *next;
};

struct sockaddr_info {
	uint32_t family, len;
	uint8_t *data;
};

WASI(int, sock_open, sock_open, int family, int type, int *fd);
WASI(int, sock_bind, sock_bind, int fd, struct address *, uint32_t port);
WASI(int, sock_listen, sock_listen, int fd, int backlog);
WASI(int, sock_connect, sock_connect, int fd, struct address *, uint32_t port);
WASI(int, sock_accept, accept1, int fd, int *conn);
WASI(int, sock_accept, accept2, int fd, int flags, int *conn);
WASI(int, sock_recv_from, recvfrom1, int fd, void *iov, int n, struct address *, int flags, void *len, void *out);
WASI(int, sock_recv_from, recvfrom2, int fd, void *iov, int n, struct address *, int flags, void *port, void *len, void *out);
WASI(int, sock_send_to, sock_send_to, int fd, void *iov, int n, struct address *, uint32_t port, int flags, void *len);
WASI(int, sock_recv, sock_recv, int fd, void *iov, int n, int flags, void *len, void *out);
WASI(int, sock_send, sock_send, int fd, void *iov, int n, int flags, void *len);
WASI(int, sock_shutdown, sock_shutdown, int fd, int how);
WASI(int, sock_getlocaladdr, localaddr1, int fd, struct address *, void *type, void *port);
WASI(int, sock_getlocaladdr, localaddr2, int fd, struct address *, void *port);
WASI(int, sock_getpeeraddr, peeraddr1, int fd, struct address *, void *type, void *port);
WASI(int, sock_getpeeraddr, peeraddr2, int fd, struct address *, void *port);
WASI(int, sock_setsockopt, setopt, int fd, int level, int name, const void *, uint32_t len);
WASI(int, sock_getsockopt, getopt_, int fd, int level, int name, void *, void *len);
WASI(int, sock_getaddrinfo, addrinfo, const char *name, uint32_t, const char *service, uint32_t, struct addrinfo *hints, struct addrinfo **res, uint32_t max, uint32_t *n);

#define INET 1
#define DGRAM 1
#define STREAM 2

static char data[70000];
static uint8_t v4[4] = {10, 0, 0, 2};
static struct address to = {v4, 4};

static int
must(const char *what, int e)
{
	if (e != 0) {
		printf("%s: error %d\n", what, e);
		exit(1);
	}
	return e;
}

static int
open_(int type)
{
	int fd;

	must("sock_open", sock_open(INET, type, &fd));
	return fd;
}

static int
bound(int type, int port)
{
	static uint8_t any[128] = {INET};
	struct address a = {any, 128}; /* the wide layout */
	int fd = open_(type);

	must("sock_bind", sock_bind(fd, &a, port));
	return fd;
}

static void
show(const char *what, uint8_t *a, uint32_t port)
{
	printf("%s %d.%d.%d.%d:%u\n", what, a[0], a[1], a[2], a[3], port);
}

/* udp answers three datagrams: told by each version, and cut off. */
static void
t_udp(void)
{
	int fd = bound(DGRAM, 7);
	uint8_t wide[128], narrow[16];
	struct address w = {wide, 128}, n = {narrow, 16};
	struct { char *buf; uint32_t len; } iov = {data, sizeof(data)};
	uint32_t len, port;
	uint16_t out;

	must("recv_from", recvfrom2(fd, &iov, 1, &w, 0, &port, &len, &out));
	printf("family %d, %u bytes\n", wide[0], len);
	show("from", wide + 2, port);
	iov.len = len;
	must("send_to", sock_send_to(fd, &iov, 1, &w, port, 0, &len));
	must("peek", recvfrom1(fd, &iov, 1, &n, 1, &len, &out));
	must("recv_from", recvfrom1(fd, &iov, 1, &n, 0, &len, &out));
	show("from", narrow, 0);
	iov.len = 3;
	must("recv", sock_recv(fd, &iov, 1, 0, &len, &out));
	printf("cut %u %u\n", len, out);
}

/* server accepts twice, by each version, and counts to the end of the stream. */
static void
t_server(void)
{
	int fd = bound(STREAM, 80), conn, i;
	uint8_t narrow[16], wide[128];
	struct address n = {narrow, 16}, w = {wide, 128};
	uint32_t type, port;
	ssize_t got, sum;

	must("listen", sock_listen(fd, 4));
	for (i = 0; i < 2; i++) {
		if (i == 0)
			must("accept", accept1(fd, &conn));
		else
			must("accept", accept2(fd, 0, &conn));
		must("localaddr", localaddr1(conn, &n, &type, &port));
		printf("type %u ", type);
		show("local", narrow, port);
		must("peeraddr", peeraddr2(conn, &w, &port));
		show("peer", wide + 2, 0);
		must("localaddr", localaddr2(conn, &w, &port));
		must("peeraddr", peeraddr1(conn, &n, &type, &port));
		for (sum = 0; (got = read(conn, data, sizeof(data))) > 0;)
			sum += got;
		sprintf(data, "%zd", sum);
		write(conn, data, strlen(data));
		must("shutdown", sock_shutdown(conn, 2));
		close(conn);
	}
}

/* client connects without blocking, and is refused where nobody listens. */
static void
t_client(void)
{
	struct pollfd p = {open_(STREAM), POLLOUT, 0};
	struct { char *buf; uint32_t len; } iov = {"hello", 5};
	uint32_t len = 4;
	int e, so = -1;

	fcntl(p.fd, F_SETFL, O_NONBLOCK);
	e = sock_connect(p.fd, &to, 80);
	printf("connect %d\n", e);
	poll(&p, 1, -1);
	must("getsockopt", getopt_(p.fd, 0xffff, 0x1007, &so, &len));
	must("send", sock_send(p.fd, &iov, 1, 0, &len));
	must("shutdown", sock_shutdown(p.fd, 2));
	p.events = POLLIN;
	poll(&p, 1, -1);
	len = read(p.fd, data, sizeof(data));
	printf("error %d, answer %.*s\n", so, (int)len, data);
	printf("refused %d\n", sock_connect(open_(STREAM), &to, 81));
}

static void
opt(int fd, const char *what, int level, int name, int v)
{
	int got = -1, e = setopt(fd, level, name, &v, 4);
	uint32_t len = 4;

	if (e == 0)
		e = getopt_(fd, level, name, &got, &len);
	printf("%s %d %d\n", what, e, got);
}

static void
t_opts(void)
{
	int u = open_(DGRAM), s = open_(STREAM), n, e;
	struct { int64_t sec, usec; } tv = {0, 250000};
	char name[16] = "em0";
	uint32_t len;
	uint16_t out;
	struct { char *buf; uint32_t len; } iov = {data, 10};
	static uint8_t all[4] = {255, 255, 255, 255};
	struct address a = {all, 4};

	opt(u, "reuse", 0, 0, 1);
	opt(u, "ttl", 0x10000, 4, 9);
	opt(u, "ttl 0", 0x10000, 4, 0);
	opt(s, "nodelay", 6, 1, 1);
	opt(u, "nodelay of udp", 6, 1, 1);
	opt(u, "rcvbuf", 0xffff, 0x1002, 8192);
	opt(u, "rcvbuf of a gigabyte", 0xffff, 0x1002, 1 << 30);
	opt(u, "unknown", 0xffff, 0x4000, 1);
	opt(u, "type", 0, 1, 1);
	len = 4;
	e = getopt_(u, 0, 1, &n, &len);
	printf("type %d %d\n", e, n);
	e = getopt_(s, 0xffff, 0x1008, &n, (uint32_t *)4);
	printf("type %d %d\n", e, n);
	printf("broadcast %d", sock_send_to(u, &iov, 1, &a, 9, 0, &len));
	opt(u, "", 0xffff, 0x20, 1);
	printf("broadcast %d\n", sock_send_to(u, &iov, 1, &a, 9, 0, &len));
	printf("device %d\n", setopt(u, 0, 14, name, 4));
	memset(name, 0, sizeof(name));
	len = sizeof(name);
	e = getopt_(u, 0xffff, 0x1100, name, &len);
	printf("device %d %s %u\n", e, name, len);
	printf("no device %d\n", setopt(u, 0xffff, 0x1100, "em9", 4));
	printf("timeout %d\n", setopt(u, 0xffff, 0x1006, &tv, sizeof(tv)));
	printf("recv %d\n", sock_recv(u, &iov, 1, 0, &len, &out));
}

static void
lookup(const char *name, const char *service)
{
	uint8_t bytes[26] = {0};
	struct sockaddr_info sa = {0, sizeof(bytes), bytes};
	struct addrinfo info = {.addr = &sa}, *res = &info, hints = {.type = STREAM};
	uint32_t n = 0;
	int e = addrinfo(name, strlen(name) + 1, service, strlen(service), &hints, &res, 1, &n);

	printf("%s %d", name, e);
	if (e == 0)
		printf(" %u family %u port %d %d.%d.%d.%d", n, sa.family, bytes[0] << 8 | bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
	printf("\n");
}

static void
t_names(void)
{
	lookup("alice", "80");
	lookup("10.9.8.7", "");
	lookup("localhost", "7");
	lookup("nobody", "80");
	lookup("alice", "http");
}

/* reset reads all that was sent, waits for more, and is reset. */
static void
t_reset(void)
{
	int fd = bound(STREAM, 80), conn;
	struct { char *buf; uint32_t len; } iov = {data, 5};
	uint32_t len;
	uint16_t out;
	ssize_t n;

	must("listen", sock_listen(fd, 1));
	must("accept", accept1(fd, &conn));
	must("recv", sock_recv(conn, &iov, 1, 2, &len, &out));
	printf("all %u %.5s\n", len, data);
	n = read(conn, data, 1);
	printf("read %zd %d\n", n, errno);
	n = write(conn, data, 1);
	printf("write %zd %d\n", n, errno);
}

/* icmp pings the other side. */
static void
t_icmp(void)
{
	static uint8_t alice[4] = {10, 0, 0, 1};
	struct address a = {alice, 4};
	uint8_t request[16] = {8, 0, 0, 0, 0, 0, 0, 7, 'd', 'a', 't', 'a'}, reply[16];
	struct { void *buf; uint32_t len; } out = {request, 16}, in = {reply, 16};
	uint32_t len;
	uint16_t flags;
	int fd = open_(3), type, e;

	must("send_to", sock_send_to(fd, &out, 1, &a, 0, 0, &len));
	must("recv", sock_recv(fd, &in, 1, 0, &len, &flags));
	printf("%u bytes, type %d, sequence %d, %.4s\n", len, reply[0], reply[7], reply + 8);
	request[0] = 0; /* a reply is not a program's to send */
	e = sock_send_to(fd, &out, 1, &a, 0, 0, &len);
	len = 4;
	printf("reply %d, option %d\n", e, getopt_(fd, 0xffff, 4, &type, &len));
}

/* hostile gives each function what it must refuse: the error of each is printed. */
static void
t_hostile(void)
{
	int u = open_(DGRAM), s = open_(STREAM), n, i;
	struct address bad = {(void *)-8, 16}, odd = {data, 5}, huge = {data, 1u << 31}, unix_ = {"\3", 128};
	void *out = (void *)-2;
	struct { char *buf; uint32_t len; } iov = {(char *)-100, 1000};
	uint32_t len = 1u << 31;

	printf("open %d %d %d %d\n", sock_open(3, STREAM, &n), sock_open(INET, 9, &n), sock_open(INET, STREAM, out), sock_open(-1, -1, &n));
	printf("bind %d %d %d %d %d %d %d\n", sock_bind(u, &bad, 1), sock_bind(u, &odd, 1), sock_bind(u, &huge, 1), sock_bind(u, out, 1),
	    sock_bind(u, &to, 65536), sock_bind(u, &unix_, 1), sock_bind(99, &to, 1));
	printf("connect %d %d %d\n", sock_connect(1, &to, 1), sock_connect(-1, &bad, 1), sock_connect(s, out, 1));
	printf("listen %d %d %d\n", sock_listen(u, 1), sock_listen(1, 1), sock_listen(1 << 30, -1));
	printf("accept %d %d %d %d\n", accept1(s, &n), accept1(s, out), accept2(s, 0xff00, &n), accept1(u, &n));
	printf("recv %d %d %d %d\n", recvfrom2(u, &iov, 1, 0, 0, 0, &len, data), recvfrom2(u, out, 1, 0, 0, 0, &len, data),
	    recvfrom2(u, &iov, 0, &bad, 0, 0, &len, data), recvfrom1(u, &iov, 0, 0, 64, &len, data));
	printf("recv %d %d %d\n", recvfrom2(u, &iov, 2000, 0, 0, 0, &len, data), recvfrom2(u, &iov, 0, 0, 0, out, &len, data),
	    sock_recv(u, &iov, 0, 0, out, data));
	printf("send %d %d %d %d %d\n", sock_send_to(u, &iov, 1, &to, 1, 0, &len), sock_send_to(u, &iov, 0, &bad, 1, 0, &len),
	    sock_send_to(u, &iov, 0, &to, 0, 0, &len), sock_send_to(u, &iov, 0, &to, 1, 7, &len), sock_send(1, &iov, 0, 0, &len));
	printf("name %d %d %d %d\n", localaddr1(u, &bad, &len, &len), localaddr2(1, &to, &len), peeraddr2(u, &to, &len), localaddr2(u, &to, out));
	len = 1u << 31;
	printf("opt %d %d %d %d %d\n", setopt(u, 0, 0, out, 4), setopt(u, 0, 0, data, 3), setopt(u, 0, 0, data, 1u << 31),
	    setopt(u, 0, 14, data, 17), setopt(1, 0, 0, data, 4));
	printf("opt %d %d %d %d\n", getopt_(u, 0, 0, out, &len), getopt_(u, 0, 0, data, out), getopt_(u, 77, 77, data, &len), getopt_(u, 0, 2, out, (void *)4));
	printf("info %d %d %d\n", addrinfo(out, 9, "", 0, 0, 0, 1, &len), addrinfo("x", 300, "", 0, 0, 0, 1, &len), addrinfo("alice", 5, "", 0, 0, out, 1, &len));
	printf("shutdown %d %d %d\n", sock_shutdown(u, 9), sock_shutdown(1, 1), sock_shutdown(s, 3));
	for (i = 0; sock_open(INET, i % 2 + 1, &n) == 0; i++)
		;
	printf("%d more, then %d\n", i, sock_open(INET, STREAM, &n));
}

int
main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} does[] = {
		{"udp", t_udp}, {"server", t_server}, {"client", t_client}, {"opts", t_opts}, {"names", t_names}, {"hostile", t_hostile}, {"reset", t_reset}, {"icmp", t_icmp},
	};
	unsigned i;

	for (i = 0; i < sizeof(does) / sizeof(does[0]); i++) {
		if (argc > 1 && strcmp(argv[1], does[i].name) == 0)
			does[i].run();
	}
	return 0;
}
