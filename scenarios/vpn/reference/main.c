/*
 * Vpnd is one end of a tunnel: it carries the IP packets of a tun device in UDP
 * datagrams to another vpnd, and back. It hides nothing and proves nothing.
 *
 *	vpnd DEVICE LOCAL PEER INNER-LOCAL INNER-PEER NETWORK
 *
 * The datagrams go from LOCAL to PEER. The device's interface gets the addresses
 * INNER-LOCAL and INNER-PEER, and a route to NETWORK, which lies behind the peer.
 *
 * On the wire, UDP port 7777 at both ends, a datagram is four bytes and, in a PACKET,
 * one IPv4 or IPv6 packet:
 *
 *	 0               1               2               3
 *	+---------------+---------------+---------------+---------------+
 *	| version (1)   | type          | 0             | 0             |
 *	+---------------+---------------+---------------+---------------+
 *
 * type 0 is PACKET, type 1 is HELLO: so that each end knows whether the other is
 * there, it says hello every five seconds.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <net/if_tun.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORT        7777
#define VERSION     1
#define PACKET      0
#define HELLO       1
#define HEAD_LEN    4
#define HELLO_EVERY 5		/* seconds */
#define SILENT      16		/* seconds without a word: three hellos were lost */
#define MTU         (1500 - 20 - 8 - HEAD_LEN)	/* what fits a frame with all headers */
#define PACKET_MAX  65535

static int tun, udp;
static const char *peer;
static int there;		/* whether the peer is */
static time_t heard;		/* when we last heard of it */
static unsigned char buf[HEAD_LEN + PACKET_MAX];

/* run runs a command of the node, and gives up if it fails. */
static void
run(const char *name, ...)
{
	char *argv[8] = {(char *)name};
	va_list args;
	pid_t pid;
	int error, status;

	va_start(args, name);
	for (int i = 1; i < 7 && (argv[i] = va_arg(args, char *)) != NULL;)
		i++;
	va_end(args);
	if ((error = posix_spawnp(&pid, name, NULL, NULL, argv, environ)) != 0)
		errc(1, error, "%s", name);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s %s failed", name, argv[1]);
}

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec);
}

/*
 * open_tun opens the device and sets its modes, then its interface. The order
 * matters: FreeBSD forgets addresses and routes when the device is closed, so they
 * are set by who has it open.
 */
static void
open_tun(const char *path, const char *local, const char *remote, const char *network)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	struct tuninfo info;
	int on = 1;

	if ((tun = open(path, O_RDWR | O_NONBLOCK)) < 0)
		err(1, "%s", path);
	/* With its family before each packet, a tun carries IPv6 as well. */
	if (ioctl(tun, TUNSIFHEAD, &on) < 0)
		err(1, "TUNSIFHEAD");
	/* Who sends more than fits learns it by ICMP, and the tunnel needs no fragments. */
	if (ioctl(tun, TUNGIFINFO, &info) < 0)
		err(1, "TUNGIFINFO");
	info.mtu = MTU;
	if (ioctl(tun, TUNSIFINFO, &info) < 0)
		err(1, "TUNSIFINFO");
	run("ifconfig", name, local, remote, "up", NULL);
	run("route", "add", network, remote, NULL);
}

/* address makes a socket address of a numeric one. */
static struct sockaddr_in
address(const char *text)
{
	struct sockaddr_in a;

	memset(&a, 0, sizeof(a));
	a.sin_len = sizeof(a);
	a.sin_family = AF_INET;
	a.sin_port = htons(PORT);
	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		errx(64, "%s: not an address", text);
	return (a);
}

/* open_udp makes the socket. As it is connected, what others send does not reach us. */
static void
open_udp(const char *local, const char *remote)
{
	struct sockaddr_in from = address(local), to = address(remote);

	if ((udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) < 0)
		err(1, "socket");
	if (bind(udp, (struct sockaddr *)&from, sizeof(from)) < 0)
		err(1, "bind %s", local);
	if (connect(udp, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "connect %s", remote);
}

/*
 * transmit sends the n bytes in buf, whose first four it makes. As on any network, a
 * datagram may be lost: also when the peer is not there, which an earlier one may
 * have brought to light (ECONNREFUSED), or there is no way to it just now.
 */
static void
transmit(int type, size_t n)
{
	memcpy(buf, (unsigned char[HEAD_LEN]){VERSION, (unsigned char)type, 0, 0}, HEAD_LEN);
	(void)send(udp, buf, n, 0);
}

/* from_tun carries a packet to the peer. */
static void
from_tun(void)
{
	ssize_t n = read(tun, buf, sizeof(buf));

	/* EHOSTDOWN: somebody has taken the interface's address away. It may come back. */
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EHOSTDOWN)
		err(1, "tun");
	if (n > HEAD_LEN)
		transmit(PACKET, (size_t)n);
}

/*
 * family is that of the packet p, which a tun wants to know; 0 if it is none. The
 * kernel drops what is wrong inside of a packet, as it would from any wire.
 */
static uint32_t
family(const unsigned char *p, size_t len)
{
	if (len >= 20 && p[0] >> 4 == 4)
		return (AF_INET);
	if (len >= 40 && p[0] >> 4 == 6)
		return (AF_INET6);
	return (0);
}

/* from_peer takes a datagram, and gives the packet in it to our kernel. */
static void
from_peer(void)
{
	ssize_t n = recv(udp, buf, sizeof(buf), 0);
	uint32_t af;

	if (n < HEAD_LEN || buf[0] != VERSION || buf[1] > HELLO)
		return;		/* an error is of a datagram of ours that was lost: see transmit */
	heard = now();
	if (!there) {
		there = 1;
		printf("%s is there\n", peer);
		fflush(stdout);
	}
	if (buf[1] != PACKET || (af = family(buf + HEAD_LEN, (size_t)n - HEAD_LEN)) == 0)
		return;
	/* Our four bytes make room for the four that TUNSIFHEAD demands. */
	af = htonl(af);
	memcpy(buf, &af, HEAD_LEN);
	if (write(tun, buf, (size_t)n) < 0 && errno != EHOSTDOWN && errno != ENOBUFS)
		warn("tun");
}

/* tick comes every HELLO_EVERY seconds. */
static void
tick(void)
{
	transmit(HELLO, HEAD_LEN);
	if (there && now() - heard >= SILENT) {
		there = 0;
		printf("%s is silent\n", peer);
		fflush(stdout);
	}
}

int
main(int argc, char *argv[])
{
	struct pollfd fds[2];
	time_t next;

	if (argc != 7) {
		fprintf(stderr, "usage: vpnd DEVICE LOCAL PEER INNER-LOCAL INNER-PEER NETWORK\n");
		return (64);
	}
	peer = argv[3];
	open_udp(argv[2], peer);
	open_tun(argv[1], argv[4], argv[5], argv[6]);
	fds[0] = (struct pollfd){.fd = tun, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = udp, .events = POLLIN};
	/* poll(2), because DragonFly's tun has no filter for kqueue(2), which says ENODEV. */
	for (next = now();;) {
		if (now() >= next) {
			tick();
			next += HELLO_EVERY;
		}
		if (poll(fds, 2, (int)(next - now()) * 1000) < 0) {
			if (errno != EINTR)
				err(1, "poll");
			continue;
		}
		if (fds[0].revents != 0)
			from_tun();
		if (fds[1].revents != 0)
			from_peer();
	}
}
